#include "http/impl/lookup.hpp"

#include <chrono>
#include <string>
#include <utility>

#include <boost/asio/ip/address.hpp>

namespace syncwarden::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {
constexpr std::chrono::seconds freshness{10};
}

AddressBook::AddressBook(asio::any_io_executor executor, std::string host, std::uint16_t port)
    : host_(std::move(host)), port_(port), resolver_(executor) {
  error_code ec;
  const auto literal = asio::ip::make_address(host_, ec);
  if (!ec) {
    addresses_.emplace_back(literal, port);
  } else if (iequals(host_, "localhost")) {
    addresses_.emplace_back(asio::ip::address_v4::loopback(), port);
    addresses_.emplace_back(asio::ip::address_v6::loopback(), port);
  }
  fixed_ = !addresses_.empty();
}

asio::awaitable<error_code> AddressBook::fill(std::shared_ptr<AddressBook> book,
                                              std::shared_ptr<Connection> waiter) {
  if (book->fixed_) co_return error_code();
  if (!book->addresses_.empty() && timer_now() < book->fresh_until_) co_return error_code();
  if (!book->running_) book->start();
  book->waiters_.push_back(waiter);
  while (book->running_ && waiter->ended() == Ended::no) co_await waiter->sleep();
  co_return book->result_;
}

void AddressBook::start() {
  running_ = true;
  resolver_.async_resolve(
      host_, std::to_string(port_), tcp::resolver::numeric_service,
      [self = shared_from_this()](const error_code& ec, const tcp::resolver::results_type& found) {
        self->running_ = false;
        self->result_ = ec;
        self->addresses_.clear();
        for (const auto& entry : found) self->addresses_.push_back(entry.endpoint());
        self->fresh_until_ = timer_now() + freshness;
        for (const auto& waiter : std::exchange(self->waiters_, {})) {
          if (const auto connection = waiter.lock()) connection->wake();
        }
      });
}

void AddressBook::forget() { fresh_until_ = TimePoint{}; }

}  // namespace syncwarden::http
