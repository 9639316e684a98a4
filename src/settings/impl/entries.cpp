#include "settings/impl/entries.hpp"

#include "base/text.hpp"
#include "settings/impl/assemble.hpp"
#include "settings/impl/document.hpp"

#include <cstddef>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

using calendar::Schedule;
using syncwarden::to_string;

std::string optional_text(const std::optional<Millis>& duration, std::string_view otherwise) {
  return duration ? to_string(*duration) : std::string(otherwise);
}

/// 0.5 is "50%".
std::string percent_text(double share) { return fmt::format("{:.6g}%", share * 100); }

/// {done_by: "08:00", days: MON-FRI} Europe/Paris; the expression has the form that the reader gave it.
std::string deadline_text(const Schedule& deadlines) {
  std::istringstream words(deadlines.text().str());
  std::string second, minute, hour, day, month, days, zone;
  words >> second >> minute >> hour >> day >> month >> days >> zone;
  return fmt::format("{{done_by: \"{:0>2}:{:0>2}\", days: {}}} ({})", hour, minute, days, zone);
}

std::string late_text(const FreshnessPolicy& freshness) {
  if (const auto* fixed = std::get_if<Millis>(&freshness.late_after)) return to_string(*fixed);
  if (const auto* done_by = std::get_if<DoneBy>(&freshness.late_after))
    return deadline_text(done_by->deadlines);
  return "auto";
}

std::string labels_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, text] : labels) {
    out += fmt::format("{}{}: \"", out.empty() ? "" : ", ", name);
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return "{" + out + "}";
}

template <class Items, class Text>
std::string list_text(const Items& items, Text text) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + std::string(text(item));
  return "[" + out + "]";
}

Entries run_entries(const Policy& policy) {
  const ExtraJobs& extra = policy.extra_jobs;
  return {{"airbyte_schedule", std::string(to_string(policy.airbyte_schedule))},
          {"overlap", policy.cancel_any ? "{cancel_other: any}" : std::string(to_string(policy.overlap))},
          {"catch_up", std::string(to_string(policy.catch_up))},
          {"catch_up_max", std::to_string(policy.catch_up_max)},
          {"start_deadline", optional_text(policy.start_deadline, "none")},
          {"jitter", to_string(policy.jitter)},
          {"priority", std::string(to_string(policy.priority))},
          {"extra_jobs.max", std::to_string(extra.max)},
          {"extra_jobs.backoff.initial", to_string(extra.initial)},
          {"extra_jobs.backoff.factor", fmt::format("{}", extra.factor)},
          {"extra_jobs.backoff.max", to_string(extra.longest)},
          {"extra_jobs.on", list_text(extra.on, [](FailureClass failure) { return to_string(failure); })},
          {"breaker.after_failed_jobs", std::to_string(policy.breaker.after_failed_jobs)},
          {"breaker.probe.every", to_string(policy.breaker.probe_every)},
          {"breaker.probe.max", std::to_string(policy.breaker.probe_max)},
          {"pause_on_failure", std::to_string(policy.pause_on_failure)}};
}

void add_stuck(const StuckPolicy& stuck, Entries& out) {
  const auto put = [&](std::string_view kind, std::string_view after, const StuckRule& rule) {
    out.emplace_back(fmt::format("stuck.{}.{}", kind, after), to_string(rule.after));
    out.emplace_back(fmt::format("stuck.{}.action", kind), std::string(to_string(rule.action)));
  };
  put("pending", "after", stuck.pending);
  put("queued", "after", stuck.queued);
  put("between_attempts", "after", stuck.between_attempts);
  put("no_progress", "after", stuck.no_progress);
  out.emplace_back("stuck.longer_than.typical",
                   stuck.longer_than_typical == 0 ? "never" : fmt::format("{}x", stuck.longer_than_typical));
  put("longer_than", "at_least", stuck.longer_than);
  put("max_run_time", "after", stuck.max_run_time);
  out.emplace_back("stuck.max_cancels", std::to_string(stuck.max_cancels));
}

std::string schedule_text(const RuleSchedule& schedule) {
  std::string when;
  if (const auto* fixed = std::get_if<Schedule>(&schedule.when)) when = shown(fixed->text());
  if (const auto* spread = std::get_if<SpreadEvery>(&schedule.when))
    when = fmt::format("\"every {} spread\"", to_string(spread->interval));
  if (const auto* fresh = std::get_if<KeepFresh>(&schedule.when))
    when = fmt::format("\"keep_fresh {}\"", to_string(fresh->target));
  if (const auto* after = std::get_if<After>(&schedule.when)) {
    when = after->text;
    if (after->within) when += fmt::format(" within {}", to_string(*after->within));
  }
  return schedule.name.empty() ? when : fmt::format("{}: {}", schedule.name, when);
}

Entries auth_entries(const Auth& auth) {
  if (const auto* basic = std::get_if<BasicAuth>(&auth)) {
    return {{"airbyte.auth.type", "basic"},
            {"airbyte.auth.username", shown(basic->username)},
            {"airbyte.auth.password", "<secret>"}};
  }
  if (std::holds_alternative<TokenAuth>(auth)) {
    return {{"airbyte.auth.type", "token"}, {"airbyte.auth.token", "<secret>"}};
  }
  if (const auto* client = std::get_if<ClientCredentialsAuth>(&auth)) {
    return {{"airbyte.auth.type", "client_credentials"},
            {"airbyte.auth.client_id", shown(client->client_id)},
            {"airbyte.auth.client_secret", "<secret>"}};
  }
  return {{"airbyte.auth.type", "none"}};
}

std::string_view api_word(ApiChoice api) {
  switch (api) {
    case ApiChoice::probe:
      return "probe";
    case ApiChoice::config:
      return "config";
    case ApiChoice::public_api:
      return "public";
  }
  return "probe";
}

void add_airbyte(const Settings& settings, Entries& out) {
  const AirbyteTarget& target = settings.airbyte;
  const Plan& plan = *settings.plan;
  const auto put = [&](std::string_view key, std::string text) {
    out.emplace_back(fmt::format("airbyte.{}", key), std::move(text));
  };
  put("url", shown(without_credentials(target.url)));
  put("ui", plan.airbyte_ui.empty() ? "none" : shown(plan.airbyte_ui));
  put("api", std::string(api_word(target.api)));
  for (Entry& entry : auth_entries(target.auth)) out.push_back(std::move(entry));
  put("workspaces", list_text(target.workspaces, [](const std::string& name) { return shown(name); }));
  put("timeouts.connect", to_string(target.connect_timeout));
  put("timeouts.read", to_string(target.read_timeout));
  put("timeouts.trigger", to_string(target.trigger_timeout));
  put("timeouts.cancel", to_string(target.cancel_timeout));
  put("timeouts.connector", to_string(target.connector_timeout));
  put("settle", to_string(plan.settle));
  put("in_flight.triggers", std::to_string(target.trigger_lanes));
  put("in_flight.reads", std::to_string(target.read_lanes));
  put("in_flight.connectors", std::to_string(target.connector_lanes));
  put("requests_per_second", fmt::format("{}", target.requests_per_second));
  put("triggers_per_second", fmt::format("{}", plan.triggers_per_second));
  put("poll.min", to_string(plan.poll.min));
  put("poll.max", to_string(plan.poll.max));
  if (!target.ca_file.empty()) put("tls.ca_file", shown(target.ca_file));
  if (!target.cert_file.empty()) put("tls.cert_file", shown(target.cert_file));
  if (!target.key_file.empty()) put("tls.key_file", shown(target.key_file));
  put("proxy", shown(without_credentials(target.proxy)));
  for (const auto& [name, value] : target.headers) put("headers." + printable(name), "<secret>");
}

std::string fleet_hold_text(const FleetHold& hold) {
  if (hold.failed_ratio == 0) return "off";
  return fmt::format("{{failed_ratio: {}, min_jobs: {}, window: {}}}", percent_text(hold.failed_ratio),
                     hold.min_jobs, to_string(hold.window));
}

}  // namespace

Entries policy_entries(const Policy& policy) {
  Entries out = run_entries(policy);
  add_stuck(policy.stuck, out);
  out.emplace_back("verify.no_statistics", std::string(to_string(policy.verify.no_statistics)));
  out.emplace_back("verify.zero_records", std::string(to_string(policy.verify.zero_records)));
  out.emplace_back("verify.volume", std::string(to_string(policy.verify.volume)));
  out.emplace_back("freshness.late_after", late_text(policy.freshness));
  out.emplace_back("freshness.objective",
                   policy.freshness.objective == 0 ? "none" : percent_text(policy.freshness.objective));
  out.emplace_back("incident_after", std::to_string(policy.incident_after));
  out.emplace_back("labels", labels_text(policy.labels));
  return out;
}

Entries global_entries(const Settings& settings) {
  const Plan& plan = *settings.plan;
  const Limits& limits = plan.limits;
  Entries out;
  add_airbyte(settings, out);
  out.emplace_back("state", settings.state_path.empty() ? "none" : shown("sqlite:" + settings.state_path));
  out.emplace_back("defaults.timezone", settings.timezone);
  out.emplace_back("defaults.dst", std::string(calendar::to_string(settings.dst)));
  for (auto& [key, text] : policy_entries(settings.defaults))
    out.emplace_back("defaults." + key, std::move(text));
  out.emplace_back("fleet_hold", fleet_hold_text(plan.fleet_hold));
  out.emplace_back("limits.total", std::to_string(limits.total));
  out.emplace_back("limits.per_source", std::to_string(limits.per_source));
  out.emplace_back("limits.per_destination", std::to_string(limits.per_destination));
  out.emplace_back("limits.per_source_type", std::to_string(limits.per_source_type));
  out.emplace_back("limits.per_destination_type", std::to_string(limits.per_destination_type));
  out.emplace_back("limits.groups", list_text(limits.groups, [](const LimitGroup& group) {
                     return fmt::format("{{name: {}, match: {}, total: {}}}", shown(group.name),
                                        match_text(group.match), group.total);
                   }));
  out.emplace_back("mode", std::string(to_string(plan.mode)));
  out.emplace_back("web.listen_address", shown(settings.listen_address));
  if (!settings.web_config_file.empty()) {
    out.emplace_back("web.config_file", shown(settings.web_config_file));
    out.emplace_back("web.tls", settings.web.cert_file.empty() ? "off" : "on");
    out.emplace_back("web.users", std::to_string(settings.web.users.size()));
    out.emplace_back("web.tokens", std::to_string(settings.web.tokens.size()));
  }
  if (!settings.host_names.empty())
    out.emplace_back("web.host_names", fmt::format("[{}]", fmt::join(settings.host_names, ", ")));
  out.emplace_back("web.unix_socket", settings.unix_socket.empty() ? "none" : shown(settings.unix_socket));
  if (!settings.webhook_token.empty()) out.emplace_back("web.airbyte_webhook_token", "<secret>");
  out.emplace_back("metrics.connection_detail", std::string(to_string(settings.connection_detail)));
  out.emplace_back("metrics.connection_limit", std::to_string(settings.connection_limit));
  out.emplace_back("metrics.botify_compat", settings.botify_compat ? "true" : "false");
  out.emplace_back("history.keep", to_string(plan.history_keep));
  return out;
}

std::string blackout_text(const Blackout& blackout) {
  return fmt::format("{{name: {}, match: {}, cron: {}, duration: {}, ticks: {}, running: {}}}",
                     shown(blackout.name), match_text(blackout.match), shown(blackout.window.begins().text()),
                     to_string(blackout.window.duration()), blackout.skip_ticks ? "skip" : "defer",
                     blackout.cancel_running ? "cancel" : "finish");
}

std::string schedules_text(const Rule& rule) {
  if (rule.schedules.empty()) return "airbyte";
  if (rule.schedules.size() == 1) return schedule_text(rule.schedules.front());
  return list_text(rule.schedules, schedule_text);
}

std::vector<std::string> additions(const Rule& rule, const Policy& defaults) {
  std::vector<std::string> out;
  for (const auto& [key, text] : own_entries(rule, defaults)) out.push_back(fmt::format("{}: {}", key, text));
  return out;
}

Entries own_entries(const Rule& rule, const Policy& defaults) {
  const Entries base = policy_entries(defaults);
  Entries own = policy_entries(rule.policy);
  Entries out;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i] != base[i]) out.push_back(std::move(own[i]));
  }
  return out;
}

}  // namespace syncwarden::settings
