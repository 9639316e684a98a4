#include "settings/impl/assemble.hpp"

#include "base/text.hpp"
#include "settings/impl/web_config.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

using syncwarden::to_string;

std::uint32_t count_of(const Section& section, std::string_view path) {
  return static_cast<std::uint32_t>(section.at(path).number);
}

std::string state_path_from(const Value& state, const Reading& reading) {
  constexpr std::string_view sqlite = "sqlite:";
  if (!state.valid) return {};
  if (state.text.substr(0, sqlite.size()) == sqlite && state.text.size() > sqlite.size()) {
    return resolved_path(state.text.substr(sqlite.size()), state.place);
  }
  if (state.text.substr(0, 8) == "postgres") {
    // The text is not shown: a PostgreSQL URL may hold a password.
    reading.problems.add(state.place,
                         "state: PostgreSQL is not supported by this version (it comes with a later one)",
                         "use sqlite:PATH");
  } else {
    reading.problems.add(
        state.place,
        fmt::format("state: {} names no kind of store", shown(without_credentials(state.written))),
        "write sqlite:/var/lib/syncwarden/state.db");
  }
  return {};
}

/// What the kernel takes as the name of a Unix socket.
void check_unix_socket(const Value& value, const Reading& reading) {
  constexpr std::size_t longest = 107;
  if (!value.valid || value.text.size() <= longest) return;
  reading.problems.add(value.place,
                       fmt::format("{}: a socket's path has at most {} bytes", value.path, longest),
                       "such as /run/syncwarden/api.sock");
}

void check_listen_address(const Value& value, const Reading& reading) {
  if (!value.valid) return;
  const std::string_view text = value.text;
  const std::size_t colon = text.rfind(':');
  const std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  const std::string_view port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool port_good =
      !port.empty() && error == std::errc{} && end == port.data() + port.size() && number <= 65'535;
  const bool bracketed = !host.empty() && host.front() == '[' && host.back() == ']';
  const bool host_good = host.find_first_of(" /@\t") == std::string_view::npos &&
                         (bracketed || host.find_first_of(":[]") == std::string_view::npos);
  if (port_good && host_good) return;
  reading.problems.add(value.place, fmt::format("{}: {} is no HOST:PORT", value.path, shown(value.written)),
                       "such as 127.0.0.1:9927, [::1]:9927, or :9927 for every address");
}

/// It is part of a path, and all that stands between anybody and our polls.
Secret webhook_token_from(const Value& value, const Reading& reading) {
  constexpr std::size_t shortest = 16;
  constexpr std::size_t longest = 256;
  if (!value.given || !value.valid) return {};
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  const bool good = value.text.size() >= shortest && value.text.size() <= longest &&
                    std::all_of(value.text.begin(), value.text.end(), plain);
  if (good) return Secret(value.text);
  reading.problems.add(
      value.place,
      fmt::format("{}: a token has {} to {} letters, digits, - and _", value.path, shortest, longest),
      "such as what `openssl rand -hex 32` prints");
  return {};
}

Limits limits_from(const Section& section, const Reading& reading) {
  Limits limits;
  limits.total = count_of(section, "total");
  limits.per_source = count_of(section, "per_source");
  limits.per_destination = count_of(section, "per_destination");
  limits.per_source_type = count_of(section, "per_source_type");
  limits.per_destination_type = count_of(section, "per_destination_type");
  std::map<std::string, std::size_t> names;
  for (const Section& group : section.at("groups").sections) {
    const Value& name = group.at("name");
    if (name.given && name.valid) {
      const auto [earlier, fresh] = names.emplace(name.text, name.place.line);
      if (!fresh) {
        reading.problems.add(name.place, fmt::format("{}: {} is the name of a group in line {} already",
                                                     name.path, shown(name.written), earlier->second));
      }
    }
    LimitGroup made{name.text, {}, count_of(group, "total")};
    if (group.given("match")) made.match = assemble_match(group.section("match"), reading);
    limits.groups.push_back(std::move(made));
  }
  return limits;
}

FleetHold fleet_hold_from(const Value& value) {
  const Section& section = value.sections.front();
  FleetHold hold;
  hold.failed_ratio = value.text == "off" ? 0 : section.at("failed_ratio").number / 100;
  hold.min_jobs = count_of(section, "min_jobs");
  hold.window = section.at("window").duration;
  return hold;
}

void check_settle(const Section& airbyte, const Plan& plan, const Reading& reading) {
  const Millis least = plan.trigger_timeout + std::chrono::minutes{1};
  if (plan.settle > least) return;
  const Value& settle = airbyte.at("settle");
  const Value& trigger = airbyte.at("timeouts.trigger");
  if (!settle.valid || !trigger.valid) return;
  const Value& blamed = settle.given ? settle : trigger;
  reading.problems.add(
      blamed.place,
      fmt::format("airbyte.settle ({}) must be more than airbyte.timeouts.trigger ({}) + 60s",
                  to_string(plan.settle), to_string(plan.trigger_timeout)),
      fmt::format("set airbyte.settle above {}, or lower the timeout", to_string(least)));
}

Plan plan_from(const Section& root, const Inherited& inherited, const AirbyteTarget& target,
               const Reading& reading) {
  const Section& airbyte = root.section("airbyte");
  Plan plan;
  plan.rules = assemble_rules(root.at("connections"), inherited, reading);
  plan.limits = limits_from(root.section("limits"), reading);
  plan.blackouts = assemble_blackouts(root.at("blackouts"), inherited.timezone, reading);
  plan.fleet_hold = fleet_hold_from(root.at("fleet_hold"));
  plan.airbyte_ui = assemble_ui(airbyte, reading);
  plan.mode = root.at("mode").text == "shadow" ? Mode::shadow : Mode::live;
  plan.poll = {airbyte.at("poll.min").duration, airbyte.at("poll.max").duration};
  if (is_cloud(target.url)) {
    if (!airbyte.given("poll.min")) plan.poll.min = std::chrono::seconds{10};
    if (!airbyte.given("poll.max")) plan.poll.max = std::max<Millis>(std::chrono::minutes{2}, plan.poll.min);
    if (!airbyte.given("poll.min")) plan.poll.min = std::min(plan.poll.min, plan.poll.max);
  }
  if (plan.poll.min > plan.poll.max && airbyte.at("poll.min").valid && airbyte.at("poll.max").valid) {
    reading.problems.add(airbyte.at("poll").place,
                         fmt::format("airbyte.poll: min ({}) is above max ({})", to_string(plan.poll.min),
                                     to_string(plan.poll.max)));
  }
  plan.settle = airbyte.at("settle").duration;
  plan.trigger_timeout = target.trigger_timeout;
  plan.cancel_timeout = target.cancel_timeout;
  plan.triggers_per_second = airbyte.at("triggers_per_second").number;
  plan.trigger_lanes = target.trigger_lanes;
  plan.history_keep = root.at("history.keep").duration;
  check_settle(airbyte, plan, reading);
  return plan;
}

}  // namespace

Settings assemble(const Section& root, const Reading& reading) {
  Settings settings;
  settings.airbyte = assemble_airbyte(root.section("airbyte"), reading);
  Inherited inherited = assemble_defaults(root.section("defaults"), reading);
  settings.plan = std::make_shared<const Plan>(plan_from(root, inherited, settings.airbyte, reading));
  settings.defaults = std::move(inherited.policy);
  settings.timezone = std::move(inherited.timezone);
  settings.dst = inherited.dst;
  settings.receivers = assemble_receivers(root.at("notify"), settings.timezone, reading);
  settings.state_path = state_path_from(root.at("state"), reading);
  settings.listen_address = root.at("web.listen_address").text;
  check_listen_address(root.at("web.listen_address"), reading);
  settings.unix_socket = root.at("web.unix_socket").text;
  check_unix_socket(root.at("web.unix_socket"), reading);
  settings.webhook_token = webhook_token_from(root.at("web.airbyte_webhook_token"), reading);
  for (const Text& name : root.at("web.host_names").texts) settings.host_names.push_back(name.text);
  if (const Value& file = root.at("web.config_file"); file.given && file.valid) {
    settings.web_config_file = resolved_path(file.text, file.place);
    settings.web = read_web_config(settings.web_config_file, file.written, file.place, reading.problems);
  }
  const std::string_view detail = root.at("metrics.connection_detail").text;
  settings.connection_detail = detail == "off"    ? ConnectionDetail::off
                               : detail == "full" ? ConnectionDetail::full
                                                  : ConnectionDetail::basic;
  settings.connection_limit = count_of(root, "metrics.connection_limit");
  settings.botify_compat = root.at("metrics.botify_compat").flag;
  return settings;
}

}  // namespace syncwarden::settings
