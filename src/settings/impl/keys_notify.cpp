#include "settings/impl/keys.hpp"
#include "settings/impl/shapes.hpp"

namespace syncwarden::settings {
namespace {

using namespace spans;

const Shape& alertmanager_shape() {
  static const Shape shape{{{.name = "urls",
                             .kind = Kind::some_texts,
                             .doc = "Every member of the cluster, not a load balancer; shown to nobody",
                             .example = "[\"http://localhost:9093\"]"}}};
  return shape;
}

const Shape& slack_shape() {
  static const Shape shape{{
      {.name = "webhook_url",
       .kind = Kind::secret,
       .doc = "Of an incoming webhook",
       .example = "${SLACK_WEBHOOK_URL}"},
      {.name = "webhook_url_file",
       .kind = Kind::secret_file,
       .doc = "A file that holds it",
       .example = "/run/secrets/slack-webhook"},
  }};
  return shape;
}

const Shape& pagerduty_shape() {
  static const Shape shape{{
      {.name = "routing_key",
       .kind = Kind::secret,
       .doc = "Of a service's Events API v2 integration",
       .example = "${PAGERDUTY_ROUTING_KEY}"},
      {.name = "routing_key_file",
       .kind = Kind::secret_file,
       .doc = "A file that holds it",
       .example = "credential:pagerduty"},
      {.name = "url",
       .standard = "https://events.pagerduty.com/v2/enqueue",
       .doc = "Where events go; Europe has https://events.eu.pagerduty.com/v2/enqueue"},
  }};
  return shape;
}

const Shape& webhook_shape() {
  static const Shape shape{{
      {.name = "url", .kind = Kind::secret, .doc = "Where the JSON is posted", .example = "${HOOK_URL}"},
      {.name = "url_file",
       .kind = Kind::secret_file,
       .doc = "A file that holds it",
       .example = "/run/secrets/hook-url"},
      {.name = "hmac_secret",
       .kind = Kind::secret,
       .doc = "Signs the body: Syncwarden-Signature: sha256=HEX (HMAC-SHA256)",
       .example = "${HOOK_SECRET}"},
      {.name = "hmac_secret_file",
       .kind = Kind::secret_file,
       .doc = "A file that holds it",
       .example = "/run/secrets/hook-secret"},
  }};
  return shape;
}

const Shape& heartbeat_shape() {
  static const Shape shape{{
      {.name = "url", .kind = Kind::secret, .doc = "Asked while all is well", .example = "${PING_URL}"},
      {.name = "url_file",
       .kind = Kind::secret_file,
       .doc = "A file that holds it",
       .example = "/run/secrets/ping-url"},
      {.name = "every",
       .kind = Kind::duration,
       .standard = "1m",
       .doc = "Distance of the pings",
       .least = second,
       .most = day},
      {.name = "method",
       .kind = Kind::word,
       .standard = "GET",
       .doc = "GET or POST",
       .words = {"GET", "POST"}},
  }};
  return shape;
}

const Shape& digest_shape() {
  static const Shape shape{{
      {.name = "at", .kind = Kind::time_of_day, .doc = "When", .required = true, .example = "\"08:00\""},
      {.name = "timezone",
       .kind = Kind::zone,
       .doc = "Of the time: an IANA name; that of the defaults unless set",
       .example = "Europe/Amsterdam"},
  }};
  return shape;
}

}  // namespace

const Shape& receiver_shape() {
  static const Shape shape{{
      {.name = "name",
       .doc = "For messages, and for syncwarden notify test NAME",
       .required = true,
       .example = "team"},
      {.name = "alertmanager",
       .kind = Kind::section,
       .doc = "Alerts for Alertmanager's API v2, which groups, silences and inhibits",
       .shape = &alertmanager_shape()},
      {.name = "slack", .kind = Kind::section, .doc = "A Slack channel", .shape = &slack_shape()},
      {.name = "pagerduty",
       .kind = Kind::section,
       .doc = "PagerDuty: triggered, acknowledged and resolved with the incident",
       .shape = &pagerduty_shape()},
      {.name = "webhook",
       .kind = Kind::section,
       .doc = "JSON in the shape of Alertmanager's webhook (version 4)",
       .shape = &webhook_shape()},
      {.name = "heartbeat",
       .kind = Kind::section,
       .doc = "A dead man's switch: pinged while syncwarden makes progress",
       .shape = &heartbeat_shape()},
      {.name = "match",
       .kind = Kind::section,
       .doc = "Only incidents of these connections (none about Airbyte as a whole); without it: every one",
       .shape = &match_shape()},
      {.name = "labels",
       .kind = Kind::labels,
       .standard = "{}",
       .doc = "Only incidents that have these labels (see defaults.labels)",
       .example = "{team: finance}"},
      {.name = "events",
       .kind = Kind::words,
       .standard = "[incident_opened, incident_escalated, incident_acknowledged, incident_closed]",
       .doc =
           "Told about these only; run_succeeded, run_failed and run_suspect, of syncwarden's own runs, if "
           "asked for. Not for alertmanager, which is told of every change",
       .words = {"incident_opened", "incident_escalated", "incident_acknowledged", "incident_closed",
                 "run_succeeded", "run_failed", "run_suspect"}},
      {.name = "daily_digest",
       .kind = Kind::section,
       .doc = "One message a day (slack, webhook): runs of the last day, what failed, what is open",
       .shape = &digest_shape()},
      {.name = "severity",
       .kind = Kind::word,
       .standard = "info",
       .doc = "From this one on: info, warning or critical",
       .words = {"info", "warning", "critical"}},
      {.name = "per_hour",
       .kind = Kind::count,
       .standard = "60",
       .doc = "Messages in any hour at most, 0: unlimited; what is held back comes in one message where the "
              "receiver can take several (slack, webhook)",
       .least = 0,
       .most = 100'000},
  }};
  return shape;
}

}  // namespace syncwarden::settings
