// Errors as values: what failed, where, and what the user can do about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace syncwarden {

/// One code per cause that somebody handles differently. Everything else is in the text.
enum class Errc : std::uint8_t {
  // what a user gave us
  usage,           ///< a command line that makes no sense
  invalid_config,  ///< a configuration that does not validate
  // reaching a peer
  resolve_failed,
  resolve_timeout,
  connect_refused,
  connect_timeout,
  tls_failed,    ///< certificate, host name or protocol refused
  proxy_failed,  ///< the HTTP proxy refused or broke the tunnel
  send_timeout,
  reply_timeout,
  connection_lost,  ///< closed or reset in the middle
  malformed_reply,  ///< no HTTP, or cut off, or not what the media type says
  reply_too_large,
  cancelled,  ///< by us: shutdown, or nobody waits any more
  expired,    ///< not sent, because its deadline had passed before its turn came
  // what a peer answered
  unauthorized,      ///< 401
  forbidden,         ///< 403
  not_found,         ///< 404 and Airbyte's other ways to say it
  conflict,          ///< 409
  rejected,          ///< any other 4xx
  rate_limited,      ///< 429
  server_error,      ///< 5xx
  unexpected_reply,  ///< a status or a body that the API does not promise
  unsupported,       ///< this API or version cannot do it
  // the state store and other files
  file_unreadable,
  file_unwritable,
  store_corrupt,
  store_newer,   ///< written by a newer syncwarden
  store_locked,  ///< another process holds it
  store_failed,  ///< I/O error, disk full
  fenced,        ///< another leader took over
  // local sockets
  address_in_use,
  listen_failed,
  internal,
};

/// The word used in logs and labels: "connect_timeout".
[[nodiscard]] std::string_view to_string(Errc code);

/// An error with everything that the person who reads it needs. Never holds a secret.
struct Error {
  Errc code = Errc::internal;
  std::string message;  ///< what failed, in a sentence without a final stop
  std::string where;    ///< "file:line:column", a URL without credentials, an operation; may be empty
  std::string hint;     ///< what to do; may be empty
};

/// "where: message (hint)"
[[nodiscard]] std::string to_string(const Error& error);

template <class T>
using Result = boost::system::result<T, Error>;

/// A Result's value() on an error is a bug of the caller: it throws std::logic_error.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& location);

}  // namespace syncwarden
