#include "observe/impl/labels.hpp"

#include <algorithm>
#include <string>

namespace syncwarden::observe {
namespace {

constexpr std::string_view reason_word(Errc code) {
  switch (code) {
    case Errc::resolve_failed:
    case Errc::resolve_timeout:
      return "dns";
    case Errc::connect_refused:
    case Errc::connect_timeout:
    case Errc::proxy_failed:
    case Errc::connection_lost:
      return "connect";
    case Errc::tls_failed:
      return "tls";
    case Errc::send_timeout:
    case Errc::reply_timeout:
      return "timeout";
    case Errc::unauthorized:
    case Errc::forbidden:
      return "auth";
    case Errc::rate_limited:
      return "rate_limited";
    case Errc::not_found:
    case Errc::conflict:
    case Errc::rejected:
      return "http_4xx";
    case Errc::server_error:
      return "http_5xx";
    case Errc::malformed_reply:
    case Errc::reply_too_large:
    case Errc::unexpected_reply:
      return "decode";
    default:
      return "other";
  }
}

constexpr std::string_view trigger_word(TriggerAnswer answer, std::optional<Errc> code) {
  if (answer == TriggerAnswer::conflict) return "conflict";
  if (answer == TriggerAnswer::throttled) return "rate_limited";
  if (answer == TriggerAnswer::not_sent || !code) return "transport";
  switch (*code) {
    case Errc::conflict:
      return "conflict";
    case Errc::not_found:
      return "not_found";
    case Errc::unauthorized:
    case Errc::forbidden:
      return "auth";
    case Errc::rate_limited:
      return "rate_limited";
    case Errc::rejected:
    case Errc::unsupported:
      return "http_4xx";
    case Errc::server_error:
    case Errc::unexpected_reply:
      return "http_5xx";
    default:
      return answer == TriggerAnswer::refused ? "http_4xx" : "transport";
  }
}

}  // namespace

std::optional<std::size_t> failure_reason(Errc code) {
  if (code == Errc::cancelled || code == Errc::expired) return std::nullopt;
  return index_in(request_failure_reasons, reason_word(code));
}

std::size_t trigger_failure_reason(TriggerAnswer answer, std::optional<Errc> code) {
  return index_in(trigger_failure_reasons, trigger_word(answer, code));
}

std::size_t handler_of(std::string_view path) {
  for (const std::string_view probe : {"/livez/", "/readyz/", "/healthz/"}) {
    if (path.starts_with(probe)) return index_in(handlers, probe.substr(0, probe.size() - 1));
  }
  // What follows is a secret, or a guess at it.
  if (path.starts_with("/webhooks/airbyte/")) return index_in(handlers, "/webhooks/airbyte");
  return index_in(handlers, path);
}

std::size_t method_of(std::string_view method) {
  if (method.size() > 8) return methods.size() - 1;
  std::string lower(method);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return index_in(methods, lower);
}

std::size_t code_of(unsigned status) { return index_in(codes, std::to_string(status)); }

}  // namespace syncwarden::observe
