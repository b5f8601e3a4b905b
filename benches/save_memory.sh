#!/usr/bin/env bash
# Memory during a save under writes, beside redis-server, as Markdown on standard output.
#
#   cargo build --release && benches/save_memory.sh        # about two minutes
#
# A server with KEYS (2000000) strings of 100 bytes writes a snapshot while clients replace random ones of them as fast as
# they can. The table has the most memory that the server and its children held meanwhile (proportional set size, so that
# what parent and child share counts once) over what it held before. Needs what benches/compare.sh needs.
cd "$(dirname "$0")/.."
source benches/common.sh

KEYS=${KEYS:-2000000}

# What a server and its children hold, kilobytes.
held_kb() { # server
  local pid=${PID[$1]} sum=0 kb
  for pid in $pid $(pgrep -P "$pid" || true); do
    kb=$(awk '$1 == "Pss:" { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null || true)
    sum=$((sum + ${kb:-0}))
  done
  echo $sum
}

info() { redis-cli -p "${PORT[$1]}" INFO persistence | awk -F'[:\r]' -v name="$2" '$1 == name { print $2 }'; }

write() { redis-benchmark -p "${PORT[$1]}" -t set -r "$KEYS" -n "$2" -d 100 -P 16 -q >/dev/null 2>&1; } # server requests

strings() {
  awk -v count="$KEYS" 'BEGIN {
    value = sprintf("%100s", ""); gsub(" ", "v", value)
    for (i = 0; i < count; i++) printf "*3\r\n$3\r\nSET\r\n$16\r\nkey:%012d\r\n$100\r\n%s\r\n", i, value
  }'
}

strings >"$work/strings"
for ((round = 1; round <= ROUNDS; round++)); do
  for server in $(both $round); do
    say "round $round: $server"
    start "$server"
    redis-cli -p "${PORT[$server]}" --pipe <"$work/strings" >/dev/null
    before=$(held_kb "$server")
    most=$before
    redis-cli -p "${PORT[$server]}" BGSAVE >/dev/null
    write "$server" 100000000 &
    writer=$!
    while [[ $(info "$server" rdb_bgsave_in_progress) == 1 ]]; do
      now=$(held_kb "$server")
      most=$((now > most ? now : most))
    done
    note seconds "$round" "$server" "$(info "$server" rdb_last_bgsave_time_sec)"
    note peak "$round" "$server" "$(awk -v most="$most" -v before="$before" 'BEGIN { print most / before }')"
    kill $writer
    wait $writer || true
    stop "$server"
  done
done

head_row "BGSAVE of $KEYS keys under writes"
row "most memory during the save, times what it was before" peak %.2f
row "seconds that it takes" seconds %.0f
