#!/usr/bin/env bash
# Sets beside redis-server: throughput, processor time and memory, as Markdown on standard output.
#
#   cargo build --release && benches/sets.sh >tables.md
#
# Needs what benches/compare.sh needs. ROUNDS, MEMORA and REDIS are as there; SCALE (100) is per cent of the usual
# number of requests.
cd "$(dirname "$0")/.."
source benches/common.sh

SCALE=${SCALE:-100}
CLIENTS=50
PIPELINE=16
REQUESTS=$((1000000 * SCALE / 100))
INTERSECTIONS=$((100 * SCALE / 100))
MEMBERS=1000000
BIG=100000

# Requests per second and processor time of a command whose random part is a number.
throughput() { # round server name requests pipeline word...
  local round=$1 server=$2 name=$3 requests=$4 pipeline=$5 before after rate
  shift 5
  before=$(cpu_ns "$server")
  rate=$(redis-benchmark -p "${PORT[$server]}" -n "$requests" -P "$pipeline" -c $CLIENTS -r $MEMBERS --csv "$@" |
    awk -F'"' 'END { print $4 }')
  after=$(cpu_ns "$server")
  note "rate/$name" "$round" "$server" "$rate"
  note "cpu/$name" "$round" "$server" "$(awk -v a="$before" -v b="$after" -v n="$requests" 'BEGIN { print (b - a) / n / 1000 }')"
}

used_bytes() { redis-cli -p "${PORT[$1]}" INFO memory | awk -F'[:\r]' '$1 == "used_memory" { print $2 }'; }

fill() { redis-cli -p "${PORT[$1]}" --pipe <"$2" >/dev/null; } # server file

members() { # key from count
  awk -v key="$1" -v from="$2" -v count="$3" 'BEGIN {
    for (i = 0; i < count; i++) {
      if (i % 1000 == 0) printf "*1002\r\n$4\r\nSADD\r\n$%d\r\n%s\r\n", length(key), key
      printf "$14\r\nmember:%07d\r\n", from + i
    }
  }'
}

members big 0 $MEMBERS >"$work/big"
{ members one 0 $BIG; members two $((BIG / 2)) $BIG; } >"$work/two"

for ((round = 1; round <= ROUNDS; round++)); do
  for server in $(both $round); do
    say "round $round: $server"
    start "$server"
    throughput $round "$server" sadd $REQUESTS $PIPELINE SADD set member:__rand_int__
    throughput $round "$server" sismember $REQUESTS $PIPELINE SISMEMBER set member:__rand_int__
    throughput $round "$server" spop $((REQUESTS / 2)) $PIPELINE SPOP set
    fill "$server" "$work/two"
    throughput $round "$server" sinter $INTERSECTIONS 1 SINTER one two
    throughput $round "$server" sintercard $INTERSECTIONS 1 SINTERCARD 2 one two
    redis-cli -p "${PORT[$server]}" FLUSHALL >/dev/null
    sleep 0.5
    used=$(used_bytes "$server")
    fill "$server" "$work/big"
    note bytes/member "$round" "$server" "$((($(used_bytes "$server") - used) / MEMBERS))"
    stop "$server"
  done
done

head_row "requests per second, $CLIENTS clients"
row "SADD, pipeline $PIPELINE" rate/sadd "%.0f"
row "SISMEMBER, pipeline $PIPELINE" rate/sismember "%.0f"
row "SPOP, pipeline $PIPELINE" rate/spop "%.0f"
row "SINTER of two sets of $BIG" rate/sinter "%.0f"
row "SINTERCARD of the same" rate/sintercard "%.0f"
head_row "processor time of the server per command, µs"
row "SADD" cpu/sadd "%.2f"
row "SISMEMBER" cpu/sismember "%.2f"
row "SPOP" cpu/spop "%.2f"
row "SINTER" cpu/sinter "%.0f"
row "SINTERCARD" cpu/sintercard "%.0f"
head_row "memory"
row "bytes per member of a set of $MEMBERS, 14 bytes each" bytes/member "%.0f"
