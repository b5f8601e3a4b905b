#!/usr/bin/env bash
# Sorted sets beside redis-server: throughput, processor time and memory, as Markdown on standard output.
#
#   cargo build --release && benches/sorted_sets.sh >tables.md
#
# Needs what benches/compare.sh needs. ROUNDS, MEMORA and REDIS are as there; SCALE (100) is per cent of the usual
# number of requests.
cd "$(dirname "$0")/.."
source benches/common.sh

SCALE=${SCALE:-100}
CLIENTS=50
PIPELINE=16
REQUESTS=$((1000000 * SCALE / 100))
RANGES=$((100000 * SCALE / 100))
MEMBERS=1000000

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

# A sorted set of a million members whose scores are in an order of their own.
awk -v count="$MEMBERS" 'BEGIN {
  for (i = 0; i < count; i++) {
    if (i % 500 == 0) printf "*1002\r\n$4\r\nZADD\r\n$3\r\nbig\r\n"
    score = (i * 7919) % count
    printf "$%d\r\n%d\r\n$14\r\nmember:%07d\r\n", length(score), score, i
  }
}' >"$work/big"

for ((round = 1; round <= ROUNDS; round++)); do
  for server in $(both $round); do
    say "round $round: $server"
    start "$server"
    used=$(used_bytes "$server")
    fill "$server" "$work/big"
    note bytes/member "$round" "$server" "$((($(used_bytes "$server") - used) / MEMBERS))"
    throughput $round "$server" zadd $REQUESTS $PIPELINE ZADD new __rand_int__ member:__rand_int__
    throughput $round "$server" zincrby $REQUESTS $PIPELINE ZINCRBY new 1 member:__rand_int__
    throughput $round "$server" zscore $REQUESTS $PIPELINE ZSCORE new member:__rand_int__
    throughput $round "$server" zrank $REQUESTS $PIPELINE ZRANK new member:__rand_int__
    throughput $round "$server" zrange $RANGES $PIPELINE ZRANGE big 500000 500099
    throughput $round "$server" zrangebyscore $RANGES $PIPELINE ZRANGEBYSCORE big __rand_int__ +inf LIMIT 0 100
    throughput $round "$server" zpopmin $((REQUESTS / 4)) $PIPELINE ZPOPMIN new
    stop "$server"
  done
done

head_row "requests per second, $CLIENTS clients"
row "ZADD, pipeline $PIPELINE" rate/zadd "%.0f"
row "ZINCRBY, pipeline $PIPELINE" rate/zincrby "%.0f"
row "ZSCORE, pipeline $PIPELINE" rate/zscore "%.0f"
row "ZRANK, pipeline $PIPELINE" rate/zrank "%.0f"
row "ZRANGE of 100 members" rate/zrange "%.0f"
row "ZRANGEBYSCORE of 100 members" rate/zrangebyscore "%.0f"
row "ZPOPMIN, pipeline $PIPELINE" rate/zpopmin "%.0f"
head_row "processor time of the server per command, µs"
row "ZADD" cpu/zadd "%.2f"
row "ZINCRBY" cpu/zincrby "%.2f"
row "ZSCORE" cpu/zscore "%.2f"
row "ZRANK" cpu/zrank "%.2f"
row "ZRANGE of 100 members" cpu/zrange "%.2f"
row "ZRANGEBYSCORE of 100 members" cpu/zrangebyscore "%.2f"
row "ZPOPMIN" cpu/zpopmin "%.2f"
head_row "memory"
row "bytes per member of a sorted set of $MEMBERS, 14 bytes each" bytes/member "%.0f"
