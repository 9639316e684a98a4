// Unix sockets: where they are bound, and who is at the other end.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/local/stream_protocol.hpp>

namespace syncwarden::http {

/// Binds to `path` with mode 0660 and listens. A stale socket is replaced.
[[nodiscard]] Result<void> bind_unix(boost::asio::local::stream_protocol::acceptor& acceptor,
                                     const std::string& path);

/// Whose process connected, as the kernel tells.
[[nodiscard]] std::optional<std::uint32_t> peer_uid(int socket);

}  // namespace syncwarden::http
