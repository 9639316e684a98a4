#include "emulator/faults.hpp"

#include "emulator/impl/body.hpp"
#include "emulator/impl/json.hpp"

#include <array>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace syncwarden::emulator {
namespace {

using Member = std::variant<double Faults::*, bool Faults::*, Millis Faults::*, std::int64_t Faults::*>;

struct Named {
  std::string_view name;
  Member member;
};

const std::array<Named, 15> members{{{"http_502", &Faults::http_502},
                                     {"bad_gateway_after", &Faults::bad_gateway_after},
                                     {"hang_sync", &Faults::hang_sync},
                                     {"slow_sync", &Faults::slow_sync},
                                     {"lose_reply", &Faults::lose_reply},
                                     {"delay_request", &Faults::delay_request},
                                     {"rate_limit", &Faults::rate_limit},
                                     {"huge_reply", &Faults::huge_reply},
                                     {"down", &Faults::down},
                                     {"unavailable", &Faults::unavailable},
                                     {"drop_stats", &Faults::drop_stats},
                                     {"unknown_words", &Faults::unknown_words},
                                     {"slow_connector", &Faults::slow_connector},
                                     {"forbidden", &Faults::forbidden},
                                     {"nulls", &Faults::nulls}}};

bool assign(Faults& faults, double Faults::*member, const Body& body, std::string_view name) {
  const auto value = body.real(name);
  if (!value || *value < 0 || *value > 1) return false;
  faults.*member = *value;
  return true;
}
bool assign(Faults& faults, bool Faults::*member, const Body& body, std::string_view name) {
  const auto value = body.flag(name);
  if (value) faults.*member = *value;
  return value.has_value();
}
bool assign(Faults& faults, Millis Faults::*member, const Body& body, std::string_view name) {
  const auto text = body.text(name);
  const auto value = text ? parse_duration(*text) : std::nullopt;
  if (value) faults.*member = *value;
  return value.has_value();
}
bool assign(Faults& faults, std::int64_t Faults::*member, const Body& body, std::string_view name) {
  const auto value = body.number(name);
  if (!value || *value < 0) return false;
  faults.*member = *value;
  return true;
}

}  // namespace

Result<Faults> changed(Faults faults, std::string_view json) {
  const auto body = Body::parse(json);
  if (!body) return Error{Errc::usage, "faults are a JSON object", {}, {}};
  for (const auto& key : body->keys()) {
    bool known = false;
    bool good = false;
    if (key == "retry_after_s") {
      known = true;
      faults.retry_after_s = body->number(key);
      good = faults.retry_after_s.has_value() || !body->has(key);
    }
    for (const auto& named : members) {
      if (named.name != key) continue;
      known = true;
      good = std::visit([&](auto member) { return assign(faults, member, *body, key); }, named.member);
    }
    if (!known) return Error{Errc::usage, fmt::format("there is no fault \"{}\"", key), {}, {}};
    if (!good) return Error{Errc::usage, fmt::format("the fault \"{}\" cannot have this value", key), {}, {}};
  }
  return faults;
}

Result<Faults> changed_by_word(Faults faults, std::string_view assignment) {
  const auto equals = assignment.find('=');
  const auto name = assignment.substr(0, equals);
  const auto value = equals == std::string_view::npos ? "true" : assignment.substr(equals + 1);
  const bool bare = value == "true" || value == "false" || value == "null" ||
                    value.find_first_not_of("0123456789.") == std::string_view::npos;
  Json json;
  json.open('{').key(name);
  if (bare) {
    json.raw(value);
  } else {
    json.value(value);
  }
  return changed(faults, json.close('}').take());
}

std::string to_json(const Faults& faults) {
  Json json;
  json.open('{');
  for (const auto& named : members) {
    json.key(named.name);
    if (const auto* chance = std::get_if<double Faults::*>(&named.member)) {
      json.raw(fmt::format("{}", faults.**chance));
    } else if (const auto* wait = std::get_if<Millis Faults::*>(&named.member)) {
      json.value(to_string(faults.**wait));
    } else if (const auto* flag = std::get_if<bool Faults::*>(&named.member)) {
      json.value(faults.**flag);
    } else {
      json.value(faults.*std::get<std::int64_t Faults::*>(named.member));
    }
  }
  json.key("retry_after_s");
  if (faults.retry_after_s) {
    json.value(*faults.retry_after_s);
  } else {
    json.null();
  }
  return json.close('}').take();
}

}  // namespace syncwarden::emulator
