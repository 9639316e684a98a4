#!/usr/bin/env bash
# A real Prometheus scrapes `syncwarden demo` with the shipped alert rules. Takes 10 to 60 seconds. See CONTRACT.md.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
project=$(readlink -f "$here/../..")
binary=${SYNCWARDEN:-$project/build/gcc/src/app/syncwarden}
die() { printf 'prometheus: %s\n' "$*" >&2; exit 1; }
[[ -x $binary ]] || die "no $binary; ./dev build makes it"
for tool in prometheus promtool curl python3; do
  command -v "$tool" >/dev/null || die "no $tool; ./dev deps test installs it"
done

work=$(mktemp -d "${TMPDIR:-/tmp}/syncwarden-prometheus.XXXXXX")
children=()
leave() {
  local status=$?
  if [[ ${#children[@]} -gt 0 ]]; then
    kill "${children[@]}" 2>/dev/null || true
    wait "${children[@]}" 2>/dev/null || true
  fi
  if [[ $status != 0 ]]; then
    tail -n 15 "$work"/*.log >&2 || true
  fi
  rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM

# until_true SECONDS WHAT COMMAND…
until_true() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < deadline)) || die "not within its time: $what"
    sleep 0.5
  done
  printf '%3d s  %s\n' "$SECONDS" "$what"
}

"$binary" demo --web.listen-address 127.0.0.1:0 >"$work/demo.log" 2>&1 &
children+=($!)
until_true 15 "the demo is ready" grep -q 'demo is ready' "$work/demo.log"
metrics=$(sed -n 's|^ *metrics *\(http://[^ ]*/metrics\) *$|\1|p' "$work/demo.log")
address=${metrics#http://}
address=${address%/metrics}

cat >"$work/prometheus.yml" <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s, scrape_timeout: 900ms}
rule_files: ["$project/config/prometheus/rules/*.yaml"]
scrape_configs:
  - job_name: syncwarden
    static_configs: [{targets: ["$address"]}]
YAML
promtool check config "$work/prometheus.yml" >"$work/check.log" || die "promtool refuses the configuration"

# Prometheus tells nobody which port it took, so it is given one that was free a moment ago; again if it no longer is.
server=
start_prometheus() {
  local port pid attempt
  for attempt in 1 2 3; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data$attempt" --log.level=warn \
      --web.listen-address="127.0.0.1:$port" >"$work/prometheus.log" 2>&1 &
    pid=$!
    children+=("$pid")
    server=http://127.0.0.1:$port
    for _ in {1..60}; do
      if ! kill -0 "$pid" 2>/dev/null; then break; fi
      if curl -sf -o /dev/null "$server/-/ready"; then return; fi
      sleep 0.25
    done
  done
  die "Prometheus does not start"
}
start_prometheus

# value QUERY: of the first series, empty for none.
value() {
  curl -sf --max-time 5 --data-urlencode "query=$1" "$server/api/v1/query" |
    python3 -c 'import json, sys; r = json.load(sys.stdin)["data"]["result"]; print(r[0]["value"][1] if r else "")'
}
# true_in_prometheus QUERY: at least one series is left.
true_in_prometheus() { [[ -n $(value "$1") ]]; }

until_true 30 "up == 1" true_in_prometheus 'up{job="syncwarden"} == 1'
began=$SECONDS
left() { echo $((60 - (SECONDS - began))); }
until_true "$(left)" "started" true_in_prometheus 'sum(syncwarden_ticks_total{outcome="started"}) > 0'
until_true "$(left)" "failed" true_in_prometheus 'sum(syncwarden_jobs_failed_total) > 0'
until_true "$(left)" "succeeded" true_in_prometheus \
  'sum(syncwarden_jobs_completed_total) - sum(syncwarden_jobs_failed_total) - (sum(syncwarden_jobs_cancelled_total) or vector(0)) > 0'
until_true "$(left)" "running" true_in_prometheus 'sum(syncwarden_jobs_active{state="running"}) > 0'

curl -sf "$metrics" >"$work/metrics"
promtool check metrics <"$work/metrics" >"$work/check.log" 2>&1 || die "promtool check metrics complains: $(cat "$work/check.log")"
[[ ! -s $work/check.log ]] || die "promtool check metrics remarks: $(cat "$work/check.log")"
printf '%3d s  promtool check metrics is silent\n' "$SECONDS"

# New series come while jobs end, so the two counts are compared until they were taken at the same state.
same_count() {
  local lines samples
  lines=$(curl -sf "$metrics" | grep -vc '^#')
  sleep 1.2
  samples=$(value 'scrape_samples_scraped{job="syncwarden"}')
  printf '%s sample lines, %s scraped\n' "$lines" "$samples" >"$work/count.log"
  [[ $lines == "$samples" ]]
}
until_true 20 "Prometheus stores every sample line" same_count
cat "$work/count.log"
true_in_prometheus 'scrape_samples_post_metric_relabeling{job="syncwarden"} == scrape_samples_scraped' ||
  die "samples were dropped"

# Every rule that is shipped was evaluated, without error.
curl -sf "$server/api/v1/rules" >"$work/rules.json"
python3 -B - "$work/rules.json" "$project"/config/prometheus/rules/*.yaml <<'PYTHON'
import json, sys, yaml
wanted = sorted(rule.get("alert") or rule["record"]
                for path in sys.argv[2:] for group in yaml.safe_load(open(path))["groups"] for rule in group["rules"])
rules = [rule for group in json.load(open(sys.argv[1]))["data"]["groups"] for rule in group["rules"]]
if sorted(rule["name"] for rule in rules) != wanted:
    sys.exit(f"prometheus: loaded {len(rules)} rules of {len(wanted)}")
bad = [f"{rule['name']}: {rule['health']} {rule.get('lastError', '')}" for rule in rules if rule["health"] != "ok"]
if bad:
    sys.exit("prometheus: rules that do not evaluate:\n" + "\n".join(bad))
firing = sorted(rule["name"] for rule in rules if rule.get("state") in ("firing", "pending"))
print(f"{len(rules)} rules evaluate; pending or firing in the demo: {', '.join(firing) or 'none'}")
PYTHON
failures=$(curl -sf "$server/metrics" | awk '/^prometheus_rule_evaluation_failures_total/ {n += $NF} END {print n + 0}')
[[ $failures == 0 ]] || die "$failures evaluations of rules failed on the way"
kill -TERM "${children[0]}"
wait "${children[0]}" || die "the demo did not stop in order"
echo "passed"
