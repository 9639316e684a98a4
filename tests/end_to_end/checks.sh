# What the checks in bash share. Sourced; whoever sources it sets `project`, `work` (a folder of its own) and `network`,
# and defines `circumstances`, which prints what helps to understand a failure.
# shellcheck shell=bash disable=SC2154

failures=0

say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }
die() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; exit 1; }

# needs TOOL…
needs() {
  local tool
  [[ $(id -u) == 0 ]] || die "needs root"
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "needs $tool; --help tells the packages"
  done
}

# check WHAT COMMAND…: goes on after a failure, so that one run tells everything.
check() {
  local what=$1
  shift
  if "$@"; then
    say "ok      $what"
  else
    say "FAILED  $what"
    failures=$((failures + 1))
    circumstances 2>&1 | sed 's/^/          | /'
  fi
}

# verdict: the last line, and the exit status.
verdict() {
  if ((failures > 0)); then
    say "$failures checks FAILED"
    exit 1
  fi
  say "passed"
}

# is HAVE WANTED
is() { [[ $1 == "$2" ]] || { printf '          wanted %s, not %s\n' "$2" "$1"; return 1; }; }

# until_true SECONDS COMMAND…
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# http and metric ask the daemon at port 9927 in the network of process $network, with this machine's curl: there is
# none in a bare Debian. They are somebody on the same machine.
http() { nsenter -t "$network" -n -- curl -sS --fail-with-body --max-time 5 "http://127.0.0.1:9927$1" 2>/dev/null; }
ready() { [[ $(http /readyz) == ok* ]]; }
# metric SERIES: its value, 0 where there is none; SERIES is written as /metrics writes it.
metric() { http /metrics | awk -v series="$1" '$1 == series {value = $2} END {print value == "" ? 0 : value}'; }
metric_is() { [[ $(metric "$1") == "$2" ]]; }
metric_above() { awk -v have="$(metric "$1")" -v least="$2" 'BEGIN {exit !(have > least)}'; }

# decisions STATE.DB: from a copy, because SQLite leaves files of root's beside a database that root reads.
decisions() { sqlite3 "$1" 'SELECT schedule_id, nominal_ms, outcome, decided_ms, run FROM tick ORDER BY 1, 2'; }
# take_state FILE NAME: of a daemon that is stopped.
take_state() { cp "$1" "$work/$2.db" && decisions "$work/$2.db" >"$work/$2.ticks"; }
new_decisions() { comm -13 "$work/first.ticks" "$work/second.ticks" | wc -l; }
# kept_decisions: the second state has all that the first had, and more.
kept_decisions() { [[ -z $(comm -23 "$work/first.ticks" "$work/second.ticks") && $(new_decisions) -gt 0 ]]; }

# remove_cgroups NAME: those of that name, in every hierarchy. They are empty a moment after their processes died.
remove_cgroups() { until_true 10 no_cgroups "$1" || say "cgroups of $1 are left behind"; }
no_cgroups() {
  find /sys/fs/cgroup -depth -type d \( -name "$1" -o -path "*/$1/*" \) -exec rmdir {} + 2>/dev/null || true
  [[ -z $(find /sys/fs/cgroup -type d -name "$1") ]]
}

# block PAGE FIRST: the indented block of a README in which a line begins with FIRST, as it is there to be typed.
block() {
  awk -v first="$2" '
    function flush() { if (wanted) printf "%s", text; text = ""; wanted = 0 }
    /^    / { line = substr($0, 5); text = text line "\n"; if (index(line, first) == 1) wanted = 1; next }
    /^$/ { next }
    { flush() }
    END { flush() }' "$project/$1" | grep . || die "$1 has no block with $2"
}

# type_block PAGE FIRST: each command of the block, again until it succeeds: people type more slowly than this.
type_block() {
  local line failed=0
  while read -r line; do
    until_true 20 bash -c "$line" >"$work/typed.log" 2>&1 || { printf '          %s\n' "$line"; cat "$work/typed.log"; failed=1; }
  done < <(block "$@" | sed -e ':a' -e '/\\$/N; s/\\\n//; ta')
  return "$failed"
}

# build_package: prints the path of the Debian package of this checkout.
build_package() {
  local built
  built=$("$project/dev" package 2>"$work/package.log" | tail -n 1) ||
    { tail -n 40 "$work/package.log" >&2; die "./dev package failed"; }
  readlink -f "$project/$built"
}
