#include "settings/impl/keys.hpp"
#include "settings/impl/shapes.hpp"

namespace syncwarden::settings {
namespace {

using namespace spans;

const Shape& auth_shape() {
  static const Shape shape{{
      {.name = "type",
       .kind = Kind::word,
       .standard = "none",
       .doc =
           "none, basic (Airbyte before 0.64 and proxies), token, or client_credentials (0.64 on, and Cloud)",
       .words = {"none", "basic", "token", "client_credentials"}},
      {.name = "username", .doc = "basic: the user", .example = "airbyte"},
      {.name = "password",
       .kind = Kind::secret,
       .doc = "basic: the password",
       .example = "${AIRBYTE_PASSWORD}"},
      {.name = "password_file",
       .kind = Kind::secret_file,
       .doc = "basic: a file that holds the password, or credential:NAME for a systemd credential",
       .example = "/run/secrets/airbyte-password"},
      {.name = "token",
       .kind = Kind::secret,
       .doc = "token: sent as a bearer token",
       .example = "${AIRBYTE_TOKEN}"},
      {.name = "token_file",
       .kind = Kind::secret_file,
       .doc = "token: a file that holds it",
       .example = "/run/secrets/airbyte-token"},
      {.name = "client_id", .doc = "client_credentials: the application's id", .example = "0f3c…"},
      {.name = "client_secret",
       .kind = Kind::secret,
       .doc = "client_credentials: the application's secret",
       .example = "${AIRBYTE_CLIENT_SECRET}"},
      {.name = "client_secret_file",
       .kind = Kind::secret_file,
       .doc = "client_credentials: a file that holds it",
       .example = "credential:airbyte-client-secret"},
  }};
  return shape;
}

const Shape& timeouts_shape() {
  static const Shape shape{{
      {.name = "connect",
       .kind = Kind::duration,
       .standard = "5s",
       .doc = "Name lookup, TCP and TLS together",
       .least = 10,
       .most = 10 * minute},
      {.name = "read",
       .kind = Kind::duration,
       .standard = "30s",
       .doc = "A list or a single read",
       .least = 100,
       .most = hour},
      {.name = "trigger",
       .kind = Kind::duration,
       .standard = "90s",
       .doc = "A request that starts a sync; afterwards its outcome is unclear and looked for",
       .least = second,
       .most = hour},
      {.name = "cancel",
       .kind = Kind::duration,
       .standard = "5m",
       .doc = "How long a cancelled job may take until it has ended",
       .least = second,
       .most = day},
      {.name = "connector",
       .kind = Kind::duration,
       .standard = "10m",
       .doc = "Checks and schema discoveries, which start a container",
       .least = second,
       .most = day},
  }};
  return shape;
}

const Shape& in_flight_shape() {
  static const Shape shape{{
      {.name = "triggers",
       .kind = Kind::count,
       .standard = "8",
       .doc = "Requests that start or cancel syncs",
       .least = 1,
       .most = 1'000},
      {.name = "reads",
       .kind = Kind::count,
       .standard = "8",
       .doc = "Lists and single reads",
       .least = 1,
       .most = 1'000},
      {.name = "connectors",
       .kind = Kind::count,
       .standard = "2",
       .doc = "Checks and discoveries",
       .least = 1,
       .most = 100},
  }};
  return shape;
}

const Shape& poll_shape() {
  static const Shape shape{{
      {.name = "min",
       .kind = Kind::duration,
       .standard = "1s",
       .doc = "While much happens (10s on Cloud)",
       .least = 100,
       .most = hour},
      {.name = "max",
       .kind = Kind::duration,
       .standard = "30s",
       .doc = "While nothing happens (2m on Cloud)",
       .least = 100,
       .most = hour},
  }};
  return shape;
}

const Shape& tls_shape() {
  static const Shape shape{{
      {.name = "ca_file",
       .kind = Kind::path,
       .doc = "Authorities to trust instead of the system's, PEM",
       .example = "/etc/ssl/company-ca.pem"},
      {.name = "cert_file", .kind = Kind::path, .doc = "Client certificate, PEM", .example = "client.pem"},
      {.name = "key_file", .kind = Kind::path, .doc = "Its key, PEM", .example = "client.key"},
  }};
  return shape;
}

}  // namespace

const Shape& airbyte_shape() {
  static const Shape shape{{
      {.name = "url",
       .doc = "The path tells the API (/api/v1, /api/public/v1, api.airbyte.com/v1); a bare host is probed",
       .required = true,
       .example = "http://localhost:8001/api/v1"},
      {.name = "api",
       .kind = Kind::word,
       .standard = "probe",
       .doc = "Overrides what the URL tells",
       .words = {"probe", "config", "public"}},
      {.name = "ui",
       .doc =
           "Airbyte's web interface, for links to jobs; none: no links; unless set, the url without its path "
           "from /api on (https://cloud.airbyte.com on Cloud)",
       .example = "http://localhost:8000"},
      {.name = "auth",
       .kind = Kind::section,
       .doc = "Who we are. Of each secret and its file, give one",
       .shape = &auth_shape()},
      {.name = "workspaces",
       .kind = Kind::texts,
       .standard = "[]",
       .doc = "Names or ids; empty: every workspace that is visible"},
      {.name = "timeouts", .kind = Kind::section, .doc = "Deadlines of requests", .shape = &timeouts_shape()},
      {.name = "settle",
       .kind = Kind::duration,
       .standard = "4m",
       .doc = "The longest time after which a sent request may still take effect; more than timeouts.trigger "
              "+ 60s",
       .least = minute,
       .most = day},
      {.name = "in_flight",
       .kind = Kind::section,
       .doc = "Requests at a time; separate lanes, so that hung triggers never stop the watching",
       .shape = &in_flight_shape()},
      {.name = "requests_per_second",
       .kind = Kind::number,
       .standard = "20",
       .doc = "Over all lanes; 0: unlimited; 1 on Cloud unless set",
       .least = 0,
       .most = 10'000},
      {.name = "triggers_per_second",
       .kind = Kind::number,
       .standard = "5",
       .doc = "Paces many syncs that are due at once; 0: unpaced",
       .least = 0,
       .most = 10'000},
      {.name = "poll",
       .kind = Kind::section,
       .doc = "Distance of the job polls, adaptive between these",
       .shape = &poll_shape()},
      {.name = "tls", .kind = Kind::section, .doc = "For https", .shape = &tls_shape()},
      {.name = "proxy",
       .standard = "from_environment",
       .doc = "from_environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), none, or http://host:port"},
      {.name = "headers",
       .kind = Kind::headers,
       .standard = "{}",
       .doc = "Sent with every request, such as for an identity-aware proxy; the values are secrets, and "
              "NAME_file reads one from a file"},
  }};
  return shape;
}

}  // namespace syncwarden::settings
