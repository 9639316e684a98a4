#include "admin/impl/order.hpp"

#include "admin/impl/find.hpp"
#include "admin/impl/query.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/error.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::admin {
namespace json = boost::json;
namespace {

constexpr std::size_t longest_reason = 500;
constexpr std::size_t most_names = 1'000;

Error wrong(std::string message, std::string hint = {}) {
  return {Errc::usage, std::move(message), "", std::move(hint)};
}

/// The members of a body, each taken once with its type. The first mistake is kept; whoever reads asks for it
/// at the end.
class Body {
 public:
  Body(std::string_view text, std::span<const std::string_view> known) {
    json::error_code ec;
    json::parse_options options;
    options.max_depth = 4;
    auto parsed = json::parse(text.empty() ? std::string_view("{}") : text, ec, {}, options);
    if (ec || !parsed.is_object()) {
      fail(wrong("the body must be a JSON object"));
      return;
    }
    object_ = std::move(parsed.as_object());
    for (const auto& member : object_) {
      const std::string_view name(member.key().data(), member.key().size());
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const auto near = nearest(name, known);
      fail(wrong(fmt::format("there is no member \"{}\" here", printable(name)),
                 near ? fmt::format("did you mean \"{}\"?", *near)
                      : fmt::format("known here: {}", fmt::join(known, ", "))));
    }
  }

  std::optional<std::string> text(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (const json::string* found = value->if_string()) return std::string(found->data(), found->size());
    fail(wrong(fmt::format("{} must be a text", name)));
    return std::nullopt;
  }
  bool flag(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return false;
    if (const bool* found = value->if_bool()) return *found;
    fail(wrong(fmt::format("{} must be true or false", name)));
    return false;
  }
  std::optional<std::int64_t> number(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (const std::int64_t* found = value->if_int64(); found != nullptr && *found > 0) return *found;
    fail(wrong(fmt::format("{} must be a positive whole number", name)));
    return std::nullopt;
  }
  std::optional<Instant> instant(std::string_view name) {
    const auto given = text(name);
    if (!given) return std::nullopt;
    const auto at = parse_rfc3339(*given);
    if (!at) {
      fail(wrong(fmt::format("{}: \"{}\" is no instant", name, printable(*given)),
                 "write RFC 3339, such as 2026-11-27T06:00:00Z"));
    }
    return at;
  }
  /// Free text of a person, for the audit.
  std::string remark(std::string_view name) { return printable(text(name).value_or(""), longest_reason); }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    const json::value* value = find(name);
    if (value == nullptr) return out;
    const json::array* found = value->if_array();
    bool good = found != nullptr && !found->empty() && found->size() <= most_names;
    for (std::size_t i = 0; good && i < found->size(); ++i) {
      const json::string* item = (*found)[i].if_string();
      good = item != nullptr;
      if (good) out.emplace_back(item->data(), item->size());
    }
    if (!good) fail(wrong(fmt::format("{} must be a list of 1 to {} texts", name, most_names)));
    return out;
  }

  void fail(Error error) {
    if (!mistake_) mistake_ = std::move(error);
  }
  [[nodiscard]] const std::optional<Error>& mistake() const { return mistake_; }

 private:
  const json::value* find(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  json::object object_;
  std::optional<Error> mistake_;
};

std::optional<ConnectionId> one_connection(const ReadView& view, Body& body) {
  const auto meant = body.text("connection");
  if (!meant || meant->empty()) {
    body.fail(wrong("connection is missing", "give the id or the name of a connection"));
    return std::nullopt;
  }
  auto id = find_connection(view, *meant);
  if (id) return *id;
  body.fail(id.error());
  return std::nullopt;
}

/// Exactly one of connection, connections, match and all. An empty result without a mistake means everything.
std::vector<ConnectionId> several(const ReadView& view, Body& body) {
  const auto one = body.text("connection");
  std::vector<std::string> named = body.texts("connections");
  const auto glob = body.text("match");
  const bool all = body.flag("all");
  std::vector<ConnectionId> out;
  if (int{one.has_value()} + int{!named.empty()} + int{glob.has_value()} + int{all} != 1) {
    body.fail(wrong("say what is meant: exactly one of connection, connections, match and all",
                    "everything is {\"all\": true}"));
    return out;
  }
  if (one) named.push_back(*one);
  for (const std::string& name : named) {
    auto id = find_connection(view, name);
    if (id) {
      out.push_back(*id);
    } else {
      body.fail(id.error());
    }
  }
  if (glob) {
    out = matching(view, *glob);
    if (out.empty()) {
      body.fail({Errc::not_found, fmt::format("no connection matches \"{}\"", printable(*glob)), "",
                 "globs are matched with names: \"orders*\""});
    }
  }
  return out;
}

template <class What>
Result<CommandWhat> finished(const Body& body, What what) {
  if (body.mistake()) return *body.mistake();
  return CommandWhat(std::move(what));
}

Result<CommandWhat> read_sync(const ReadView& view, std::string_view text) {
  constexpr std::array<std::string_view, 1> known{"connection"};
  Body body(text, known);
  return finished(body, command::Sync{one_connection(view, body).value_or(ConnectionId())});
}

Result<CommandWhat> read_cancel(const ReadView& view, std::string_view text) {
  constexpr std::array<std::string_view, 2> known{"connection", "job"};
  Body body(text, known);
  command::Cancel cancel{one_connection(view, body).value_or(ConnectionId()), std::nullopt};
  if (const auto job = body.number("job")) cancel.job = JobId{*job};
  return finished(body, std::move(cancel));
}

Result<CommandWhat> read_pause(const ReadView& view, std::string_view text, Instant now) {
  constexpr std::array<std::string_view, 7> known{"connection", "connections",  "match", "all",
                                                  "until",      "indefinitely", "reason"};
  Body body(text, known);
  command::Pause pause{several(view, body), body.instant("until"), body.remark("reason")};
  if (pause.until.has_value() == body.flag("indefinitely")) {
    body.fail(wrong("a pause needs an end: exactly one of until and indefinitely",
                    "a pause without an end is {\"indefinitely\": true}"));
  }
  if (pause.until && *pause.until <= now) body.fail(wrong("until is in the past"));
  return finished(body, std::move(pause));
}

Result<CommandWhat> read_resume(const ReadView& view, std::string_view text) {
  constexpr std::array<std::string_view, 5> known{"connection", "connections", "match", "all", "catch_up"};
  Body body(text, known);
  command::Resume resume{several(view, body), false};
  const std::string catch_up = body.text("catch_up").value_or("none");
  if (catch_up != "latest" && catch_up != "none") body.fail(wrong("catch_up must be latest or none"));
  resume.catch_up_latest = catch_up == "latest";
  return finished(body, std::move(resume));
}

Result<CommandWhat> read_drain(std::string_view text) {
  constexpr std::array<std::string_view, 1> known{"reason"};
  Body body(text, known);
  return finished(body, command::Drain{body.remark("reason")});
}

Result<CommandWhat> read_ack(std::string_view number, std::string_view text) {
  constexpr std::array<std::string_view, 1> known{"note"};
  Body body(text, known);
  const auto id = whole_number(number);
  if (!id || *id == 0)
    body.fail({Errc::not_found, fmt::format("there is no incident {}", printable(number)), "", ""});
  return finished(body, command::Ack{IncidentId{id.value_or(0)}, body.remark("note")});
}

}  // namespace

Result<CommandWhat> read_order(const ReadView& view, const std::vector<std::string>& path,
                               std::string_view body, Instant now) {
  const std::string& what = path.front();
  if (what == "sync") return read_sync(view, body);
  if (what == "cancel") return read_cancel(view, body);
  if (what == "pause") return read_pause(view, body, now);
  if (what == "resume") return read_resume(view, body);
  if (what == "drain") return read_drain(body);
  return read_ack(path.at(1), body);
}

}  // namespace syncwarden::admin
