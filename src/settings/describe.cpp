#include "base/text.hpp"
#include "settings/impl/assemble.hpp"
#include "settings/impl/document.hpp"
#include "settings/settings.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace syncwarden::settings {
namespace {

using calendar::Schedule;
using syncwarden::to_string;

/// A key and its value as text. "airbyte.timeouts.read" / "30s".
using Entry = std::pair<std::string, std::string>;
using Entries = std::vector<Entry>;

std::string optional_text(const std::optional<Millis>& duration, std::string_view otherwise) {
  return duration ? to_string(*duration) : std::string(otherwise);
}

std::string late_text(const FreshnessPolicy& freshness) {
  const auto* fixed = std::get_if<Millis>(&freshness.late_after);
  return fixed != nullptr ? to_string(*fixed) : "auto";
}

template <class Items, class Text>
std::string list_text(const Items& items, Text text) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ", ") + std::string(text(item));
  return "[" + out + "]";
}

Entries policy_entries(const Policy& policy) {
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
          {"freshness.late_after", late_text(policy.freshness)}};
}

std::string schedule_text(const RuleSchedule& schedule) {
  std::string when;
  if (const auto* fixed = std::get_if<Schedule>(&schedule.when)) when = fixed->text().str();
  if (const auto* spread = std::get_if<SpreadEvery>(&schedule.when))
    when = fmt::format("every {} spread", to_string(spread->interval));
  if (const auto* fresh = std::get_if<KeepFresh>(&schedule.when))
    when = fmt::format("keep_fresh {}", to_string(fresh->target));
  if (const auto* after = std::get_if<After>(&schedule.when)) when = after->text;
  return schedule.name.empty() ? shown(when) : fmt::format("{}: {}", schedule.name, shown(when));
}

std::string schedules_text(const Rule& rule) {
  if (rule.schedules.empty()) return "airbyte";
  if (rule.schedules.size() == 1) return schedule_text(rule.schedules.front());
  return list_text(rule.schedules, schedule_text);
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
  out.emplace_back("metrics.connection_detail", std::string(to_string(settings.connection_detail)));
  out.emplace_back("metrics.connection_limit", std::to_string(settings.connection_limit));
  out.emplace_back("history.keep", to_string(plan.history_keep));
  return out;
}

/// Nested keys as YAML nests them.
std::string as_yaml(const Entries& entries) {
  std::string out;
  std::vector<std::string> open;
  for (const auto& [path, text] : entries) {
    std::vector<std::string> parts;
    std::string_view rest = path;
    for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
      parts.emplace_back(rest.substr(0, dot));
      rest.remove_prefix(dot + 1);
    }
    std::size_t same = 0;
    while (same < open.size() && same < parts.size() && open[same] == parts[same]) ++same;
    for (std::size_t i = same; i < parts.size(); ++i) out += fmt::format("{:{}}{}:\n", "", i * 2, parts[i]);
    out += fmt::format("{:{}}{}: {}\n", "", parts.size() * 2, rest, text);
    open = std::move(parts);
  }
  return out;
}

/// What a rule changes in the defaults.
Entries own_policy(const Rule& rule, const Policy& defaults) {
  const Entries base = policy_entries(defaults);
  Entries own = policy_entries(rule.policy);
  Entries out;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (own[i] != base[i]) out.push_back(std::move(own[i]));
  }
  return out;
}

/// Rules by their match. Equal matches (the later ones never win) are told apart by a number.
std::map<std::string, const Rule*> by_match(const Plan& plan) {
  std::map<std::string, const Rule*> out;
  for (const Rule& rule : plan.rules) {
    const std::string text = match_text(rule.match);
    std::string key = text;
    for (int n = 2; out.count(key) > 0; ++n) key = fmt::format("{} (number {})", text, n);
    out.emplace(std::move(key), &rule);
  }
  return out;
}

std::string headers_secret(const AirbyteTarget& target) {
  std::string all;
  for (const auto& [name, value] : target.headers) all += name + '\0' + value.reveal() + '\0';
  return all;
}

const Secret* secret_of(const Auth& auth) {
  if (const auto* basic = std::get_if<BasicAuth>(&auth)) return &basic->password;
  if (const auto* token = std::get_if<TokenAuth>(&auth)) return &token->token;
  if (const auto* client = std::get_if<ClientCredentialsAuth>(&auth)) return &client->client_secret;
  return nullptr;
}

bool needs_restart(std::string_view path) { return path == "state" || path == "web.listen_address"; }

void diff_globals(const Settings& before, const Settings& after, std::vector<Change>& out) {
  const Entries olds = global_entries(before);
  const Entries news = global_entries(after);
  const std::map<std::string, std::string> old_by_key(olds.begin(), olds.end());
  const std::map<std::string, std::string> new_by_key(news.begin(), news.end());
  for (const auto& [key, text] : news) {
    const auto found = old_by_key.find(key);
    if (found == old_by_key.end()) {
      out.push_back({fmt::format("{}: set to {}", key, text), needs_restart(key)});
    } else if (found->second != text) {
      const std::string_view note = needs_restart(key) ? " (needs a restart)" : "";
      out.push_back({fmt::format("{}: {} -> {}{}", key, found->second, text, note), needs_restart(key)});
    }
  }
  for (const auto& [key, text] : olds) {
    if (new_by_key.count(key) == 0)
      out.push_back({fmt::format("{}: removed (was {})", key, text), needs_restart(key)});
  }
  const Secret* old_secret = secret_of(before.airbyte.auth);
  const Secret* new_secret = secret_of(after.airbyte.auth);
  if (before.airbyte.auth.index() == after.airbyte.auth.index() && old_secret != nullptr &&
      new_secret != nullptr && *old_secret != *new_secret) {
    out.push_back({"airbyte.auth: the secret changed", false});
  }
  if (headers_secret(before.airbyte) != headers_secret(after.airbyte)) {
    out.push_back({"airbyte.headers: changed", false});
  }
  if (before.airbyte.proxy != after.airbyte.proxy &&
      without_credentials(before.airbyte.proxy) == without_credentials(after.airbyte.proxy)) {
    out.push_back({"airbyte.proxy: its credentials changed", false});
  }
}

void diff_rule(const std::string& match, const Rule& before, const Rule& after, std::vector<Change>& out) {
  const auto change = [&](std::string_view key, const std::string& from, const std::string& to) {
    if (from != to) out.push_back({fmt::format("rule {}: {}: {} -> {}", match, key, from, to), false});
  };
  change("schedule", schedules_text(before), schedules_text(after));
  const Entries olds = policy_entries(before.policy);
  const Entries news = policy_entries(after.policy);
  for (std::size_t i = 0; i < olds.size(); ++i) change(olds[i].first, olds[i].second, news[i].second);
}

void diff_rules(const Plan& before, const Plan& after, std::vector<Change>& out) {
  const auto olds = by_match(before);
  const auto news = by_match(after);
  for (const auto& [match, rule] : olds) {
    const auto found = news.find(match);
    if (found == news.end()) {
      out.push_back({fmt::format("rule {}: removed (was {})", match, schedules_text(*rule)), false});
    } else {
      diff_rule(match, *rule, *found->second, out);
    }
  }
  for (const auto& [match, rule] : news) {
    if (olds.count(match) == 0)
      out.push_back({fmt::format("rule {}: added, {}", match, schedules_text(*rule)), false});
  }
  const auto order_of = [](const Plan& plan, const std::map<std::string, const Rule*>& others) {
    std::vector<std::string> order;
    for (const Rule& rule : plan.rules) {
      std::string text = match_text(rule.match);
      if (others.count(text) > 0) order.push_back(std::move(text));
    }
    return order;
  };
  if (order_of(before, news) != order_of(after, olds)) {
    out.push_back({"rules: their order changed (the first match wins)", false});
  }
}

}  // namespace

std::string describe(const Settings& settings) {
  std::string out = as_yaml(global_entries(settings));
  if (settings.plan->rules.empty()) return out + "connections: []\n";
  out += "connections:\n";
  for (const Rule& rule : settings.plan->rules) {
    out += fmt::format("  - match: {}  # {}\n    schedule: {}\n", match_text(rule.match),
                       printable(rule.where, 300), schedules_text(rule));
    std::string_view rest;
    const std::string policy = as_yaml(own_policy(rule, settings.defaults));
    for (rest = policy; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
      out += fmt::format("    {}\n", rest.substr(0, rest.find('\n')));
    }
  }
  return out;
}

std::vector<Change> diff(const Settings& before, const Settings& after) {
  std::vector<Change> out;
  diff_globals(before, after, out);
  diff_rules(*before.plan, *after.plan, out);
  return out;
}

}  // namespace syncwarden::settings
