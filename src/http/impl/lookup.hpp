// The addresses of one host, without ever waiting longer for the resolver than the request can.
#pragma once

#include "http/impl/connection.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

namespace syncwarden::http {

/// Looks a host up and keeps the answer for some seconds. getaddrinfo cannot be interrupted and Asio has one
/// thread for it, so a lookup is shared by all who wait, and whoever runs out of time leaves it behind.
/// Literal addresses and "localhost" need no lookup.
class AddressBook : public std::enable_shared_from_this<AddressBook> {
 public:
  AddressBook(boost::asio::any_io_executor executor, std::string host, std::uint16_t port);

  /// Returns when addresses are known, the lookup has failed or `waiter` was shut.
  [[nodiscard]] static boost::asio::awaitable<boost::system::error_code> fill(
      std::shared_ptr<AddressBook> book, std::shared_ptr<Connection> waiter);
  /// In the order in which they should be tried. Valid after fill().
  [[nodiscard]] const std::vector<boost::asio::ip::tcp::endpoint>& addresses() const { return addresses_; }
  /// After a failure to connect: the next request looks up again.
  void forget();
  [[nodiscard]] const std::string& host() const { return host_; }

 private:
  void start();

  std::string host_;
  std::uint16_t port_;
  boost::asio::ip::tcp::resolver resolver_;
  std::vector<boost::asio::ip::tcp::endpoint> addresses_;
  boost::system::error_code result_;
  TimePoint fresh_until_{};
  bool fixed_ = false;
  bool running_ = false;
  std::vector<std::weak_ptr<Connection>> waiters_;
};

}  // namespace syncwarden::http
