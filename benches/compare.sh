#!/usr/bin/env bash
# Memora beside redis-server: throughput, processor time, memory and pauses, as Markdown on standard output.
#
#   cargo build --release && benches/compare.sh >tables.md
#
# Needs Linux (/proc), redis-server, redis-cli and redis-benchmark. Both servers run with their defaults, but without
# persistence. They take turns: each round measures both, the first of the two in one round is the second in the next.
# A ratio is worked out per round; tables show medians over the rounds. Options are variables of the environment:
#   ROUNDS (5)    rounds of everything
#   SCALE (100)   per cent of the usual number of requests
#   MEMORA, REDIS the programs to compare
cd "$(dirname "$0")/.."
source benches/common.sh

SCALE=${SCALE:-100}
CLIENTS=50
KEYSPACE=100000
declare -A REQUESTS=([1]=200000 [16]=1000000 [100]=2000000)
KEYS=2000000
FIELDS=1000000

rss_bytes() { awk -v page="$(getconf PAGESIZE)" '{ printf "%.0f", $2 * page }' /proc/"${PID[$1]}"/statm; }

throughput() { # round server pipeline command
  local requests=$((${REQUESTS[$3]} * SCALE / 100)) before after rate
  before=$(cpu_ns "$2")
  rate=$(redis-benchmark -p "${PORT[$2]}" -t "$4" -n "$requests" -P "$3" -c $CLIENTS -r $KEYSPACE --csv |
    awk -F'"' 'END { print $4 }')
  after=$(cpu_ns "$2")
  note "rate/$4/$3" "$1" "$2" "$rate"
  note "cpu/$4/$3" "$1" "$2" "$(awk -v a="$before" -v b="$after" -v n="$requests" 'BEGIN { print (b - a) / n / 1000 }')"
}

# The longest time to the reply of a PING, one every millisecond, while another connection sends a request and
# reads the reply to its end.
pause_ms() { # server request
  local port=${PORT[$1]} done=$work/done started ended longest=0 busy
  rm -f "$done"
  exec 3<>"/dev/tcp/127.0.0.1/$port" 5<>"$work/never"
  (
    exec 4<>"/dev/tcp/127.0.0.1/$port"
    sleep 0.1
    if [[ -n $2 ]]; then printf '%s\r\nQUIT\r\n' "$2" >&4 && cat <&4 >/dev/null; else sleep 0.5; fi
    : >"$done"
  ) &
  busy=$!
  while [[ ! -e $done ]]; do
    started=${EPOCHREALTIME/./}
    printf 'PING\r\n' >&3
    read -r -u 3 _
    ended=${EPOCHREALTIME/./}
    ((ended - started <= longest)) || longest=$((ended - started))
    read -r -t 0.001 -u 5 _ || true
  done
  wait "$busy"
  exec 3>&- 5>&-
  awk -v us="$longest" 'BEGIN { print us / 1000 }'
}

fill() { # server file
  redis-cli -p "${PORT[$1]}" --pipe <"$2" >"$work/pipe" || { cat "$work/pipe" >&2; exit 1; }
}

info() { redis-cli -p "${PORT[$1]}" INFO memory | awk -F'[:\r]' -v field="$2" '$1 == field { print $2 }'; }

memory_and_pauses() { # round server
  local used rss
  start "$2"
  used=$(info "$2" used_memory) rss=$(rss_bytes "$2")
  fill "$2" "$work/keys"
  note bytes/used_memory "$1" "$2" "$((($(info "$2" used_memory) - used) / KEYS))"
  note bytes/resident "$1" "$2" "$((($(rss_bytes "$2") - rss) / KEYS))"
  note pause/nothing "$1" "$2" "$(pause_ms "$2" "")"
  note pause/FLUSHALL "$1" "$2" "$(pause_ms "$2" FLUSHALL)"
  fill "$2" "$work/hash"
  note pause/HGETALL "$1" "$2" "$(pause_ms "$2" "HGETALL big")"
  note pause/DEL "$1" "$2" "$(pause_ms "$2" "DEL big")"
  stop "$2"
}

mkfifo "$work/never"
say "preparing"
awk -v n=$KEYS 'BEGIN { for (i = 0; i < n; i++) printf "*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$10\r\n%010d\r\n", i, i }' >"$work/keys"
awk -v n=$FIELDS 'BEGIN {
  for (i = 0; i < n; i++) {
    if (i % 1000 == 0) printf "*2002\r\n$4\r\nHSET\r\n$3\r\nbig\r\n"
    printf "$12\r\nfield:%06d\r\n$10\r\n%010d\r\n", i, i
  }
}' >"$work/hash"

start memora
start redis
version=$(redis-cli -p "${PORT[redis]}" INFO server | awk -F'[:\r]' '$1 == "redis_version" { print $2 }')
for ((round = 1; round <= ROUNDS; round++)); do
  for pipeline in 1 16 100; do
    for command in set get; do
      for server in $(both $round); do
        say "round $round: $command, pipeline $pipeline, $server"
        throughput $round "$server" $pipeline $command
      done
    done
  done
done
stop memora
stop redis
for ((round = 1; round <= ROUNDS; round++)); do
  for server in $(both $round); do
    say "round $round: memory and pauses, $server"
    memory_and_pauses $round "$server"
  done
done

printf 'Redis %s, %s rounds, %s cores, load at the end %s.\n' \
  "$version" "$ROUNDS" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)"
head_row "requests per second, $CLIENTS clients"
for command in set get; do for pipeline in 1 16 100; do
  row "${command^^}, pipeline $pipeline" "rate/$command/$pipeline" "%.0f"
done; done
head_row "processor time of the server per command, µs"
for command in set get; do for pipeline in 1 16 100; do
  row "${command^^}, pipeline $pipeline" "cpu/$command/$pipeline" "%.2f"
done; done
head_row "bytes per key, $KEYS keys of 16 bytes with values of 10"
row "\`used_memory\`" bytes/used_memory "%.0f"
row "resident memory" bytes/resident "%.0f"
head_row "longest wait of a PING, ms"
row "nothing else happens" pause/nothing "%.1f"
row "\`DEL\` of a hash of $FIELDS fields" pause/DEL "%.1f"
row "\`FLUSHALL\` of $KEYS keys" pause/FLUSHALL "%.1f"
row "\`HGETALL\` of $FIELDS fields" pause/HGETALL "%.1f"
