#include "settings/impl/keys.hpp"

#include "settings/impl/shapes.hpp"

#include <algorithm>

namespace syncwarden::settings {
namespace {

using namespace spans;

const Shape& state_shape() {
  static const Shape shape{{{.name = "postgresql", .kind = Kind::section, .later = true}}};
  return shape;
}

const Shape& policy_shape() {
  static const Shape shape{policy_fields()};
  return shape;
}

const Shape& group_shape() {
  static const Shape shape{{
      {.name = "name", .doc = "For messages and metrics", .required = true, .example = "salesforce"},
      {.name = "match",
       .kind = Kind::section,
       .doc = "Which connections share the limit",
       .shape = &match_shape(),
       .required = true},
      {.name = "total",
       .kind = Kind::count,
       .doc = "Running jobs at a time",
       .least = 1,
       .most = 100'000,
       .required = true,
       .example = "1"},
  }};
  return shape;
}

const Shape& limits_shape() {
  static const auto limit = [](std::string_view name, std::string_view doc) {
    return Field{.name = name, .kind = Kind::count, .standard = "0", .doc = doc, .least = 0, .most = 100'000};
  };
  static const Shape shape{{
      limit("total", "Running jobs at a time, ours or not"),
      limit("per_source", "Of one source"),
      limit("per_destination", "Of one destination"),
      limit("per_source_type", "Of one source connector"),
      limit("per_destination_type", "Of one destination connector"),
      {.name = "groups",
       .kind = Kind::sections,
       .standard = "[]",
       .doc = "Limits for connections that match",
       .shape = &group_shape(),
       .example = "  - name: salesforce\n    match: {source: \"salesforce*\"}\n    total: 1\n"},
  }};
  return shape;
}

const Shape& after_shape() {
  static const Shape shape{{
      {.name = "all",
       .kind = Kind::some_texts,
       .doc = "Names (with * and ?) or ids of connections; all of them must have succeeded",
       .required = true,
       .example = "[\"orders -> warehouse\"]"},
      {.name = "within",
       .kind = Kind::duration,
       .standard = "none",
       .doc = "Missed, if the first success is older than this while another is awaited",
       .words = {"none"},
       .least = minute,
       .most = 366 * day},
  }};
  return shape;
}

const Shape& schedule_shape() {
  static const Shape shape{{
      {.name = "name",
       .doc = "Keeps a schedule's history through edits; needed in a list of several",
       .example = "nightly"},
      {.name = "cron",
       .doc = "Quartz (6 or 7 fields), Unix (5 fields), or a macro such as @hourly",
       .example = "0 15 * * * ?"},
      {.name = "every",
       .kind = Kind::duration,
       .doc = "An interval on a grid that starts with 1970 in UTC",
       .least = second,
       .most = 366 * day,
       .example = "1h"},
      {.name = "phase",
       .kind = Kind::duration,
       .doc = "every: this long after the grid's points",
       .least = 0,
       .most = 366 * day,
       .example = "10m"},
      {.name = "spread",
       .kind = Kind::flag,
       .doc = "every: phases by the connections' ids, so that many do not start together",
       .example = "true"},
      {.name = "timezone",
       .kind = Kind::zone,
       .doc = "cron: instead of the rule's",
       .example = "Europe/Amsterdam"},
      {.name = "dst",
       .kind = Kind::word,
       .doc = "cron: instead of the rule's",
       .words = {"safe", "quartz", "skip"},
       .example = "quartz"},
      {.name = "keep_fresh",
       .kind = Kind::duration,
       .doc = "Started early enough, by the durations seen, that data is never older than this",
       .least = 5 * minute,
       .most = 366 * day,
       .example = "2h"},
      {.name = "after",
       .kind = Kind::some_texts,
       .doc =
           "Once these connections have had a verified success since this one's last start: one, a list, or "
           "{all: [...], within}",
       .shape = &after_shape(),
       .example = "orders -> warehouse"},
  }};
  return shape;
}

const Shape& rule_shape() {
  static const Shape shape{[] {
    std::vector<Field> fields{
        {.name = "match",
         .kind = Kind::section,
         .doc = "Which connections; everything that is given must match",
         .shape = &match_shape(),
         .required = true},
        {.name = "schedule",
         .kind = Kind::some_sections,
         .doc = "When: {cron}, {every}, {keep_fresh}, {after}, a list of named ones, or airbyte (leave it to "
                "Airbyte)",
         .words = {"airbyte"},
         .shape = &schedule_shape()},
    };
    for (Field& field : policy_fields()) fields.push_back(std::move(field));
    return fields;
  }()};
  return shape;
}

const Shape& blackout_shape() {
  static const Shape shape{{
      {.name = "name",
       .doc = "For messages, explanations and metrics",
       .required = true,
       .example = "warehouse-maintenance"},
      {.name = "match",
       .kind = Kind::section,
       .doc = "Which connections are not started",
       .shape = &match_shape(),
       .required = true},
      {.name = "cron",
       .doc = "When it begins, as in a schedule",
       .required = true,
       .example = "\"0 2 * * SUN\""},
      {.name = "duration",
       .kind = Kind::duration,
       .doc = "How long it lasts; less than the distance of its beginnings",
       .least = minute,
       .most = 366 * day,
       .required = true,
       .example = "3h"},
      {.name = "timezone",
       .kind = Kind::zone,
       .doc = "Of cron: an IANA name; that of the defaults unless set",
       .example = "Europe/Paris"},
      {.name = "ticks",
       .kind = Kind::word,
       .standard = "defer",
       .doc = "What is due meanwhile: defer (starts once at the end) or skip",
       .words = {"defer", "skip"}},
      {.name = "running",
       .kind = Kind::word,
       .standard = "finish",
       .doc = "What runs when it begins: finish, or cancel (syncs of managed connections only)",
       .words = {"finish", "cancel"}},
  }};
  return shape;
}

const Shape& fleet_hold_shape() {
  static const Shape shape{{
      {.name = "failed_ratio",
       .kind = Kind::percent,
       .standard = "50%",
       .doc = "Of the jobs that ended within the window, so many failed",
       .least = 1,
       .most = 100},
      {.name = "min_jobs",
       .kind = Kind::count,
       .standard = "10",
       .doc = "With fewer jobs than these it is no common trouble",
       .least = 1,
       .most = 100'000},
      {.name = "window",
       .kind = Kind::duration,
       .standard = "15m",
       .doc = "How far back it looks",
       .least = second,
       .most = day},
  }};
  return shape;
}

const Shape& web_shape() {
  static const Shape shape{{
      {.name = "listen_address",
       .standard = "127.0.0.1:9927",
       .doc = "HOST:PORT of metrics, health and the API; like --web.listen-address"},
      {.name = "config_file",
       .kind = Kind::path,
       .doc = "TLS, users and tokens, in the exporters' web-config format; without it only metrics and "
              "probes are "
              "served beyond this machine",
       .example = "web.yaml"},
      {.name = "host_names",
       .kind = Kind::texts,
       .doc = "Names under which it may be called, besides localhost and the listen address",
       .example = "[warden.example.org]"},
      {.name = "unix_socket",
       .kind = Kind::path,
       .doc = "A Unix socket beside it (mode 0660), where the audit knows who asks; like --web.unix-socket",
       .example = "/run/syncwarden/api.sock"},
      {.name = "airbyte_webhook_token",
       .kind = Kind::secret,
       .doc =
           "Receives Airbyte's notifications at /webhooks/airbyte/TOKEN, and polls sooner then; 16 letters "
           "and digits at least",
       .example = "${AIRBYTE_WEBHOOK_TOKEN}"},
      {.name = "airbyte_webhook_token_file",
       .kind = Kind::secret_file,
       .doc = "A file that holds it",
       .example = "/run/secrets/airbyte-webhook-token"},
  }};
  return shape;
}

const Shape& metrics_shape() {
  static const Shape shape{{
      {.name = "connection_detail",
       .kind = Kind::word,
       .standard = "basic",
       .doc = "What /metrics shows of each connection: off (totals only), basic (5 series), full (10 series, "
              "with "
              "the last sync's duration, records and bytes, and the next start)",
       .words = {"off", "basic", "full"}},
      {.name = "connection_limit",
       .kind = Kind::count,
       .standard = "20000",
       .doc = "Connections with metrics of their own; what is left out is counted",
       .least = 0,
       .most = 1'000'000},
      {.name = "botify_compat",
       .kind = Kind::flag,
       .standard = "false",
       .doc = "Shows airbyte_connections, airbyte_jobs_pending, _running and _completed_total as well, as "
              "botify's airbyte_exporter does"},
  }};
  return shape;
}

const Shape& history_shape() {
  static const Shape shape{{{.name = "keep",
                             .kind = Kind::duration,
                             .standard = "90d",
                             .doc = "Ticks, runs and jobs older than this are removed",
                             .least = day,
                             .most = 3'660 * day}}};
  return shape;
}

constexpr std::string_view rules_example =
    "  - match: {name: \"orders -> warehouse\"}\n"
    "    schedule: {cron: \"0 15 * * * ?\"}\n"
    "  - match: {tag: hourly}\n"
    "    schedule: {every: 1h, spread: true}\n"
    "    overlap: queue_one\n"
    "  - match: {source_type: postgres}\n"
    "    schedule: {every: 6h, phase: 10m}\n"
    "  - match: {workspace: marketing, destination: \"bigquery*\"}\n"
    "    timezone: Europe/Amsterdam\n"
    "    schedule:\n"
    "      - {name: workdays, cron: \"0 6-20 * * MON-FRI\"}\n"
    "      - {name: weekend, cron: \"0 8 * * SAT,SUN\"}\n"
    "  - match: {tag: crm}\n"
    "    schedule: airbyte\n"
    "    stuck: {no_progress: {after: 2h, action: cancel_and_rerun}}\n"
    "    freshness: {late_after: {done_by: \"08:00\", days: MON-FRI}, objective: 99%}\n"
    "    labels: {team: sales}\n"
    "  - match: {tag: dashboards}\n"
    "    schedule: {keep_fresh: 2h}\n"
    "  - match: {name: \"revenue mart\"}\n"
    "    schedule: {after: {all: [\"orders -> warehouse\", \"customers -> warehouse\"], within: 6h}}\n";

constexpr std::string_view notify_example =
    "  - name: oncall\n"
    "    alertmanager: {urls: [\"http://localhost:9093\"]}\n"
    "  - name: team\n"
    "    slack: {webhook_url: \"https://hooks.slack.example/services/T0/B0/x\"}\n"
    "    match: {tag: marketing}\n"
    "    events: [incident_opened, incident_closed]\n"
    "    per_hour: 30\n"
    "    daily_digest: {at: \"08:00\", timezone: Europe/Amsterdam}\n"
    "  - name: pager\n"
    "    pagerduty: {routing_key: \"0123456789abcdef0123456789abcdef\"}\n"
    "    severity: critical\n"
    "  - name: hook\n"
    "    webhook: {url: \"https://hooks.example.org/syncwarden\", hmac_secret: \"a long random text\"}\n"
    "    labels: {team: finance}\n"
    "    events: [run_succeeded, run_failed, run_suspect]\n"
    "  - name: deadman\n"
    "    heartbeat: {url: \"https://hc-ping.example/5ae6b09b\", every: 1m, method: GET}\n"
    "# In place of a secret a file that holds it: webhook_url_file, routing_key_file, url_file, "
    "hmac_secret_file\n";

constexpr std::string_view blackouts_example =
    "  - name: warehouse-maintenance\n"
    "    match: {destination: \"snowflake*\"}\n"
    "    cron: \"0 2 * * SUN\"\n"
    "    duration: 3h\n"
    "    timezone: Europe/Paris\n"
    "    ticks: defer\n"
    "    running: finish\n";

void collect(const Shape& shape, const std::string& prefix, std::vector<std::string>& out) {
  for (const Field& field : shape.fields) {
    if (field.later) continue;
    const std::string path = prefix + std::string(field.name);
    out.push_back(path);
    const bool list = field.kind == Kind::sections;
    if (field.shape != nullptr) collect(*field.shape, path + (list ? "[]." : "."), out);
  }
}

}  // namespace

const Shape& match_shape() {
  static const Shape shape{{
      {.name = "name",
       .doc = "The connection's name; * and ? are wildcards, \"->\" stands for Airbyte's arrow",
       .example = "orders -> warehouse"},
      {.name = "id", .doc = "The connection's id", .example = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"},
      {.name = "tag", .doc = "One of its tags", .example = "hourly"},
      {.name = "workspace", .doc = "Its workspace's name or id", .example = "marketing"},
      {.name = "source", .doc = "Its source's name or id", .example = "salesforce*"},
      {.name = "destination", .doc = "Its destination's name or id", .example = "bigquery*"},
      {.name = "source_type", .doc = "The source's connector", .example = "postgres"},
      {.name = "destination_type", .doc = "The destination's connector", .example = "s3"},
  }};
  return shape;
}

const Field* Shape::find(std::string_view name) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

const Shape& root_shape() {
  static const Shape shape{{
      {.name = "include",
       .kind = Kind::texts,
       .standard = "[]",
       .doc = "More files, with * and ? in alphabetical order; lists are joined, other keys may stand in one "
              "file "
              "only",
       .example = "conf.d/*.yaml"},
      {.name = "airbyte",
       .kind = Kind::section,
       .doc = "Where Airbyte is and how to speak with it",
       .shape = &airbyte_shape(),
       .required = true,
       .example = "{url: \"http://localhost:8001\"}"},
      {.name = "state",
       .standard = "sqlite:/var/lib/syncwarden/state.db",
       .doc = "Where decisions are kept: sqlite:PATH",
       .shape = &state_shape()},
      {.name = "defaults",
       .kind = Kind::section,
       .doc = "Policy of every managed connection; each rule may override any part",
       .shape = &policy_shape()},
      {.name = "fleet_hold",
       .kind = Kind::section,
       .doc =
           "While so many jobs fail, starts are held and only probes are sent: a lost node pool is not 400 "
           "problems; off: never",
       .words = {"off"},
       .shape = &fleet_hold_shape()},
      {.name = "limits",
       .kind = Kind::section,
       .doc = "Running jobs at a time, whoever started them; 0: unlimited",
       .shape = &limits_shape()},
      {.name = "blackouts",
       .kind = Kind::sections,
       .standard = "[]",
       .doc = "Recurring windows in which nothing is started: no tick, no extra job, no recovery",
       .shape = &blackout_shape(),
       .example = blackouts_example},
      {.name = "connections",
       .kind = Kind::sections,
       .standard = "[]",
       .doc =
           "The managed connections; the first rule that matches wins, what no rule names is only observed",
       .shape = &rule_shape(),
       .example = rules_example},
      {.name = "mode",
       .kind = Kind::word,
       .standard = "live",
       .doc = "shadow: decide and record, send nothing",
       .words = {"live", "shadow"}},
      {.name = "web", .kind = Kind::section, .doc = "The daemon's own HTTP server", .shape = &web_shape()},
      {.name = "metrics", .kind = Kind::section, .doc = "What /metrics shows", .shape = &metrics_shape()},
      {.name = "history", .kind = Kind::section, .doc = "What the state keeps", .shape = &history_shape()},
      {.name = "notify",
       .kind = Kind::sections,
       .standard = "[]",
       .doc = "Who is told about incidents and runs, for those without Prometheus rules: each has a name and "
              "one of "
              "alertmanager, slack, pagerduty, webhook and heartbeat",
       .shape = &receiver_shape(),
       .example = notify_example},
  }};
  return shape;
}

std::vector<std::string> all_paths() {
  std::vector<std::string> out;
  collect(root_shape(), "", out);
  return out;
}

std::vector<std::string> paths_of(std::string_view name) {
  std::vector<std::string> out;
  for (std::string& path : all_paths()) {
    const std::size_t dot = path.rfind('.');
    const std::string_view leaf = dot == std::string::npos ? path : std::string_view(path).substr(dot + 1);
    if (leaf == name) out.push_back(std::move(path));
  }
  return out;
}

std::vector<std::string_view> list_elements(std::string_view standard) {
  std::vector<std::string_view> out;
  if (standard.size() < 2) return out;
  standard = standard.substr(1, standard.size() - 2);
  while (!standard.empty()) {
    const std::size_t comma = std::min(standard.find(','), standard.size());
    std::string_view element = standard.substr(0, comma);
    element.remove_prefix(std::min(element.find_first_not_of(' '), element.size()));
    if (!element.empty()) out.push_back(element);
    standard.remove_prefix(std::min(comma + 1, standard.size()));
  }
  return out;
}

}  // namespace syncwarden::settings
