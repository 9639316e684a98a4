#!/usr/bin/env bash
# The Debian package and its unit under a real systemd: a Debian 12 of its own is booted, with systemd as PID 1, and
# syncwarden works in it against `syncwarden emulator`. Says what it checked; any failure makes the exit status 1.
set -euo pipefail

usage() {
  cat <<'HELP'
usage: systemd.sh [--package DEB] [--base TAR] [--keep]

  --package DEB   check this package instead of building one with ./dev package
  --base TAR      keep the bare Debian root in this file, and begin with it if it exists
  --keep          leave the root behind and say where

Needs root, mmdebstrap, systemd-container, sqlite3, curl and 1 GB in TMPDIR.
HELP
}

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
project=$(readlink -f "$here/../..")
package=
base=
keep=no
while [[ $# -gt 0 ]]; do
  case $1 in
    --package) package=$(readlink -f "${2:?}") && shift ;;
    --base) base=${2:?} && shift ;;
    --keep) keep=yes ;;
    -h | --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

# shellcheck source=tests/end_to_end/checks.sh
source "$here/checks.sh"
# shellcheck source=tests/end_to_end/debian_root.sh
source "$here/debian_root.sh"
needs mmdebstrap systemd-nspawn nsenter sqlite3 curl

work=$(mktemp -d "${TMPDIR:-/tmp}/syncwarden-systemd.XXXXXX")
root=$work/root
name=syncwarden-$$
nspawn=  # of systemd-nspawn
init=    # of the systemd inside
network= # the same: whose network it is

cgroups() {
  local hierarchy
  for hierarchy in unified systemd; do
    [[ ! -d /sys/fs/cgroup/$hierarchy ]] || echo "/sys/fs/cgroup/$hierarchy/$name"
  done
}

leave() {
  local status=$?
  trap - EXIT
  if [[ -n $nspawn ]]; then
    kill -KILL "$nspawn" ${init:+"$init"} 2>/dev/null || true
    wait "$nspawn" 2>/dev/null || true
  fi
  remove_cgroups "$name"
  if [[ $keep == yes ]]; then say "the root is $root"; else rm -rf --one-file-system "$work"; fi
  exit "$status"
}
trap leave EXIT
trap 'exit 130' INT TERM

# --- looking inside ---------------------------------------------------------------------------------------------

# c COMMAND…: inside of the booted Debian.
c() { nsenter -t "$init" -m -p -u -i -n -C -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" </dev/null; }
property() { c systemctl show -P "$1" syncwarden.service; }
main_pid() { property MainPID; }
journal() { c journalctl --quiet --no-pager --output=cat --unit=syncwarden.service "$@"; }

property_is() { is "$(property "$1")" "$2"; }
circumstances() {
  [[ -z $init ]] || { c systemctl --no-pager --full status syncwarden.service || true; journal -n 15 || true; }
}
active() { [[ $(property ActiveState) == active ]]; }
state=$root/var/lib/private/syncwarden/state.db

# --- the Debian -------------------------------------------------------------------------------------------------

make_root() {
  local tar=${base:-$work/base.tar}
  say "a bare Debian 12 with systemd"
  make_debian_root "$tar" systemd,systemd-sysv,dbus "${slim_options[@]}"
  mkdir "$root"
  tar -xf "$tar" --numeric-owner -C "$root"
  echo uninitialized >"$root/etc/machine-id"
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

install_package() {
  say "installing $(basename "$package")"
  cp "$package" "$root/var/cache/syncwarden.deb"
  in_root "$root" sh -ec 'apt-get -qq update && apt-get -qq install --no-install-recommends /var/cache/syncwarden.deb' \
    >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; die "the package could not be installed"; }
  check "the package is installed, its dependencies too" in_root "$root" dpkg --audit
  check "it starts nothing by itself: its sample configuration is not the user's" \
    test ! -e "$root/etc/systemd/system/multi-user.target.wants/syncwarden.service"
  check "the installed configuration is valid" valid_sample
}

valid_sample() { in_root "$root" syncwarden check --config.file=/etc/syncwarden/syncwarden.yaml >"$work/check.log"; }

# configuration [LINE…]: two rules, one of which these lines belong to.
configuration() {
  cat <<'YAML'
airbyte:
  url: http://127.0.0.1:8001
  auth: {type: client_credentials, client_id: emulator, client_secret_file: "credential:airbyte-client-secret"}
  poll: {min: 1s, max: 2s}
connections:
  - match: {name: "orders -> warehouse"}
    schedule: {every: 7s}
YAML
  printf '%s\n' "$@"
}

second_rule=('  - match: {name: "customers -> warehouse"}' '    schedule: {every: 1h}')

write_configuration() {
  local unit=$root/etc/systemd/system
  # In place: the file stays what dpkg made it, with mode and owner.
  configuration >"$root/etc/syncwarden/syncwarden.yaml"
  # A copy, which stays when the package goes.
  cp "$root/usr/bin/syncwarden" "$root/usr/local/bin/airbyte"
  cat >"$unit/airbyte.service" <<'UNIT'
[Unit]
Description=An Airbyte to work with
[Service]
Type=exec
DynamicUser=yes
ExecStart=/usr/local/bin/airbyte emulator --auth=bearer
[Install]
WantedBy=multi-user.target
UNIT
  ln -s ../airbyte.service "$unit/multi-user.target.wants/airbyte.service"
  # There is nobody to ask for a host name, and no network to wait for.
  ln -s /dev/null "$unit/systemd-firstboot.service"
  ln -s /dev/null "$unit/systemd-networkd.service"
  ln -s /dev/null "$unit/systemd-networkd-wait-online.service"
}

boot() {
  local group
  say "booting it"
  for group in $(cgroups); do mkdir "$group"; done
  (
    for group in $(cgroups); do echo "$BASHPID" >"$group/cgroup.procs"; done
    exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --directory="$root" --machine="$name" --boot \
      --register=no --keep-unit --private-network --console=pipe </dev/null >"$work/console.log" 2>&1
  ) &
  nspawn=$!
  until_true 30 has_init || { tail -n 20 "$work/console.log" >&2; die "the Debian does not boot"; }
  check "it boots completely" until_true 30 running
  running || { c systemctl --no-pager list-jobs; c systemctl --no-pager list-units --failed; }
  # A first boot enables what Debian's presets name, which is everything that does not object.
  check "the first boot does not enable the daemon" is "$(c systemctl is-enabled syncwarden.service)" disabled
}
has_init() {
  local child
  child=$(pgrep -P "$nspawn" | head -n 1) && [[ $(cat "/proc/$child/comm" 2>/dev/null) == systemd ]] && init=$child && network=$child
}
running() { [[ $(c systemctl is-system-running 2>/dev/null) == running ]]; }

# --- the unit ---------------------------------------------------------------------------------------------------

check_start() {
  check "the secret and its drop-in, as systemd/README.md has them typed" type_secret
  check "systemctl enable --now" c systemctl --quiet enable --now syncwarden.service
  check "active" property_is ActiveState active
  check "Type=notify" property_is Type notify
  check "systemctl status says what it serves" status_tells "1 rule, serving on 127.0.0.1:9927"
  check "/readyz answers 200" until_true 20 ready
  check "the credential arrived: Airbyte takes the client secret" until_true 20 metric_is syncwarden_airbyte_up 1
  check "a command at the terminal finds the credential, too" checked_online
  check "completion comes with the package" c bash -euc \
    'source /usr/share/bash-completion/completions/syncwarden; complete -p syncwarden >/dev/null'
  check "the rule has its connection" until_true 20 metric_above 'syncwarden_ticks_total{outcome="started",reason="on_time"}' 0
}
type_secret() {
  local commands
  commands=$(block systemd/README.md "install -d -m 700" && block systemd/README.md "mkdir -p /etc/systemd/system")
  c bash -euc "exec < <(echo secret); $commands" >"$work/typed.log" 2>&1 || { cat "$work/typed.log"; return 1; }
}
checked_online() {
  c env CREDENTIALS_DIRECTORY=/etc/syncwarden/secrets syncwarden check --online \
    --config.file=/etc/syncwarden/syncwarden.yaml >"$work/online.log" 2>&1 || { cat "$work/online.log"; return 1; }
}
status_tells() { [[ $(property StatusText) == *"$1"* ]]; }

check_confinement() {
  local pid status
  pid=$(main_pid)
  status=$(c cat "/proc/$pid/status")
  check "a user of its own that exists only while it runs" dynamic_user "$status"
  check "no capability, no new privileges, system calls filtered" confined "$status"
  check "no core dump" c grep -q '^Max core file size *0 *0 ' "/proc/$pid/limits"
  check "the state is its own" is "$(c stat -L -c '%a' /var/lib/syncwarden /var/lib/syncwarden/state.db | xargs)" "700 600"
  check "the secret is readable for root only" is "$(c stat -c '%U %a' /etc/syncwarden/secrets/airbyte-client-secret)" "root 600"
  check "systemd-analyze security: $(exposure), under 1.6" under_limit
}
dynamic_user() { local uid; uid=$(awk '/^Uid:/ {print $2}' <<<"$1"); ((uid >= 61184 && uid <= 65519)); }
confined() {
  grep -q '^CapEff:\s0000000000000000$' <<<"$1" && grep -q '^CapBnd:\s0000000000000000$' <<<"$1" &&
    grep -q '^NoNewPrivs:\s1$' <<<"$1" && grep -q '^Seccomp:\s2$' <<<"$1"
}
exposure() { c systemd-analyze security --no-pager syncwarden.service | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p'; }
under_limit() { c systemd-analyze security --no-pager --threshold=15 syncwarden.service >"$work/security.log"; }

check_reload() {
  local pid before
  pid=$(main_pid)
  before=$(metric syncwarden_config_last_reload_success_timestamp_seconds)
  configuration "${second_rule[@]}" >"$root/etc/syncwarden/syncwarden.yaml"
  check "systemctl reload" c systemctl reload syncwarden.service
  check "takes the changed file" until_true 10 metric_above syncwarden_config_last_reload_success_timestamp_seconds "$before"
  check "and says so" until_true 10 status_tells "2 rules, serving on 127.0.0.1:9927"
  check "in the same process" is "$(main_pid)" "$pid"

  configuration '  - mach: {name: "a typing error"}' >"$root/etc/syncwarden/syncwarden.yaml"
  check "systemctl reload with a wrong file" c systemctl reload syncwarden.service
  check "is refused" until_true 10 metric_is syncwarden_config_last_reload_successful 0
  check "and says so" until_true 10 status_tells "refused"
  check "still active, in the same process" is "$(property ActiveState) $(main_pid)" "active $pid"

  configuration "${second_rule[@]}" >"$root/etc/syncwarden/syncwarden.yaml"
  check "systemctl reload with the right file" c systemctl reload syncwarden.service
  check "is taken, and the refusal forgotten" until_true 10 status_tells "2 rules, serving on 127.0.0.1:9927"
  check "active, in the same process" is "$(property ActiveState) $(main_pid)" "active $pid"
}

# stop LIMIT: within so many seconds, in order.
stop() {
  local began=${EPOCHREALTIME/./}
  c systemctl stop syncwarden.service || return 1
  took=$(((${EPOCHREALTIME/./} - began) / 1000))
  ((took <= $1 * 1000)) || { echo "          took $took ms"; return 1; }
  is "$(property ActiveState) $(property Result) $(property ExecMainCode) $(property ExecMainStatus)" "inactive success 1 0"
}

check_restart() {
  local started='syncwarden_ticks_total{outcome="started",reason="on_time"}'
  check "systemctl stop is clean" stop 5
  take_state "$state" first
  check "decisions are on disk ($(wc -l <"$work/first.ticks"))" test -s "$work/first.ticks"
  check "systemctl start" c systemctl start syncwarden.service
  check "it goes on where it was" until_true 30 metric_above "$started" 0
  check "stops again" stop 5
  take_state "$state" second
  check "every decision survived the restart, and $(new_decisions) are new" kept_decisions
  check "systemctl start" c systemctl start syncwarden.service
}

# Airbyte hangs: it takes connections and never answers. The limit of the unit is 30 s, the daemon's own 25.
check_hanging_airbyte() {
  until_true 20 ready || true
  c systemctl kill --signal=STOP airbyte.service
  check "a request hangs" until_true 20 metric_above syncwarden_airbyte_requests_in_flight 0
  check "systemctl stop is clean nevertheless, within 25 s" stop 25
  say "        it took $took ms"
  c systemctl kill --signal=CONT airbyte.service
  check "systemctl start" c systemctl start syncwarden.service
}

check_watchdog() {
  local pid
  c sh -ec 'printf "[Service]\nWatchdogSec=2s\n" >/etc/systemd/system/syncwarden.service.d/watchdog.conf
    systemctl daemon-reload
    systemctl restart syncwarden.service'
  pid=$(main_pid)
  sleep 5
  check "a loop that turns feeds the watchdog (2 s): no restart in 5 s" is "$(property NRestarts) $(main_pid)" "0 $pid"
  c systemctl kill --signal=STOP --kill-who=main syncwarden.service
  check "a loop that hangs is ended" until_true 10 journal_tells "Watchdog timeout"
  check "and started again" until_true 20 restarted "$pid"
  check "/readyz answers 200" until_true 20 ready
  c sh -ec 'rm /etc/systemd/system/syncwarden.service.d/watchdog.conf; systemctl daemon-reload'
}
journal_tells() { [[ $(journal) == *"$1"* ]]; }
restarted() { active && [[ $(property NRestarts) == 1 && $(main_pid) != "$1" ]]; }

# A system call that the unit refuses fails quietly. Here it would be the end of the process.
check_system_calls() {
  c sh -ec 'printf "[Service]\nSystemCallErrorNumber=kill\n" >/etc/systemd/system/syncwarden.service.d/strict.conf
    systemctl daemon-reload'
  check "restart, with death for each refused system call" c systemctl restart syncwarden.service
  check "/readyz answers 200" until_true 20 ready
  check "a sync starts" until_true 30 metric_above 'syncwarden_ticks_total{outcome="started",reason="on_time"}' 0
  check "reload" c systemctl reload syncwarden.service
  check "systemctl stop" stop 5
  check "it was never killed" property_is NRestarts 0
  c sh -ec 'rm /etc/systemd/system/syncwarden.service.d/strict.conf
    systemctl daemon-reload
    systemctl start syncwarden.service'
}

check_wrong_configuration() {
  local right
  right=$(cat "$root/etc/syncwarden/syncwarden.yaml")
  check "systemctl stop" stop 5
  configuration '  - mach: {name: "a typing error"}' >"$root/etc/syncwarden/syncwarden.yaml"
  check "a wrong configuration does not start" fails_to_start
  check "and is not tried again" is "$(property SubState) $(property ExecMainStatus) $(property NRestarts)" "failed 2 0"
  check "the journal names file, line and column" until_true 5 journal_tells "/etc/syncwarden/syncwarden.yaml:8:5"
  printf '%s\n' "$right" >"$root/etc/syncwarden/syncwarden.yaml"
  check "the right one starts" c systemctl start syncwarden.service
}
fails_to_start() { ! c systemctl start syncwarden.service 2>/dev/null; }

# --- the package ------------------------------------------------------------------------------------------------

# next_package NAME VERSION [CONFFILE-LINE]: the same package as a later release.
next_package() {
  local folder=$work/$1
  dpkg-deb -R "$package" "$folder"
  sed -i "s/^Version: .*/Version: $2/" "$folder/DEBIAN/control"
  [[ -z ${3:-} ]] || echo "$3" >>"$folder/etc/syncwarden/syncwarden.yaml"
  dpkg-deb --root-owner-group --build "$folder" "$root/var/cache/$1.deb" >/dev/null
}
# dpkg_inside ARGUMENT…: its words are shown only if it fails.
dpkg_inside() { c dpkg "$@" >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; return 1; }; }
# shellcheck disable=SC2016  # dpkg's placeholders
version_is() { is "$(c dpkg-query -W -f '${db:Status-Status} ${Version}' syncwarden)" "$1"; }
program_is_new() { [[ $(c readlink "/proc/$(main_pid)/exe") == /usr/bin/syncwarden ]]; }
same_configuration() { cmp -s "$work/configuration.yaml" "$root/etc/syncwarden/syncwarden.yaml"; }

check_upgrade() {
  local pid version
  version=$(dpkg-deb -f "$package" Version)
  next_package upgrade1 "$version+upgrade1"
  next_package upgrade2 "$version+upgrade2" '# a line of the new release'
  cp "$root/etc/syncwarden/syncwarden.yaml" "$work/configuration.yaml"
  pid=$(main_pid)
  check "upgrade, sample configuration as before: asks nothing" dpkg_inside -i /var/cache/upgrade1.deb
  check "is installed" version_is "installed $version+upgrade1"
  check "the running daemon was replaced by the new program" program_is_new
  check "in a new process, active" is "$(property ActiveState) $([[ $(main_pid) != "$pid" ]] && echo new)" "active new"
  check "the changed configuration is kept" same_configuration
  check "/readyz answers 200" until_true 20 ready
  check "upgrade, sample configuration changed" dpkg_inside --force-confold -i /var/cache/upgrade2.deb
  check "the changed configuration is kept" same_configuration
  check "with the new sample beside it" grep -q 'new release' "$root/etc/syncwarden/syncwarden.yaml.dpkg-dist"
  check "systemctl stop" stop 5
  take_state "$state" second
  check "every decision survived the upgrades" kept_decisions
  check "an upgrade does not start what was stopped" upgrade_leaves_stopped
  check "systemctl start" c systemctl start syncwarden.service
}
upgrade_leaves_stopped() { dpkg_inside --force-confold -i /var/cache/upgrade2.deb && property_is ActiveState inactive; }

check_removal() {
  check "remove" dpkg_inside -r syncwarden
  check "stops the daemon" is "$(pgrep -P "$init" -x syncwarden)" ""
  check "systemd knows the unit no more" property_is LoadState not-found
  check "no program is left" test ! -e "$root/usr/bin/syncwarden"
  check "the changed configuration is kept" same_configuration
  check "the state is kept" test -s "$state"
  check "installed again" dpkg_inside --force-confold -i /var/cache/upgrade1.deb
  check "the changed configuration is still there" same_configuration
  check "systemctl start" c systemctl start syncwarden.service
  check "/readyz answers 200" until_true 20 ready
  check "purge" dpkg_inside --purge syncwarden
  check "nothing is left but what the user wrote" is "$(leftovers | xargs)" \
    "/etc/syncwarden/secrets/airbyte-client-secret /etc/systemd/system/syncwarden.service.d/secrets.conf"
}
leftovers() {
  (cd "$root" && find etc var/lib usr lib run/systemd -path '*syncwarden*' ! -type d ! -path 'var/lib/apt/*' 2>/dev/null) |
    sed 's|^|/|' | sort
}

power_off() {
  c systemctl poweroff 2>/dev/null || true  # it may be gone before it has answered
  local status=0
  wait "$nspawn" || status=$?
  nspawn=
  init=
  return "$status"
}

if [[ -z $package ]]; then
  say "building the package"
  package=$(build_package)
fi
make_root
install_package
write_configuration
boot
check_start
check_confinement
check_reload
check_restart
check_hanging_airbyte
check_watchdog
check_system_calls
check_wrong_configuration
check_upgrade
check_removal
check "powers off in order" power_off
verdict
