#!/usr/bin/env bash
# docker/Dockerfile and docker/compose.yaml for real: a dockerd of its own builds the image, runs it as strictly as it
# is meant to be run, and brings compose up. Says what it checked; any failure makes the exit status 1.
set -euo pipefail

usage() {
  cat <<'HELP'
usage: image.sh [--from-source] [--base TAR] [--no-compose] [--keep]

  --from-source   compile inside of the image instead of giving it the package of ./dev package; takes minutes
  --base TAR      keep the bare Debian root in this file, and begin with it if it exists
  --no-compose    the image only
  --keep          leave the folder behind and say where

Needs root, mmdebstrap, docker.io, iproute2, sqlite3, curl and 2 GB (4 to compile) in TMPDIR, a file system that can be
below an overlay (most can); for compose also docker-compose, prometheus,
prometheus-alertmanager and iptables.
HELP
}

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
project=$(readlink -f "$here/../..")
from_source=no
base=
compose=yes
keep=no
while [[ $# -gt 0 ]]; do
  case $1 in
    --from-source) from_source=yes ;;
    --base) base=${2:?} && shift ;;
    --no-compose) compose=no ;;
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
needs mmdebstrap dockerd docker ip nsenter sqlite3 curl
[[ $compose == no ]] || needs docker-compose prometheus prometheus-alertmanager iptables

work=$(mktemp -d "${TMPDIR:-/tmp}/syncwarden-image.XXXXXX")
name=syncwarden-$$
server=   # of dockerd
network=  # a process in the container's network
# Nothing of this machine's own docker, if it has one.
export DOCKER_HOST=unix://$work/sock DOCKER_CONFIG=$work/client DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0

leave() {
  local status=$?
  trap - EXIT
  if [[ -n $server ]]; then
    docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1 || true
    stop_server
  fi
  [[ ! -e /run/netns/$name ]] || ip netns del "$name"
  # dockerd leaves one of its mounts.
  findmnt -rno TARGET | grep -F "$work/" | sort -r | xargs -r umount || true
  remove_cgroups "$name"
  if [[ $keep == yes ]]; then say "the folder is $work"; else rm -rf --one-file-system "$work"; fi
  exit "$status"
}
trap leave EXIT
trap 'exit 130' INT TERM

# start_server [COMMAND…] -- [FLAG…]: dockerd, begun by this command.
start_server() {
  local -a begun=()
  while [[ $1 != -- ]]; do begun+=("$1"); shift; done
  shift
  "${begun[@]}" dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" -H "$DOCKER_HOST" \
    --cgroup-parent="/$name" --default-ulimit nofile=1024:4096 "$@" >>"$work/dockerd.log" 2>&1 &
  server=$!
  until_true 30 docker_answers || { tail -n 20 "$work/dockerd.log" >&2; die "dockerd does not start"; }
}
docker_answers() { docker version >/dev/null 2>&1; }
stop_server() {
  kill -TERM "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}

# --- building ---------------------------------------------------------------------------------------------------

make_base() {
  local tar=${base:-$work/base.tar}
  say "a bare Debian 12 as debian:12-slim"
  make_debian_root "$tar" "" "${slim_options[@]}"
  docker import "$tar" debian:12-slim >/dev/null
}

build_image() {
  local package=
  local -a arguments=(--network=host --build-arg "REVISION=$(git -C "$project" rev-parse --short=12 HEAD)")
  if [[ $from_source == no ]]; then
    package=$(build_package)
    arguments+=(--build-arg "PACKAGE=${package#"$project/"}")
  fi
  say "building the image${package:+ from the package}"
  docker build -f "$project/docker/Dockerfile" -t syncwarden "${arguments[@]}" "$project" >"$work/build.log" 2>&1 ||
    { tail -n 40 "$work/build.log" >&2; die "docker build failed"; }
}

size() { docker image inspect -f '{{.Size}}' "$1"; }
label() { docker image inspect -f "{{index .Config.Labels \"org.opencontainers.image.$1\"}}" syncwarden; }

check_image() {
  local all own version
  all=$(size syncwarden)
  own=$((all - $(size debian:12-slim)))
  say "        $((all / 1000000)) MB, of which $((own / 1000000)) MB are more than Debian itself"
  version=$(docker run --rm --network none syncwarden --version 2>>"$work/run.log")
  check "runs: $version" test -n "$version"
  check "the labels tell version and revision" is "${version%,*}" "syncwarden $(label version) (revision $(label revision)"
  check "a number as user, so that Kubernetes can tell that it is not root" \
    is "$(docker image inspect -f '{{.Config.User}}' syncwarden)" 65532:65532
  docker create --name contents --network none syncwarden >/dev/null 2>>"$work/run.log"
  docker export contents | tar -t >"$work/contents"
  docker rm -v contents >/dev/null
  check "no compiler inside, no headers, no caches" nothing_to_build_with
}
nothing_to_build_with() {
  ! grep -E '^(usr/(local/)?)?bin/([a-z0-9_-]*-)?(cc|c\+\+|gcc|g\+\+|cpp|clang|ld|as|make|cmake|ninja|git)(-[0-9]+)?$' "$work/contents" &&
    ! grep -E '^usr/include/.|\.deb$|^var/lib/apt/lists/[^/]*_|^var/cache/apt/.|^src/.' "$work/contents"
}

# --- running ----------------------------------------------------------------------------------------------------

circumstances() {
  local container
  docker ps -a
  for container in $(docker ps -aq); do docker logs --tail 10 "$container" 2>&1 || true; done
}
inspected() { docker inspect -f "{{$1}}" warden; }
of_process() { awk -v key="$1:" '$1 == key {print $2}' "/proc/$network/status"; }
healthy() { [[ $(inspected .State.Health.Status) == healthy ]]; }
healthcheck() { docker exec warden /usr/bin/syncwarden healthcheck; }

# configuration [LINE…]
configuration() {
  cat <<'YAML'
airbyte:
  url: http://127.0.0.1:8001
  auth: {type: client_credentials, client_id: emulator, client_secret_file: /run/secrets/airbyte}
  poll: {min: 1s, max: 2s}
connections:
  - match: {name: "orders -> warehouse"}
    schedule: {every: 7s}
YAML
  printf '%s\n' "$@"
}

# start_container NETWORK: as strictly as docker/README.md says.
start_container() {
  docker run -d --name warden --network "$1" --read-only --cap-drop=all --security-opt=no-new-privileges \
    --memory=256m --pids-limit=64 -v state:/var/lib/syncwarden \
    -v "$work/config:/etc/syncwarden:ro" -v "$work/secret:/run/secrets/airbyte:ro" syncwarden >/dev/null 2>>"$work/run.log"
  network=$(inspected .State.Pid)
}

check_container() {
  local began
  mkdir -p "$work/config"
  configuration >"$work/config/syncwarden.yaml"
  # Only the daemon's user may read it, as Kubernetes and compose would do it.
  (umask 077 && echo secret >"$work/secret" && chown 65532:65532 "$work/secret")
  start_container none
  began=$SECONDS
  # An Airbyte beside it, where 127.0.0.1 is the same for both.
  docker run -d --name airbyte --network container:warden syncwarden emulator --auth=bearer >/dev/null 2>>"$work/run.log"
  check "read-only, without network: /readyz answers 200" until_true 20 ready
  check "the user is 65532" is "$(of_process Uid) $(of_process Gid)" "65532 65532"
  check "no capability, no new privileges, system calls filtered" \
    is "$(of_process CapEff) $(of_process CapBnd) $(of_process NoNewPrivs) $(of_process Seccomp)" "0000000000000000 0000000000000000 1 2"
  check "nothing can be written but the state" only_state_is_writable
  check "the secret's file is read: Airbyte takes it" until_true 20 metric_is syncwarden_airbyte_up 1
  check "/metrics: a sync started" until_true 20 metric_above 'syncwarden_ticks_total{outcome="started",reason="on_time"}' 0
  check "HEALTHCHECK: healthy by itself" until_true 40 healthy
  say "        after $((SECONDS - began)) s"
  docker kill -s STOP warden >/dev/null
  check "the health check fails while the daemon hangs" hanging_is_noticed
  docker kill -s CONT warden >/dev/null
  check "and succeeds again" until_true 10 healthcheck
}
only_state_is_writable() {
  docker exec warden sh -c '! touch /x 2>/dev/null && ! touch /tmp/x 2>/dev/null && ! touch /etc/syncwarden/x 2>/dev/null &&
    touch /var/lib/syncwarden/x && rm /var/lib/syncwarden/x'
}
hanging_is_noticed() { local status=0; healthcheck >"$work/healthcheck.log" 2>&1 || status=$?; is "$status" 1; }

check_reload() {
  local before
  before=$(metric syncwarden_config_last_reload_success_timestamp_seconds)
  # As an editor does it: another file under the same name.
  configuration '  - match: {name: "customers -> warehouse"}' '    schedule: {every: 1h}' >"$work/config/new"
  mv "$work/config/new" "$work/config/syncwarden.yaml"
  docker kill -s HUP warden >/dev/null
  check "SIGHUP takes a changed file" until_true 10 metric_above syncwarden_config_last_reload_success_timestamp_seconds "$before"
  check "in the same process" is "$(inspected .State.Pid)" "$network"
}

# stop LIMIT: within so many seconds, with exit status 0.
stop() {
  local began=${EPOCHREALTIME/./}
  docker stop -t 30 warden >/dev/null
  took=$(((${EPOCHREALTIME/./} - began) / 1000))
  is "$(inspected .State.ExitCode) $(inspected .State.OOMKilled)" "0 false" && ((took <= $1 * 1000))
}

check_restart() {
  local file
  check "SIGTERM: exit status 0" stop 5
  say "        after $took ms"
  file=$(docker volume inspect -f '{{.Mountpoint}}' state)/state.db
  take_state "$file" first
  check "decisions are in the volume ($(wc -l <"$work/first.ticks"))" test -s "$work/first.ticks"
  docker rm warden >/dev/null
  start_container container:airbyte
  check "another container goes on with the volume" \
    until_true 30 metric_above 'syncwarden_ticks_total{outcome="started",reason="on_time"}' 0
  # It hangs: takes connections and never answers.
  docker kill -s STOP airbyte >/dev/null
  check "a request hangs" until_true 20 metric_above syncwarden_airbyte_requests_in_flight 0
  check "SIGTERM while Airbyte hangs: exit status 0" stop 25
  say "        after $took ms"
  take_state "$file" second
  check "every decision survived, and $(new_decisions) are new" kept_decisions
  docker kill -s CONT airbyte >/dev/null
  docker rm -f airbyte warden >/dev/null
}

# --- compose ----------------------------------------------------------------------------------------------------

# No image can be fetched here. These have the command lines of the real ones, with the versions that Debian has.
make_prometheus() {
  mkdir "$work/prometheus"
  cp "$(command -v prometheus)" "$work/prometheus/"
  cat >"$work/prometheus/Dockerfile" <<'DOCKERFILE'
FROM debian:12-slim
COPY prometheus /bin/prometheus
RUN install -d -o nobody -g nogroup /prometheus
USER nobody
VOLUME /prometheus
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
DOCKERFILE
  docker build -t "$1" "$work/prometheus" >"$work/prometheus.log" 2>&1 || { cat "$work/prometheus.log" >&2; die "no image for Prometheus"; }
}

make_alertmanager() {
  mkdir "$work/alertmanager"
  cp "$(command -v prometheus-alertmanager)" "$work/alertmanager/"
  cp -r /usr/share/prometheus/alertmanager "$work/alertmanager/share"  # of Debian's: its templates are not inside of it
  cat >"$work/alertmanager/Dockerfile" <<'DOCKERFILE'
FROM debian:12-slim
COPY prometheus-alertmanager /bin/alertmanager
COPY share /usr/share/prometheus/alertmanager
RUN install -d -o nobody -g nogroup /alertmanager
USER nobody
VOLUME /alertmanager
ENTRYPOINT ["/bin/alertmanager"]
CMD ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]
DOCKERFILE
  docker build -t "$1" "$work/alertmanager" >"$work/alertmanager.log" 2>&1 ||
    { cat "$work/alertmanager.log" >&2; die "no image for Alertmanager"; }
}

# Networks, names and published ports of docker, all inside of a network of its own.
start_server_in_network() {
  ip netns add "$name"
  ip -n "$name" link set lo up
  start_server nsenter --net="/run/netns/$name" -- --userland-proxy=false
}
composed() { docker-compose -p warden -f "$project/docker/compose.yaml" "$@"; }
outside() { nsenter --net="/run/netns/$name" curl -sS --fail --max-time 5 "$@" 2>/dev/null; }
# in_prometheus QUERY: has a result.
in_prometheus() { outside --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query | grep -F '"metric"' >"$work/query.log"; }

check_compose() {
  local image alertmanager
  check "compose.yaml asks where Airbyte is" asks_for_airbyte
  export AIRBYTE_URL=http://host.docker.internal:8000
  check "compose.yaml is valid" composed config --quiet
  image=$(composed config | sed -n 's|^ *image: \(prom/prometheus:.*\)$|\1|p')
  alertmanager=$(composed config | sed -n 's|^ *image: \(prom/alertmanager:.*\)$|\1|p')
  say "a Prometheus in the place of $image, an Alertmanager in the place of $alertmanager; no Grafana"
  make_prometheus "$image"
  make_alertmanager "$alertmanager"
  say "compose up, in a network of its own"
  stop_server
  start_server_in_network
  docker run -d --name airbyte --network host syncwarden emulator --auth=bearer --listen 0.0.0.0:8000 >/dev/null
  check "docker run and what follows, as docker/README.md has it typed" as_written
  export SYNCWARDEN_AIRBYTE_CLIENT_ID=emulator SYNCWARDEN_AIRBYTE_CLIENT_SECRET=secret
  check "compose up" compose_up
  check "the daemon is healthy" is "$(docker inspect -f '{{.State.Health.Status}}' warden_syncwarden_1)" healthy
  network=$(docker inspect -f '{{.State.Pid}}' warden_syncwarden_1)
  check "the daemon reaches Airbyte on the host, with the credentials" until_true 20 metric_is syncwarden_airbyte_up 1
  check "its port is published: /readyz" until_true 20 published_ready
  check "Prometheus scrapes it" until_true 40 in_prometheus 'up{job="syncwarden"} == 1'
  check "Prometheus has its metrics" until_true 20 in_prometheus 'syncwarden_airbyte_up == 1'
  check "Prometheus has the alert rules" prometheus_has_rules
  check "Prometheus knows its Alertmanager" until_true 20 prometheus_has_alertmanager
  check "Alertmanager is ready, with the routes" alertmanager_has_routes
  check "the state is in the volume" test -s "$(docker volume inspect -f '{{.Mountpoint}}' warden_state)/state.db"
  check "compose down" composed_quietly down -v
}
as_written() (
  export HOME=$work/home
  cd "$project"
  mkdir "$HOME"
  type_block docker/README.md "mkdir -p ~/warden" || return 1
  cat >"$HOME/warden/syncwarden.yaml" <<'YAML'
airbyte:
  url: http://host.docker.internal:8000
  auth: {type: client_credentials, client_id: emulator, client_secret: secret}
YAML
  type_block docker/README.md "docker run -d --name syncwarden"
  status=$?
  docker rm -f -v syncwarden >/dev/null
  return "$status"
)
asks_for_airbyte() { ! env -u AIRBYTE_URL docker-compose -f "$project/docker/compose.yaml" config >/dev/null 2>"$work/asks.log" && grep -F 'where Airbyte answers' "$work/asks.log" >/dev/null; }
composed_quietly() { composed "$@" >"$work/compose.log" 2>&1 || { cat "$work/compose.log"; return 1; }; }
compose_up() { composed_quietly up -d --no-build syncwarden prometheus alertmanager; }
published_ready() { [[ $(outside http://127.0.0.1:9927/readyz) == ok* ]]; }
prometheus_has_alertmanager() {
  outside http://127.0.0.1:9090/api/v1/alertmanagers | grep -F '"activeAlertmanagers":[{"url":"http://alertmanager:9093' >/dev/null
}
alertmanager_has_routes() { outside http://127.0.0.1:9093/api/v2/status | grep -F 'SyncwardenAirbyteUnreachable' >/dev/null; }
prometheus_has_rules() {
  local wanted have
  wanted=$(grep -c '^ *- alert:' "$project/config/prometheus/rules/syncwarden.yaml")
  have=$(outside http://127.0.0.1:9090/api/v1/rules | grep -o '"type":"alerting"' | wc -l)
  is "$have" "$wanted"
}

start_server -- --iptables=false --ip6tables=false --ip-forward=false --bridge=none --userland-proxy=false
make_base
build_image
check_image
check_container
check_reload
check_restart
[[ $compose == no ]] || check_compose
verdict
