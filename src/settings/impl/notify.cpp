// The receivers of `notify:`. No message shows an address: it may be all that a writer needs.
#include "model/receiver.hpp"
#include "settings/impl/assemble.hpp"
#include "settings/impl/entries.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

constexpr std::array<std::string_view, 5> kinds{"alertmanager", "slack", "pagerduty", "webhook", "heartbeat"};
constexpr std::size_t longest_name = 64;

/// A URL at a place; its text is in no message.
Secret url_of(const std::string& text, const Place& place, const std::string& path, bool query_allowed,
              const Reading& reading) {
  const std::string fault = url_fault(text, query_allowed);
  if (!fault.empty()) {
    reading.problems.add(place, fmt::format("{}: the URL {}", path, fault),
                         "write it as https://host/path; the value itself is not shown");
  }
  return Secret(text);
}

/// A secret that must be given, by itself or by its file.
Secret needed(const Section& section, std::string_view name, const Reading& reading) {
  const Value& value = section.at(name);
  if (!value.given) {
    reading.problems.add(section.place, fmt::format("{} is missing", value.path),
                         fmt::format("give {} or {}_file", name, name));
  }
  return Secret(value.given && value.valid ? value.text : std::string());
}

Secret needed_url(const Section& section, std::string_view name, const Reading& reading) {
  Secret url = needed(section, name, reading);
  if (url.empty()) return url;
  const Value& value = section.at(name);
  return url_of(url.reveal(), value.place, value.path, true, reading);
}

/// What is sent in a header or as a key: one line.
void check_one_line(const Value& value, const Reading& reading) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (!value.given || !value.valid || std::none_of(value.text.begin(), value.text.end(), control)) return;
  reading.problems.add(value.place,
                       fmt::format("{}: the value holds a line break or a control character", value.path),
                       "a secret's file should hold one line");
}

ReceiverTarget target_of(const Section& section, std::string_view kind, const Reading& reading) {
  const Section& of = section.section(kind);
  if (kind == "alertmanager") {
    AlertmanagerTarget out;
    const Value& urls = of.at("urls");
    for (const Text& url : urls.texts) {
      out.urls.push_back(url_of(url.text, url.place, urls.path, false, reading));
    }
    if (out.urls.empty() && urls.valid) {
      reading.problems.add(of.place, fmt::format("{} is missing", urls.path),
                           "such as urls: [\"http://localhost:9093\"]");
    }
    return out;
  }
  if (kind == "slack") return SlackTarget{needed_url(of, "webhook_url", reading)};
  if (kind == "pagerduty") {
    check_one_line(of.at("routing_key"), reading);
    const Value& url = of.at("url");
    return PagerDutyTarget{needed(of, "routing_key", reading),
                           url_of(url.text, url.place, url.path, true, reading)};
  }
  if (kind == "webhook") {
    const Value& key = of.at("hmac_secret");
    return WebhookTarget{needed_url(of, "url", reading), Secret(key.given ? key.text : std::string())};
  }
  return HeartbeatTarget{needed_url(of, "url", reading), of.at("every").duration,
                         of.at("method").text == "POST"};
}

/// The one kind that the receiver has.
std::optional<std::string_view> kind_in(const Section& section, const Reading& reading) {
  std::vector<std::string_view> given;
  for (const auto kind : kinds) {
    if (section.given(kind)) given.push_back(kind);
  }
  if (given.size() == 1) return given.front();
  reading.problems.add(section.place,
                       given.empty() ? fmt::format("{}: says not where to send", section.path)
                                     : fmt::format("{}: {} are too many for one receiver", section.path,
                                                   fmt::join(given, " and ")),
                       fmt::format("give one of {}", fmt::join(kinds, ", ")));
  return std::nullopt;
}

void check_heartbeat(const Section& section, const Reading& reading) {
  for (const std::string_view key : {"match", "labels", "events", "severity", "per_hour", "daily_digest"}) {
    if (!section.given(key)) continue;
    reading.problems.add(section.at(key).place,
                         fmt::format("{}: a heartbeat tells of no incident", section.at(key).path),
                         "remove it, or make a second receiver");
  }
}

void check_alertmanager(const Section& section, const Reading& reading) {
  for (const std::string_view key : {"events", "per_hour", "daily_digest"}) {
    if (!section.given(key)) continue;
    reading.problems.add(
        section.at(key).place,
        fmt::format("{}: Alertmanager is told of every change, and again each minute", section.at(key).path),
        "remove it: Alertmanager routes, groups and silences by itself");
  }
}

/// What is over when it is told would ring for ever.
void check_pagerduty(const Section& section, const Reading& reading) {
  const Value& events = section.at("events");
  for (const Text& word : events.texts) {
    const auto event = notice_event_from(word.text);
    if (!event || is_about_incident(*event)) continue;
    reading.problems.add(events.place,
                         fmt::format("{}: {} is no trouble that begins and ends", events.path, word.text),
                         "PagerDuty takes events of incidents; a failing connection has one");
  }
  if (!section.given("daily_digest")) return;
  reading.problems.add(section.at("daily_digest").place,
                       fmt::format("{}: nobody should be called for it", section.at("daily_digest").path),
                       "use slack or webhook");
}

std::optional<DigestTime> digest_from(const Section& section, const std::string& timezone,
                                      const Reading& reading) {
  if (!section.given("daily_digest") || !section.at("daily_digest").valid) return std::nullopt;
  const Section& digest = section.section("daily_digest");
  const Value& at = digest.at("at");
  if (!at.given || !at.valid) return std::nullopt;
  const Value& zone = digest.at("timezone");
  const std::string name = zone.given ? zone.text : timezone;
  const auto minutes = static_cast<int>(at.number);
  auto daily = calendar::Schedule::cron(
      {.expression = fmt::format("0 {} {} * * ?", minutes % 60, minutes / 60), .timezone = name});
  if (!daily) {
    if (zone.valid) reading.problems.add(digest.place, daily.error().message);
    return std::nullopt;
  }
  return DigestTime{*std::move(daily), fmt::format("{:02}:{:02} {}", minutes / 60, minutes % 60, name)};
}

class Names {
 public:
  explicit Names(const Reading& reading) : reading_(reading) {}

  void check(const Value& name) {
    if (!name.given || !name.valid) return;
    constexpr std::string_view may = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (name.text.size() > longest_name || name.text.find_first_not_of(may) != std::string::npos) {
      reading_.problems.add(name.place,
                            fmt::format("{}: {} is no name of a receiver", name.path, shown(name.written)),
                            fmt::format("letters, digits, dots, _ and -, at most {}", longest_name));
    }
    const auto [earlier, fresh] = seen_.emplace(name.text, name.place.line);
    if (fresh) return;
    reading_.problems.add(name.place, fmt::format("{}: {} is the name of a receiver in line {} already",
                                                  name.path, shown(name.written), earlier->second));
  }

 private:
  const Reading& reading_;
  std::map<std::string, std::size_t> seen_;
};

}  // namespace

std::vector<Receiver> assemble_receivers(const Value& notify, const std::string& timezone,
                                         const Reading& reading) {
  std::vector<Receiver> out;
  Names names(reading);
  for (const Section& section : notify.sections) {
    Receiver receiver;
    names.check(section.at("name"));
    receiver.name = section.at("name").text;
    const auto kind = kind_in(section, reading);
    if (!kind) continue;
    receiver.target = target_of(section, *kind, reading);
    if (*kind == "alertmanager") check_alertmanager(section, reading);
    if (*kind == "heartbeat") check_heartbeat(section, reading);
    if (*kind == "pagerduty") check_pagerduty(section, reading);
    receiver.digest = digest_from(section, timezone, reading);
    if (section.given("match") && section.at("match").valid) {
      receiver.match = assemble_match(section.section("match"), reading);
    }
    for (const Text& label : section.at("labels").texts)
      receiver.labels.emplace_back(label.label, label.text);
    for (const Text& word : section.at("events").texts) {
      if (const auto event = notice_event_from(word.text)) receiver.events.push_back(*event);
    }
    receiver.severity = severity_from(section.at("severity").text).value_or(Severity::info);
    receiver.per_hour = static_cast<std::uint32_t>(section.at("per_hour").number);
    out.push_back(std::move(receiver));
  }
  return out;
}

std::string receiver_text(const Receiver& receiver) {
  std::string target;
  if (const auto* alertmanager = std::get_if<AlertmanagerTarget>(&receiver.target)) {
    target = fmt::format("{{urls: {} of them}}", alertmanager->urls.size());
  } else if (const auto* heartbeat = std::get_if<HeartbeatTarget>(&receiver.target)) {
    target = fmt::format("{{url: <secret>, every: {}, method: {}}}", syncwarden::to_string(heartbeat->every),
                         heartbeat->post ? "POST" : "GET");
    return fmt::format("{{name: {}, heartbeat: {}}}", shown(receiver.name), target);
  } else {
    target = "<secret>";
  }
  std::string out = fmt::format("{{name: {}, {}: {}", shown(receiver.name), kind_of(receiver), target);
  if (receiver.match) out += ", match: " + match_text(*receiver.match);
  std::string labels;
  for (const auto& [name, text] : receiver.labels) {
    labels += fmt::format("{}{}: {}", labels.empty() ? "" : ", ", name, shown(text));
  }
  if (!labels.empty()) out += fmt::format(", labels: {{{}}}", labels);
  std::string events;
  for (const NoticeEvent event : receiver.events) {
    events += fmt::format("{}{}", events.empty() ? "" : ", ", syncwarden::to_string(event));
  }
  out += fmt::format(", events: [{}], severity: {}, per_hour: {}", events,
                     syncwarden::to_string(receiver.severity), receiver.per_hour);
  if (receiver.digest) out += ", daily_digest: " + receiver.digest->text;
  return out + "}";
}

}  // namespace syncwarden::settings
