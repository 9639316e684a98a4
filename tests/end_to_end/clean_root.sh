#!/usr/bin/env bash
# What the README promises, on a Debian 12 that has only git, bash and ca-certificates: `./dev demo` becomes ready and
# shows started, succeeded, failed and running jobs within a minute, and `./dev test` builds and passes.
set -euo pipefail

usage() {
  cat <<'HELP'
usage: clean_root.sh [--ccache] [--base TAR] [--only demo|test] [--keep]

  --ccache      share this machine's compiler cache with the root, to be quick
  --base TAR    keep the root in this file, and begin with it if it exists
  --only WHAT   demo or test
  --keep        leave the root behind and say where

Needs root, mmdebstrap and about 4 GB in TMPDIR. Takes 10 to 40 minutes without --ccache. What is tested is HEAD:
commit first.
HELP
}

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
project=$(git -C "$here" rev-parse --show-toplevel)
share_ccache=no
base=
only=
keep=no
while [[ $# -gt 0 ]]; do
  case $1 in
    --ccache) share_ccache=yes ;;
    --base) base=${2:?} && shift ;;
    --only) only=${2:?} && shift ;;
    --keep) keep=yes ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

say() { printf '[%5d s] %s\n' "$SECONDS" "$*"; }
die() { printf 'clean_root: %s\n' "$*" >&2; exit 1; }
[[ $(id -u) == 0 ]] || die "needs root"
command -v mmdebstrap >/dev/null || die "needs mmdebstrap (apt-get install mmdebstrap)"
# shellcheck source=tests/end_to_end/debian_root.sh
source "$here/debian_root.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/syncwarden-clean-root.XXXXXX")
root=$work/root
session=
leave() {
  # unshare heeds no TERM, and takes everything inside with it.
  if [[ -n $session ]]; then
    kill -KILL "$(cat "$work/inside.pid")" 2>/dev/null || true
    wait "$session" || true
  fi
  if [[ $keep == yes ]]; then say "the root is $root"; else rm -rf --one-file-system "$work"; fi
}
trap leave EXIT
trap 'exit 130' INT TERM

# --- the root: nothing but what the README asks for -------------------------------------------------------------

mkdir "$root"
tar=${base:-$work/base.tar}
say "a Debian 12 root with git, bash and ca-certificates"
make_debian_root "$tar" git,bash,ca-certificates
tar -xf "$tar" --numeric-owner -C "$root"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
git -C "$project" bundle create --quiet "$root/srv/origin.bundle" HEAD

# inside SCRIPT: runs it in the root, with processes and mounts of its own that end with it, and with this network.
inside() (
  local -a environment=(PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8) cache=()
  local name
  for name in http_proxy https_proxy no_proxy; do
    [[ -z ${!name:-} ]] || environment+=("$name=${!name}")
  done
  if [[ $share_ccache == yes ]]; then
    cache=("${CCACHE_DIR:-$(ccache -k cache_dir)}")
    environment+=(CCACHE_DIR=/srv/ccache)
  fi
  echo "$BASHPID" >"$work/inside.pid"
  # shellcheck disable=SC2016  # the inner shells expand these
  exec unshare --mount --pid --fork --kill-child=KILL bash -euc '
    root=$1 cache=$2 script=$3
    shift 3
    mount --make-rprivate /
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp"
    if [[ -n $cache ]]; then
      mkdir -p "$root/srv/ccache"
      mount --bind "$cache" "$root/srv/ccache"
    fi
    exec chroot "$root" /usr/bin/env -i "$@" bash -euo pipefail -c "$script"
  ' inside "$root" "${cache[0]:-}" "$1" "${environment[@]}" </dev/null
)

say "cloning $(git -C "$project" rev-parse --short HEAD) into it"
inside 'git -c advice.detachedHead=false clone --quiet /srv/origin.bundle /srv/syncwarden'

# --- ./dev demo -------------------------------------------------------------------------------------------------

# sum METRIC LABEL…: of the samples in $work/metrics that have every one of these labels.
sum() {
  local metric=$1
  shift
  awk -v metric="$metric{" -v labels="$*" '
    BEGIN { n = split(labels, want, " ") }
    index($0, metric) == 1 { for (i = 1; i <= n; i++) if (!index($0, want[i])) next; total += $NF }
    END { printf "%d", total }' "$work/metrics"
}

check_demo() {
  local metrics deadline started succeeded failed running
  say "./dev demo"
  rm -f "$root/stop-demo"
  # TERM is how a service would stop it; the status of that is the session's.
  # shellcheck disable=SC2016
  inside '
    cd /srv/syncwarden
    ./dev demo --web.listen-address 127.0.0.1:0 >/srv/demo.log 2>&1 &
    demo=$!
    until [[ -e /stop-demo ]] || ! kill -0 $demo 2>/dev/null; do sleep 0.5; done
    kill -TERM $demo 2>/dev/null || true
    wait $demo' &
  session=$!
  until grep -q 'syncwarden demo is ready' "$root/srv/demo.log" 2>/dev/null; do
    kill -0 "$session" 2>/dev/null || { tail -n 60 "$root/srv/demo.log"; session=; die "./dev demo ended before it was ready"; }
    sleep 1
  done
  say "ready"
  deadline=$((SECONDS + 60))
  metrics=$(sed -n 's|^ *metrics *\(http://[^ ]*/metrics\) *$|\1|p' "$root/srv/demo.log")
  while :; do
    curl -sf --max-time 5 "$metrics" >"$work/metrics" || die "no answer from $metrics"
    started=$(sum syncwarden_ticks_total 'outcome="started"')
    failed=$(sum syncwarden_jobs_failed_total)
    succeeded=$(($(sum syncwarden_jobs_completed_total) - failed - $(sum syncwarden_jobs_cancelled_total)))
    running=$(sum syncwarden_jobs_active 'state="running"')
    if ((started > 0 && succeeded > 0 && failed > 0 && running > 0)); then break; fi
    ((SECONDS < deadline)) || die "a minute after ready: started $started, succeeded $succeeded, failed $failed, running $running"
    sleep 1
  done
  say "/metrics: started $started, succeeded $succeeded, failed $failed, running $running"
  touch "$root/stop-demo"
  wait "$session" || { session=; die "the demo did not stop in order"; }
  session=
  say "stopped in order"
}

check_tests() {
  say "./dev test"
  inside 'cd /srv/syncwarden && ./dev test' >"$work/test.log" 2>&1 &
  session=$!
  if ! wait "$session"; then
    session=
    grep -nE 'error|FAILED|\*\*\*' "$work/test.log" | head -n 40 || true
    tail -n 30 "$work/test.log"
    die "./dev test failed"
  fi
  session=
  sed -n '/% tests passed/,$p' "$work/test.log"
}

[[ $only == test ]] || check_demo
[[ $only == demo ]] || check_tests
say "passed"
