#include "base/text.hpp"
#include "settings/impl/assemble.hpp"
#include "settings/impl/schedules.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

bool names_everything(const Match& match) {
  const auto open = [](const std::optional<std::string>& pattern) {
    return !pattern || pattern->find_first_not_of('*') == std::string::npos;
  };
  return open(match.name) && !match.id && !match.tag && open(match.workspace) && open(match.source) &&
         open(match.destination) && open(match.source_type) && open(match.destination_type);
}

/// Rules that can never win, because an earlier one matches whatever they match.
class ShadowCheck {
 public:
  explicit ShadowCheck(const Reading& reading) : reading_(reading) {}

  void add(const Match& match, const Section& rule) {
    const std::string text = match_text(match);
    const auto earlier = seen_.find(text);
    if (!everything_.empty()) {
      warn(rule, fmt::format("the rule at {} matches every connection before this one", everything_));
    } else if (earlier != seen_.end()) {
      warn(rule, fmt::format("the rule at {} has the same match and wins", earlier->second));
    }
    const std::string where = fmt::format("{}:{}", printable(*rule.place.file, 300), rule.place.line);
    seen_.emplace(text, where);
    if (everything_.empty() && names_everything(match)) everything_ = where;
  }

 private:
  void warn(const Section& rule, const std::string& message) const {
    reading_.problems.warn(rule.place, fmt::format("{}: never used: {}", rule.path, message));
  }

  const Reading& reading_;
  std::map<std::string, std::string> seen_;
  std::string everything_;
};

/// Chains that wait for each other: none of them would ever start. Seen where parents and rules give names
/// without wildcards.
class RingCheck {
 public:
  explicit RingCheck(const std::vector<Rule>& rules) : rules_(rules), starts_(rules.size(), true) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].match.name) by_name_.emplace(*rules[i].match.name, i);
      starts_[i] = !waits(rules[i]);
    }
    waiters_.resize(rules.size());
    awaited_.resize(rules.size(), 0);
    for (std::size_t i = 0; i < rules.size(); ++i) count_parents(i);
    settle();
  }

  void warn(const Value& connections, const Reading& reading) const {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (starts_[i]) continue;
      const Section& rule = connections.sections[i];
      reading.problems.warn(
          rule.at("schedule").place,
          fmt::format("{}: never starts: the chains that it waits for wait for each other", rule.path),
          "give one of them a schedule of its own");
    }
  }

 private:
  /// It starts by a chain, and by nothing else.
  static bool waits(const Rule& rule) {
    return rule.schedules.size() == 1 && std::holds_alternative<After>(rule.schedules.front().when);
  }

  void count_parents(std::size_t rule) {
    if (starts_[rule]) return;
    for (const Match& parent : std::get<After>(rules_[rule].schedules.front().when).parents) {
      const auto found = by_name_.find(parent.name.value_or(""));
      if (found == by_name_.end() || starts_[found->second]) continue;
      waiters_[found->second].push_back(rule);
      ++awaited_[rule];
    }
  }

  /// What waits for nothing that waits can start; then what waited for that only; and so on.
  void settle() {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (!starts_[i] && awaited_[i] == 0) ready.push_back(i);
    }
    while (!ready.empty()) {
      const std::size_t rule = ready.back();
      ready.pop_back();
      starts_[rule] = true;
      for (const std::size_t waiter : waiters_[rule]) {
        if (--awaited_[waiter] == 0) ready.push_back(waiter);
      }
    }
  }

  const std::vector<Rule>& rules_;
  std::map<std::string, std::size_t> by_name_;
  std::vector<bool> starts_;
  std::vector<std::vector<std::size_t>> waiters_;
  std::vector<std::size_t> awaited_;
};

}  // namespace

std::string match_text(const Match& match) {
  std::string out;
  const auto put = [&](std::string_view key, const std::optional<std::string>& pattern) {
    if (pattern) out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key, shown(*pattern));
  };
  put("name", match.name);
  put("id", match.id);
  put("tag", match.tag);
  put("workspace", match.workspace);
  put("source", match.source);
  put("destination", match.destination);
  put("source_type", match.source_type);
  put("destination_type", match.destination_type);
  return "{" + out + "}";
}

Match assemble_match(const Section& section, const Reading& reading) {
  const auto pattern = [&](std::string_view key) {
    const Value& value = section.at(key);
    return value.given ? std::optional<std::string>(value.text) : std::nullopt;
  };
  const bool any =
      std::any_of(section.values.begin(), section.values.end(), [](const Value& v) { return v.given; });
  if (!any) {
    reading.problems.add(section.place, fmt::format("{}: names nothing", section.path),
                         "to mean every connection, write {name: \"*\"}");
  }
  Match match;
  match.name = pattern("name");
  match.id = pattern("id");
  match.tag = pattern("tag");
  match.workspace = pattern("workspace");
  match.source = pattern("source");
  match.destination = pattern("destination");
  match.source_type = pattern("source_type");
  match.destination_type = pattern("destination_type");
  return match;
}

std::vector<Rule> assemble_rules(const Value& connections, const Inherited& inherited,
                                 const Reading& reading) {
  std::vector<Rule> rules;
  ShadowCheck shadows(reading);
  for (const Section& section : connections.sections) {
    Rule rule;
    rule.where = fmt::format("{}:{}", *section.place.file, section.place.line);
    const bool matched = section.given("match") && section.at("match").valid;
    if (matched) rule.match = assemble_match(section.section("match"), reading);
    Inherited own = inherited;
    take_policy(section, false, own, reading);
    rule.schedules = ScheduleMaker(own.timezone, own.dst, rule.match, reading).all(section.at("schedule"));
    rule.policy = std::move(own.policy);
    if (matched) shadows.add(rule.match, section);
    rules.push_back(std::move(rule));
  }
  RingCheck(rules).warn(connections, reading);
  return rules;
}

}  // namespace syncwarden::settings
