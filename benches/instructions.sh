#!/usr/bin/env bash
# Instructions of the server per command, counted by valgrind's callgrind: a number that no neighbour disturbs, for finding
# what a change costs. Markdown on standard output, beside the numbers of docs/BENCHMARKS.md.
#
#   cargo build --release && benches/instructions.sh        # about three minutes
#
# Needs valgrind and redis-benchmark. MEMORA is the server (target/release/memora-server); COMMANDS and PIPELINES choose
# what is counted. Ends with 1 when a command takes over LIMIT (5) per cent more than the document says.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

MEMORA=$(realpath "${MEMORA:-target/release/memora-server}")
COMMANDS=${COMMANDS:-set get incr lpush lpop hset sadd zadd}
PIPELINES=${PIPELINES:-1 16 100}
LIMIT=${LIMIT:-5}
REQUESTS=40000
CLIENTS=10

work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

# Starts the server under callgrind; comes back when it answers.
start() {
  rm -f "$work"/ready "$work"/out*
  valgrind --tool=callgrind --callgrind-out-file="$work/out" \
    "$MEMORA" --port 0 --dir "$work" --save "" --ready-file "$work/ready" >"$work/log" 2>&1 &
  server=$!
  until [[ -s $work/ready ]]; do
    kill -0 "$server" || { cat "$work/log" >&2; exit 1; }
    sleep 0.1
  done
  port=$(grep -o 'port=[0-9]*' "$work/ready" | cut -d= -f2)
}

load() { redis-benchmark -p "$port" -t "$1" -P "$2" -n "$3" -c $CLIENTS -q >/dev/null 2>&1; }

# Instructions per command; what the first requests set up is not counted.
count() { # command pipeline
  start
  [[ $1 != lpop ]] || load lpush 100 $((2 * REQUESTS))
  redis-cli -p "$port" SET key:__rand_int__ xxx >/dev/null
  load "$1" "$2" 2000
  callgrind_control -z "$server" >/dev/null 2>&1
  load "$1" "$2" $REQUESTS
  callgrind_control -d "$server" >/dev/null 2>&1
  kill "$server"
  wait "$server" || true
  server=
  awk -v n=$REQUESTS '/^(summary|totals):/ { printf "%.0f", $2 / n; exit }' "$work/out.1"
}

documented() { # command pipeline
  awk -F' *[|] *' -v name="${1^^}, pipeline $2" '$2 == name && NF == 4 { print $3 }' docs/BENCHMARKS.md | head -1
}

status=0
printf '| instructions per command | now | documented |\n|---|--:|--:|\n'
for command in $COMMANDS; do
  for pipeline in $PIPELINES; do
    now=$(count "$command" "$pipeline")
    before=$(documented "$command" "$pipeline")
    printf '| %s, pipeline %s | %s | %s |\n' "${command^^}" "$pipeline" "$now" "${before:-none}"
    if [[ -n $before ]] && ((now * 100 > before * (100 + LIMIT))); then
      printf '%s, pipeline %s: %s instructions, %s are documented\n' "${command^^}" "$pipeline" "$now" "$before" >&2
      status=1
    fi
  done
done
exit $status
