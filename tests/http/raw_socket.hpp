// A blocking loopback socket: the tests' other side, free to misbehave.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace syncwarden::http {

class RawSocket {
 public:
  RawSocket() = default;
  explicit RawSocket(int fd) : fd_(fd) {
    timeval limit{};
    limit.tv_sec = 10;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RawSocket& operator=(RawSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket() { close(); }

  static RawSocket connect(std::uint16_t port) {
    RawSocket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to = loopback(port);
    if (::connect(socket.fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) socket.close();
    return socket;
  }

  static RawSocket listen() {
    RawSocket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at = loopback(0);
    ::bind(socket.fd_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(socket.fd_, 64);
    return socket;
  }

  [[nodiscard]] std::uint16_t port() const {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    return ntohs(at.sin_port);
  }

  [[nodiscard]] RawSocket accept() const { return RawSocket(::accept(fd_, nullptr, nullptr)); }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }

  void write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  /// Some bytes; empty at the end, after a reset or after ten seconds.
  [[nodiscard]] std::string read_some() const {
    char buffer[4096];
    const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
  }

  [[nodiscard]] std::string read_all() const {
    std::string all;
    for (std::string piece = read_some(); !piece.empty(); piece = read_some()) all += piece;
    return all;
  }

  /// Reads until `mark` was seen `times` times, or the end.
  [[nodiscard]] std::string read_until(std::string_view mark, int times = 1) const {
    std::string all;
    for (;;) {
      int seen = 0;
      for (std::size_t at = all.find(mark); at != std::string::npos; at = all.find(mark, at + mark.size()))
        ++seen;
      if (seen >= times) return all;
      const std::string piece = read_some();
      if (piece.empty()) return all;
      all += piece;
    }
  }

  void shutdown_send() const { ::shutdown(fd_, SHUT_WR); }
  void shutdown() const { ::shutdown(fd_, SHUT_RDWR); }

  /// The next close() sends a reset.
  void reset_on_close() const {
    linger abrupt{};
    abrupt.l_onoff = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
  }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    return at;
  }

  int fd_ = -1;
};

}  // namespace syncwarden::http
