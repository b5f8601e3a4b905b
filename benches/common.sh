# What the scripts here share: servers that take turns, results, medians. To be sourced from the repository's root.
#   ROUNDS (5)    rounds of everything
#   MEMORA, REDIS the programs to compare
set -euo pipefail
export LC_ALL=C

ROUNDS=${ROUNDS:-5}
MEMORA=${MEMORA:-target/release/memora-server}
REDIS=${REDIS:-redis-server}
MEMORA=$(command -v "$MEMORA")
REDIS=$(command -v "$REDIS")

work=$(mktemp -d)
declare -A PID=() PORT=()
trap 'for pid in "${PID[@]}"; do kill "$pid" 2>/dev/null || true; done; rm -rf "$work"' EXIT
results=$work/results
: >"$results"

say() { printf '%s\n' "$*" >&2; }

# A port nobody listens on.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

# Starts a server in a folder of its own with more options behind its defaults; comes back when it answers.
start() { # server option...
  local server=$1 program=$MEMORA
  shift
  [[ $server == memora ]] || program=$REDIS
  mkdir -p "$work/$server"
  PORT[$server]=$(free_port)
  "$program" --port "${PORT[$server]}" --dir "$work/$server" --save "" "$@" >/dev/null 2>&1 &
  PID[$server]=$!
  until [[ $(redis-cli -p "${PORT[$server]}" PING 2>/dev/null) == PONG ]]; do
    kill -0 "${PID[$server]}" || { say "$server does not start"; exit 1; }
    sleep 0.02
  done
}

stop() { # server
  kill "${PID[$1]}"
  wait "${PID[$1]}" || true
  unset "PID[$1]"
}

# Both, in the order of this round.
both() { if (($1 % 2)); then echo memora redis; else echo redis memora; fi; }

note() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$results"; } # what, round, server, value

# Nanoseconds that all threads of a server have run.
cpu_ns() { awk '{ sum += $1 } END { printf "%.0f", sum }' /proc/"${PID[$1]}"/task/*/schedstat; }

# A row: medians of both servers and of the ratio per round, Memora over Redis, or of two other names.
row() { # label what format [name name]
  awk -F'\t' -v label="$1" -v what="$2" -v format="$3" -v first="${4:-memora}" -v second="${5:-redis}" '
    function median(values, count,   i, j, swap) {
      for (i = 1; i <= count; i++) for (j = i + 1; j <= count; j++)
        if (values[j] < values[i]) { swap = values[i]; values[i] = values[j]; values[j] = swap }
      return count % 2 ? values[(count + 1) / 2] : (values[count / 2] + values[count / 2 + 1]) / 2
    }
    $1 == what { value[$3, $2] = $4; if ($2 > rounds) rounds = $2 }
    END {
      for (r = 1; r <= rounds; r++) {
        one[r] = value[first, r]; other[r] = value[second, r]; ratio[r] = one[r] / other[r]
      }
      printf "| %s | " format " | " format " | %.2f |\n", label, median(one, rounds), median(other, rounds), median(ratio, rounds)
    }' "$results"
}

head_row() { # label [name name]
  printf '\n| %s | %s | %s | ratio |\n|---|--:|--:|--:|\n' "$1" "${2:-Memora}" "${3:-Redis}"
}
