#!/usr/bin/env bash
# What durability costs, Memora beside redis-server: `appendfsync always`, `everysec` against no log at all, and the
# time to start from a log and from a snapshot. Markdown on standard output.
#
#   cargo build --release && benches/log.sh >tables.md
#
# Needs what compare.sh needs and has its options ROUNDS, MEMORA and REDIS. The folder for the files is made under
# TMPDIR: it should be on a real disk, as one that keeps files in memory syncs at once.
cd "$(dirname "$0")/.."
source benches/common.sh

CLIENTS=50
KEYSPACE=100000
ALWAYS_REQUESTS=100000
declare -A REQUESTS=([1]=200000 [16]=2000000)
KEYS=2000000
LOG=(--appendonly yes --auto-aof-rewrite-percentage 0)

# Sends SETs; notes requests per second and the server's processor time per command.
sets() { # round server pipeline requests rate-note cpu-note column
  local before after rate
  before=$(cpu_ns "$2")
  rate=$(redis-benchmark -p "${PORT[$2]}" -t set -n "$4" -P "$3" -c $CLIENTS -r $KEYSPACE --csv |
    awk -F'"' 'END { print $4 }')
  after=$(cpu_ns "$2")
  note "$5" "$1" "$7" "$rate"
  note "$6" "$1" "$7" "$(awk -v a="$before" -v b="$after" -v n="$4" 'BEGIN { print (b - a) / n / 1000 }')"
}

always() { # round server
  rm -rf "${work:?}/$2"
  start "$2" "${LOG[@]}" --appendfsync always
  sets "$1" "$2" 1 $ALWAYS_REQUESTS always/rate always/cpu "$2"
  stop "$2"
}

# The same server with a log and without one, taking turns at being first.
everysec() { # round server
  local log pipeline first=(yes no)
  (($1 % 2)) || first=(no yes)
  for log in "${first[@]}"; do
    rm -rf "${work:?}/$2"
    start "$2" "${LOG[@]}" --appendfsync everysec --appendonly "$log"
    for pipeline in 1 16; do
      sets "$1" "$2" $pipeline "${REQUESTS[$pipeline]}" "everysec/rate/$2/$pipeline" "everysec/cpu/$2/$pipeline" "$log"
    done
    stop "$2"
  done
}

# Puts the files of 2 million keys into a server's folder, written by redis-server.
files() { # server what
  rm -rf "${work:?}/$1"
  cp -r "$work/$2" "$work/$1"
}

loading() { # round server what option...
  local round=$1 server=$2 what=$3 started
  shift 3
  files "$server" "$what"
  started=${EPOCHREALTIME/./}
  start "$server" "$@"
  note "start/$what" "$round" "$server" "$(awk -v a="$started" -v b="${EPOCHREALTIME/./}" 'BEGIN { print (b - a) / 1e6 }')"
  [[ $(redis-cli -p "${PORT[$server]}" DBSIZE) == "$KEYS" ]] || { say "$server did not load everything"; exit 1; }
  stop "$server"
}

prepare() {
  start redis "${LOG[@]}" --aof-use-rdb-preamble no
  # Values are parts of a random text, which do not compress.
  awk -v n=$KEYS 'BEGIN {
    for (i = 0; i < 4096; i++) text = text sprintf("%c", 48 + int(rand() * 75))
    for (i = 0; i < n; i++)
      printf "*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$100\r\n%s\r\n", i, substr(text, i % 3996 + 1, 100)
  }' | redis-cli -p "${PORT[redis]}" --pipe >/dev/null
  redis-cli -p "${PORT[redis]}" BGREWRITEAOF >/dev/null
  while redis-cli -p "${PORT[redis]}" INFO persistence | grep -q '^aof_rewrite_\(in_progress\|scheduled\):1'; do sleep 0.1; done
  redis-cli -p "${PORT[redis]}" SAVE >/dev/null
  stop redis
  mkdir "$work/log" "$work/snapshot"
  mv "$work/redis/dump.rdb" "$work/snapshot"
  mv "$work/redis/appendonlydir" "$work/log"
}

say "preparing"
prepare
for ((round = 1; round <= ROUNDS; round++)); do
  for server in $(both $round); do
    say "round $round: $server"
    always $round "$server"
    everysec $round "$server"
    loading $round "$server" log "${LOG[@]}" --aof-use-rdb-preamble no
    loading $round "$server" snapshot --appendonly no
  done
done

printf '%s rounds, %s cores, load at the end %s.\n' "$ROUNDS" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)"
head_row "\`appendfsync always\`, SET, $CLIENTS clients, pipeline 1"
row "requests per second" always/rate "%.0f"
row "processor time per command, µs" always/cpu "%.2f"
head_row "SET, $CLIENTS clients" "\`everysec\`" "\`appendonly no\`"
for server in memora redis; do for pipeline in 1 16; do
  row "${server^}, pipeline $pipeline, requests per second" "everysec/rate/$server/$pipeline" "%.0f" yes no
done; done
for server in memora redis; do for pipeline in 1 16; do
  row "${server^}, pipeline $pipeline, processor time per command, µs" "everysec/cpu/$server/$pipeline" "%.2f" yes no
done; done
head_row "seconds to start with $KEYS keys"
row "log of commands, $(($(cat "$work"/log/appendonlydir/* | wc -c) / 1000000)) MB" start/log "%.2f"
row "snapshot, $(($(wc -c <"$work/snapshot/dump.rdb") / 1000000)) MB" start/snapshot "%.2f"
