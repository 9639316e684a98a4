#include "notify/render.hpp"

#include "base/text.hpp"
#include "http/signature.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace syncwarden::notify {
namespace {

namespace json = boost::json;

constexpr std::size_t held_back_at_most = 50;  ///< in one message
constexpr std::size_t longest_label = 256;
constexpr std::size_t longest_text = 1'000;

using Texts = std::map<std::string, std::string>;

/// A link that a person can follow: http or https, without what ends one in a message.
std::string web_link(const std::string& link) {
  if (link.rfind("http://", 0) != 0 && link.rfind("https://", 0) != 0) return {};
  const auto bad = [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '|' || c == '<' || c == '>' || c == '"';
  };
  if (std::any_of(link.begin(), link.end(), bad) || !is_utf8(link)) return {};
  return link;
}

/// What tells an alert from others: nothing that changes from message to message.
Texts labels_of(const Incident& incident) {
  Texts out;
  for (const auto& [name, text] : incident.labels) out[name] = printable(text, longest_label);
  out["alertname"] = alert_name(incident.kind);
  out["severity"] = to_string(incident.severity);
  out["kind"] = to_string(incident.kind);
  if (incident.stuck) out["stuck"] = to_string(*incident.stuck);
  if (!incident.connection.text.empty())
    out["connection_id"] = printable(incident.connection.text, longest_label);
  if (!incident.subject.empty()) out["subject"] = printable(incident.subject, longest_label);
  return out;
}

Texts annotations_of(const Incident& incident) {
  Texts out{{"summary", printable(incident.summary, longest_text)},
            {"incident", std::to_string(incident.id.value)}};
  const std::string link = web_link(incident.link);
  if (!link.empty()) out["link"] = link;
  if (incident.job.value > 0) out["job"] = std::to_string(incident.job.value);
  if (!incident.owner.empty()) out["owner"] = printable(incident.owner);
  return out;
}

/// Of a run: failed and succeeded share theirs, so that a success resolves what the failure before it fired.
Texts labels_of(const Notice& notice) {
  if (is_about_incident(notice.event)) return labels_of(notice.incident);
  Texts out = labels_of(notice.incident);
  out.erase("kind");
  out["alertname"] = notice.event == NoticeEvent::daily_digest  ? "SyncwardenDailyDigest"
                     : notice.event == NoticeEvent::run_suspect ? "SyncwardenRunSuspect"
                                                                : "SyncwardenRunFailed";
  if (notice.event == NoticeEvent::run_succeeded) out["severity"] = to_string(Severity::warning);
  return out;
}

Texts annotations_of(const Notice& notice) {
  Texts out = annotations_of(notice.incident);
  if (is_about_incident(notice.event)) return out;
  out.erase("incident");
  std::string lines;
  for (const auto& line : notice.incident.events)
    lines += (lines.empty() ? "" : "\n") + printable(line.what, longest_text);
  if (!lines.empty()) out["description"] = lines;
  return out;
}

json::object as_object(const Texts& texts) {
  json::object out;
  for (const auto& [name, text] : texts) out[name] = text;
  return out;
}

/// FNV-1a over the labels, as Alertmanager's fingerprints are: equal labels, equal number.
std::string fingerprint(const Texts& labels) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
    hash = (hash ^ 0xFFU) * 1'099'511'628'211U;
  };
  for (const auto& [name, text] : labels) {
    add(name);
    add(text);
  }
  return fmt::format("{:016x}", hash);
}

/// What every one of them has.
void keep_common(Texts& common, const Texts& other) {
  std::erase_if(common, [&](const auto& one) {
    const auto found = other.find(one.first);
    return found == other.end() || found->second != one.second;
  });
}

std::string_view verb_of(NoticeEvent event, const Incident& incident) {
  switch (event) {
    case NoticeEvent::incident_opened:
      return incident.reopened > 0 ? "Opened again" : "Opened";
    case NoticeEvent::incident_escalated:
      return "More severe";
    case NoticeEvent::incident_acknowledged:
      return "Acknowledged";
    case NoticeEvent::incident_closed:
      return "Closed";
    case NoticeEvent::run_succeeded:
      return "Succeeded";
    case NoticeEvent::run_failed:
      return "Failed";
    case NoticeEvent::run_suspect:
      return "Suspect";
    case NoticeEvent::daily_digest:
      return "Daily digest";
  }
  return "Changed";
}

std::string slack_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

/// Of a run or a digest.
std::string slack_news(const Notice& notice) {
  const Incident& news = notice.incident;
  std::string out = fmt::format("*{}*: {}\n{}", verb_of(notice.event, news),
                                slack_escaped(printable(news.subject, longest_label)),
                                slack_escaped(printable(news.summary, longest_text)));
  for (const auto& line : news.events) out += "\n• " + slack_escaped(printable(line.what, longest_text));
  const std::string link = web_link(news.link);
  if (!link.empty()) out += fmt::format(" · <{}|open in Airbyte>", slack_escaped(link));
  return out;
}

std::string slack_line(const Notice& notice) {
  if (!is_about_incident(notice.event)) return slack_news(notice);
  const Incident& incident = notice.incident;
  std::string out =
      fmt::format("*{}* ({}): {}", verb_of(notice.event, incident), to_string(incident.severity),
                  slack_escaped(printable(incident.subject, longest_label)));
  out += "\n" + slack_escaped(printable(incident.summary, longest_text));
  if (notice.event == NoticeEvent::incident_acknowledged)
    out += fmt::format("\nby {}", slack_escaped(printable(incident.owner)));
  const std::string link = web_link(incident.link);
  const std::string number = fmt::format("incident {}", incident.id.value);
  out += link.empty() ? fmt::format("\n{}", number)
                      : fmt::format("\n{} · <{}|open in Airbyte>", number, slack_escaped(link));
  return out;
}

/// PagerDuty's words; it has no `info` below which nobody is called, but it has the word.
json::object pagerduty_payload(const Notice& notice) {
  const Incident& incident = notice.incident;
  json::object payload;
  payload["summary"] = printable(
      fmt::format("{}: {}", printable(incident.subject, longest_label), incident.summary), longest_text);
  payload["source"] = "syncwarden";
  payload["severity"] = to_string(incident.severity);
  payload["timestamp"] = to_rfc3339(notice.at);
  if (!incident.subject.empty()) payload["component"] = printable(incident.subject, longest_label);
  payload["class"] = to_string(incident.kind);
  Texts details = labels_of(incident);
  details.merge(annotations_of(incident));
  payload["custom_details"] = as_object(details);
  return payload;
}

}  // namespace

std::size_t carries(const Receiver& receiver) {
  if (std::holds_alternative<AlertmanagerTarget>(receiver.target)) return 256;
  if (std::holds_alternative<PagerDutyTarget>(receiver.target)) return 1;
  return held_back_at_most;
}

std::string alert_name(IncidentKind kind) {
  switch (kind) {
    case IncidentKind::sync_failing:
      return "SyncwardenConnectionFailing";
    case IncidentKind::auto_disable_near:
      return "SyncwardenConnectionNearAutoDisable";
    case IncidentKind::stuck:
      return "SyncwardenJobsStuck";
    case IncidentKind::cancel_failed:
      return "SyncwardenRecoveryTimedOut";
    case IncidentKind::suspect_success:
      return "SyncwardenRunsSuspect";
    case IncidentKind::data_late:
      return "SyncwardenConnectionStale";
    case IncidentKind::intent_unresolved:
      return "SyncwardenIntentsUnresolved";
    default:
      break;
  }
  std::string out = "Syncwarden";
  bool upper = true;
  for (const char c : to_string(kind)) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return out;
}

Message alertmanager_message(const std::vector<Incident>& incidents, Instant now, Millis resend) {
  json::array alerts;
  for (const auto& incident : incidents) {
    json::object alert;
    alert["labels"] = as_object(labels_of(incident));
    alert["annotations"] = as_object(annotations_of(incident));
    alert["startsAt"] = to_rfc3339(incident.opened);
    alert["endsAt"] = to_rfc3339(incident.closed.value_or(now + 4 * resend));
    const std::string link = web_link(incident.link);
    if (!link.empty()) alert["generatorURL"] = link;
    alerts.emplace_back(std::move(alert));
  }
  return {json::serialize(alerts)};
}

Message slack_message(const std::vector<Notice>& notices) {
  std::string text;
  if (notices.size() > 1) {
    text = fmt::format("{} notifications, held back because there were so many:\n\n", notices.size());
  }
  bool first = true;
  for (const auto& notice : notices) {
    text += (first ? "" : "\n\n") + slack_line(notice);
    first = false;
  }
  // Beyond 40,000 characters Slack cuts; fifty lines with long summaries would come near.
  text = text.size() > 35'000 ? text.substr(0, text.rfind("\n\n", 35'000)) + "\n\n… and more" : text;
  json::object body;
  body["text"] = text;
  return {json::serialize(body)};
}

Message pagerduty_message(const Notice& notice, const Secret& routing_key) {
  const Incident& incident = notice.incident;
  json::object body;
  body["routing_key"] = routing_key.reveal();
  body["event_action"] = notice.event == NoticeEvent::incident_closed         ? "resolve"
                         : notice.event == NoticeEvent::incident_acknowledged ? "acknowledge"
                                                                              : "trigger";
  // The moment tells incidents of the same number in two installations apart.
  body["dedup_key"] =
      fmt::format("syncwarden/{}/{}", incident.id.value, incident.opened.time_since_epoch().count());
  body["client"] = "syncwarden";
  body["payload"] = pagerduty_payload(notice);
  const std::string link = web_link(incident.link);
  if (!link.empty()) {
    json::object in_airbyte{{"href", link}, {"text", "open in Airbyte"}};
    body["links"] = json::array{std::move(in_airbyte)};
  }
  return {json::serialize(body)};
}

Message webhook_message(const std::vector<Notice>& notices, std::string_view receiver,
                        const Secret& hmac_secret) {
  json::array alerts;
  std::optional<Texts> common_labels;
  std::optional<Texts> common_annotations;
  bool firing = false;
  for (const auto& notice : notices) {
    const Incident& incident = notice.incident;
    const Texts labels = labels_of(notice);
    Texts annotations = annotations_of(notice);
    annotations["event"] = to_string(notice.event);
    annotations["notification_key"] = notice.key;
    json::object alert;
    alert["status"] = incident.closed ? "resolved" : "firing";
    alert["labels"] = as_object(labels);
    alert["annotations"] = as_object(annotations);
    alert["startsAt"] = to_rfc3339(incident.opened);
    alert["endsAt"] = incident.closed ? to_rfc3339(*incident.closed) : "0001-01-01T00:00:00Z";
    alert["generatorURL"] = web_link(incident.link);
    alert["fingerprint"] = fingerprint(labels);
    alerts.emplace_back(std::move(alert));
    firing = firing || !incident.closed;
    if (!common_labels) {
      common_labels = labels;
      common_annotations = annotations;
    } else {
      keep_common(*common_labels, labels);
      keep_common(*common_annotations, annotations);
    }
  }
  json::object body;
  body["version"] = "4";
  const bool one_incident = notices.size() == 1 && is_about_incident(notices.front().event);
  body["groupKey"] = one_incident ? fmt::format("syncwarden/incident/{}", notices.front().incident.id.value)
                     : notices.size() == 1 ? "syncwarden/" + notices.front().key
                                           : std::string("syncwarden/held-back");
  body["truncatedAlerts"] = 0;
  body["status"] = firing ? "firing" : "resolved";
  body["receiver"] = receiver;
  body["groupLabels"] = json::object{};
  body["commonLabels"] = as_object(common_labels.value_or(Texts{}));
  body["commonAnnotations"] = as_object(common_annotations.value_or(Texts{}));
  body["externalURL"] = "";
  body["alerts"] = std::move(alerts);
  Message message{json::serialize(body)};
  if (notices.size() == 1) message.headers.emplace_back("Syncwarden-Key", notices.front().key);
  if (!hmac_secret.empty()) {
    message.headers.emplace_back("Syncwarden-Signature",
                                 "sha256=" + http::hmac_sha256(hmac_secret.reveal(), message.body));
  }
  return message;
}

}  // namespace syncwarden::notify
