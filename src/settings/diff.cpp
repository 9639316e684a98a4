#include "base/text.hpp"
#include "settings/impl/assemble.hpp"
#include "settings/impl/entries.hpp"
#include "settings/settings.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

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

bool needs_restart(std::string_view path) {
  return path == "state" || path == "web.listen_address" || path == "web.unix_socket" ||
         path == "web.host_names";
}

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
  if (before.web_config_file == after.web_config_file && before.web != after.web) {
    out.push_back({"web.config_file: its content changed", false});
  }
  if (!before.webhook_token.empty() && !after.webhook_token.empty() &&
      before.webhook_token != after.webhook_token) {
    out.push_back({"web.airbyte_webhook_token: changed", false});
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

/// Blackouts by their name, which the reader keeps unique.
void diff_blackouts(const Plan& before, const Plan& after, std::vector<Change>& out) {
  std::map<std::string, std::string> olds;
  std::map<std::string, std::string> news;
  for (const Blackout& one : before.blackouts) olds.emplace(one.name, blackout_text(one));
  for (const Blackout& one : after.blackouts) news.emplace(one.name, blackout_text(one));
  for (const auto& [name, text] : olds) {
    const auto found = news.find(name);
    if (found == news.end()) {
      out.push_back({fmt::format("blackout \"{}\": removed (was {})", printable(name), text), false});
    } else if (found->second != text) {
      out.push_back({fmt::format("blackout \"{}\": {} -> {}", printable(name), text, found->second), false});
    }
  }
  for (const auto& [name, text] : news) {
    if (olds.count(name) == 0)
      out.push_back({fmt::format("blackout \"{}\": added, {}", printable(name), text), false});
  }
}

/// Receivers by their name, which the reader keeps unique.
void diff_receivers(const std::vector<Receiver>& before, const std::vector<Receiver>& after,
                    std::vector<Change>& out) {
  std::map<std::string, const Receiver*> olds;
  std::map<std::string, const Receiver*> news;
  for (const Receiver& one : before) olds.emplace(one.name, &one);
  for (const Receiver& one : after) news.emplace(one.name, &one);
  for (const auto& [name, receiver] : olds) {
    const std::string what = fmt::format("notify \"{}\":", printable(name));
    const auto found = news.find(name);
    if (found == news.end()) {
      out.push_back({fmt::format("{} removed (was {})", what, receiver_text(*receiver)), false});
      continue;
    }
    const std::string from = receiver_text(*receiver);
    const std::string to = receiver_text(*found->second);
    if (from != to) {
      out.push_back({fmt::format("{} {} -> {}", what, from, to), false});
    } else if (receiver->target != found->second->target) {
      out.push_back({what + " an address or a secret changed", false});
    }
  }
  for (const auto& [name, receiver] : news) {
    if (olds.count(name) == 0)
      out.push_back(
          {fmt::format("notify \"{}\": added, {}", printable(name), receiver_text(*receiver)), false});
  }
}

}  // namespace

std::vector<Change> diff(const Settings& before, const Settings& after) {
  std::vector<Change> out;
  diff_globals(before, after, out);
  diff_blackouts(*before.plan, *after.plan, out);
  diff_rules(*before.plan, *after.plan, out);
  diff_receivers(before.receivers, after.receivers, out);
  return out;
}

}  // namespace syncwarden::settings
