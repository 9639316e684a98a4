#include "airbyte/impl/faults.hpp"

#include "base/text.hpp"

#include <variant>

#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

std::string login_hint(const Auth* auth) {
  if (auth == nullptr || std::holds_alternative<NoAuth>(*auth)) {
    return "this Airbyte wants credentials: set airbyte.auth";
  }
  if (std::holds_alternative<BasicAuth>(*auth)) {
    return "check username and password in airbyte.auth; abctl and Helm installations want "
           "client_credentials";
  }
  if (std::holds_alternative<TokenAuth>(*auth)) return "the token in airbyte.auth is wrong or has expired";
  return "check client_id and client_secret in airbyte.auth, and that Airbyte's clock is right";
}

std::string redirect_hint(const http::Response& response) {
  const auto location = response.header("Location");
  if (!location) return "redirects are not followed; give the final address in airbyte.url";
  const std::string target = printable(without_credentials(*location), 200);
  return fmt::format("redirects are not followed; it points to {}: give that address in airbyte.url", target);
}

std::string status_hint(const http::Response& response, const ErrorBody& body, const Context& context) {
  const unsigned status = response.status;
  if (status >= 300 && status < 400) return redirect_hint(response);
  switch (status) {
    case 401:
      return login_hint(context.auth);
    case 403:
      return "the credentials lack a role for this, or the id does not exist for them";
    case 404:
      return body.html ? "airbyte.url leads to something else than Airbyte's API; its path is /api/v1 or "
                         "/api/public/v1"
                       : "";
    case 405:
      return "airbyte.url leads to something else than Airbyte's API";
    case 429:
      return "lower airbyte.requests_per_second";
    case 502:
    case 503:
    case 504:
      return "the proxy in front of Airbyte is up, its server is not: look at the airbyte-server's log";
    default:
      return status >= 500 ? "the cause is in the airbyte-server's log" : "";
  }
}

std::string transport_hint(Errc code) {
  switch (code) {
    case Errc::resolve_failed:
    case Errc::resolve_timeout:
      return "check the host name in airbyte.url";
    case Errc::connect_refused:
      return "is Airbyte up and is the port right? abctl and Helm publish 8000, docker compose also 8001";
    case Errc::connect_timeout:
      return "check the network between here and Airbyte";
    case Errc::tls_failed:
      return "check airbyte.tls.ca_file, the certificate's host name, and that the port speaks TLS";
    case Errc::proxy_failed:
      return "check airbyte.proxy";
    default:
      return "";
  }
}

TriggerReply reply_with(TriggerAnswer answer, Error error) {
  TriggerReply reply;
  reply.answer = answer;
  reply.error = std::move(error);
  return reply;
}

TriggerReply conflict_reply(Api api, const http::Response& response, Error error) {
  // The Public API has two conflicts that only the title tells apart.
  if (api == Api::public_api && error_body_from(response.body).title == "state-conflict") {
    error.message = "the connection is not active";
    error.hint = "switch the connection on in Airbyte";
    return reply_with(TriggerAnswer::refused, std::move(error));
  }
  return reply_with(TriggerAnswer::conflict, std::move(error));
}

}  // namespace

Error cancelled_error(std::string where) {
  Error error;
  error.code = Errc::cancelled;
  error.message = "ended before an answer came";
  error.where = std::move(where);
  return error;
}

std::optional<Errc> code_of_status(unsigned status) {
  if (is_success(status)) return std::nullopt;
  switch (status) {
    case 401:
      return Errc::unauthorized;
    case 403:
      return Errc::forbidden;
    case 404:
      return Errc::not_found;
    case 409:
      return Errc::conflict;
    case 429:
      return Errc::rate_limited;
    default:
      break;
  }
  if (status >= 500 && status < 600) return Errc::server_error;
  if (status >= 400 && status < 500) return Errc::rejected;
  return Errc::unexpected_reply;
}

Error error_of(const http::Response& response, const Context& context) {
  const ErrorBody body = error_body_from(response.body);
  Error error;
  error.code = code_of_status(response.status).value_or(Errc::unexpected_reply);
  const std::string_view phrase = http::reason_phrase(response.status);
  error.message = fmt::format("Airbyte answered {}{}{}", response.status, phrase.empty() ? "" : " ", phrase);
  if (!body.message.empty()) error.message += ": " + body.message;
  error.where = context.where;
  error.hint = status_hint(response, body, context);
  return error;
}

Error error_of(Error error, const Context& context) {
  if (error.where.empty()) error.where = context.where;
  error.message = printable(error.message, 500);
  if (error.hint.empty()) error.hint = transport_hint(error.code);
  return error;
}

Error token_error_of(const http::Response& response, const Context& context) {
  Error error = error_of(response, context);
  const unsigned status = response.status;
  if (status == 400 || status == 401 || status == 403) {
    error.code = Errc::unauthorized;
    error.message = "Airbyte gives no access token: " + error.message;
    error.hint = "check client_id and client_secret in airbyte.auth";
  } else if (status == 404) {
    error.message = "this Airbyte has no token route: " + error.message;
    error.hint = "with its authentication switched off use `auth: {type: none}`; else check airbyte.url";
  } else if (status == 500) {
    error.hint = "some versions answer so to an unknown client_id: check it, then the airbyte-server's log";
  }
  return error;
}

TriggerReply trigger_reply_from(Api api, const Outcome& outcome, const std::optional<JobView>& job,
                                const Context& context, Instant now) {
  if (!outcome) {
    const http::Failure failure = outcome.error();
    TriggerAnswer answer = failure.sent ? TriggerAnswer::unclear : TriggerAnswer::not_sent;
    // credentials that are refused before the request will be refused the next time too
    if (!failure.sent && failure.error.code == Errc::unauthorized) answer = TriggerAnswer::refused;
    return reply_with(answer, error_of(failure.error, context));
  }
  const http::Response& response = *outcome;
  if (is_success(response.status)) {
    TriggerReply reply;
    if (job) {
      reply.answer = TriggerAnswer::created;
      reply.job = job->id;
      reply.status = job->status;
      return reply;
    }
    Error error;
    error.code = Errc::unexpected_reply;
    error.message = fmt::format("Airbyte answered {} without a job id", response.status);
    error.where = context.where;
    return reply_with(TriggerAnswer::unclear, std::move(error));
  }
  Error error = error_of(response, context);
  switch (error.code) {
    case Errc::conflict:
      return conflict_reply(api, response, std::move(error));
    case Errc::rate_limited: {
      TriggerReply reply = reply_with(TriggerAnswer::throttled, std::move(error));
      if (const auto header = response.header("Retry-After"))
        reply.retry_after = retry_after_from(*header, now);
      return reply;
    }
    case Errc::unauthorized:
    case Errc::forbidden:
    case Errc::not_found:
      return reply_with(TriggerAnswer::refused, std::move(error));
    case Errc::rejected:
      return reply_with(response.status == 408 ? TriggerAnswer::unclear : TriggerAnswer::refused,
                        std::move(error));
    case Errc::unexpected_reply:
      // a redirect means that something in front of Airbyte answered; anything else outside HTTP's classes
      // promises nothing
      return reply_with(
          response.status >= 300 && response.status < 400 ? TriggerAnswer::refused : TriggerAnswer::unclear,
          std::move(error));
    default:
      return reply_with(TriggerAnswer::unclear, std::move(error));
  }
}

bool means_no_such_job(Api api, const http::Response& response) {
  const ErrorBody body = error_body_from(response.body);
  if (body.html) return false;
  if (response.status == 404 || response.status == 403) return true;
  if (api == Api::public_api) return response.status == 409;
  if (response.status == 409) return true;
  if (response.status != 500) return false;
  // Since 2.0 the body is an errorId alone; before, it is told in words.
  const bool wordless = body.message.substr(0, 9) == "[errorId " || body.message.empty();
  return wordless || body.message.find("Could not find job with id") != std::string::npos;
}

}  // namespace syncwarden::airbyte
