#include "base/error.hpp"

#include <stdexcept>

namespace syncwarden {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::usage:
      return "usage";
    case Errc::invalid_config:
      return "invalid_config";
    case Errc::resolve_failed:
      return "resolve_failed";
    case Errc::resolve_timeout:
      return "resolve_timeout";
    case Errc::connect_refused:
      return "connect_refused";
    case Errc::connect_timeout:
      return "connect_timeout";
    case Errc::tls_failed:
      return "tls_failed";
    case Errc::proxy_failed:
      return "proxy_failed";
    case Errc::send_timeout:
      return "send_timeout";
    case Errc::reply_timeout:
      return "reply_timeout";
    case Errc::connection_lost:
      return "connection_lost";
    case Errc::malformed_reply:
      return "malformed_reply";
    case Errc::reply_too_large:
      return "reply_too_large";
    case Errc::cancelled:
      return "cancelled";
    case Errc::expired:
      return "expired";
    case Errc::unauthorized:
      return "unauthorized";
    case Errc::forbidden:
      return "forbidden";
    case Errc::not_found:
      return "not_found";
    case Errc::conflict:
      return "conflict";
    case Errc::rejected:
      return "rejected";
    case Errc::rate_limited:
      return "rate_limited";
    case Errc::server_error:
      return "server_error";
    case Errc::unexpected_reply:
      return "unexpected_reply";
    case Errc::unsupported:
      return "unsupported";
    case Errc::file_unreadable:
      return "file_unreadable";
    case Errc::file_unwritable:
      return "file_unwritable";
    case Errc::store_corrupt:
      return "store_corrupt";
    case Errc::store_newer:
      return "store_newer";
    case Errc::store_locked:
      return "store_locked";
    case Errc::store_failed:
      return "store_failed";
    case Errc::fenced:
      return "fenced";
    case Errc::address_in_use:
      return "address_in_use";
    case Errc::listen_failed:
      return "listen_failed";
    case Errc::internal:
      return "internal";
  }
  return "internal";
}

std::string to_string(const Error& error) {
  std::string text;
  if (!error.where.empty()) text = error.where + ": ";
  text += error.message;
  if (!error.hint.empty()) text += " (" + error.hint + ")";
  return text;
}

void throw_exception_from_error(const Error& error, const boost::source_location& /*location*/) {
  throw std::logic_error("value() of a Result that holds an error: " + to_string(error));
}

}  // namespace syncwarden
