// The least that the same work can cost, for ./run to put beside the daemon.
//   bare_limits herd PORT LANES < ids    posts a sync for every connection id as fast as the lanes allow
//   bare_limits write SERIES             appends that many samples to one text
//   bare_limits get PORT COUNT           reads /metrics that often over one connection, then the same bytes
//   as
//                                        often from a bare Asio server
// Each prints one line: seconds, bytes where they matter, and for `get` the bare server's seconds. Errors end
// it: there is nobody to help.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Stopwatch = std::chrono::steady_clock;

double seconds_since(Stopwatch::time_point start) {
  return std::chrono::duration<double>(Stopwatch::now() - start).count();
}

tcp::endpoint loopback(std::string_view port) {
  unsigned short number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  return {asio::ip::address_v4::loopback(), number};
}

/// Length of the body that follows the head.
std::size_t length_in(std::string_view head) {
  constexpr std::string_view name = "\r\ncontent-length: ";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  const auto at = std::search(head.begin(), head.end(), name.begin(), name.end(), same);
  std::size_t length = 0;
  if (at != head.end()) {
    const char* first = &*at + name.size();
    std::from_chars(first, head.data() + head.size(), length);
  }
  return length;
}

struct Herd {
  std::vector<std::string> ids;
  std::size_t next = 0;
  std::size_t failed = 0;
};

asio::awaitable<void> lane(tcp::socket socket, Herd& herd) {
  std::string incoming;
  while (herd.next < herd.ids.size()) {
    const std::string body = fmt::format(R"({{"connectionId":"{}"}})", herd.ids[herd.next++]);
    const std::string request = fmt::format(
        "POST /api/v1/connections/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        body.size(), body);
    co_await asio::async_write(socket, asio::buffer(request), asio::use_awaitable);
    auto buffer = asio::dynamic_buffer(incoming);
    const std::size_t head =
        co_await asio::async_read_until(socket, buffer, std::string_view("\r\n\r\n"), asio::use_awaitable);
    if (incoming.compare(9, 1, "2") != 0) ++herd.failed;
    const std::size_t whole = head + length_in(std::string_view(incoming).substr(0, head));
    if (incoming.size() < whole) {
      const auto missing = asio::transfer_at_least(whole - incoming.size());
      co_await asio::async_read(socket, buffer, missing, asio::use_awaitable);
    }
    incoming.erase(0, whole);
  }
}

int run_herd(std::string_view port, std::size_t lanes) {
  Herd herd;
  for (std::string id; std::getline(std::cin, id);) herd.ids.push_back(id);
  asio::io_context loop(1);
  for (std::size_t i = 0; i < lanes; ++i) {
    tcp::socket socket(loop);
    socket.connect(loopback(port));
    socket.set_option(tcp::no_delay(true));
    auto work = lane(std::move(socket), herd);
    asio::co_spawn(loop, std::move(work), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
  }
  const auto start = Stopwatch::now();
  loop.run();
  fmt::print("{:.6f} {}\n", seconds_since(start), herd.failed);
  return 0;
}

int run_write(std::size_t series) {
  constexpr std::array families{"syncwarden_connection_last_success_timestamp_seconds",
                                "syncwarden_connection_next_run_timestamp_seconds",
                                "syncwarden_connection_running_since_timestamp_seconds",
                                "syncwarden_connection_consecutive_failures", "syncwarden_connection_info"};
  double best = 1e9;
  std::size_t bytes = 0;
  for (int round = 0; round < 20; ++round) {
    const auto start = Stopwatch::now();
    std::string text;
    text.reserve(series * 140);
    std::array<char, 24> digits{};
    for (std::size_t i = 0; i < series; ++i) {
      text += families[i % families.size()];
      text += R"({connection="6f1c7d5e-0a3b-4c58-9d1e-2f7a)";
      text.append(digits.data(), std::to_chars(digits.begin(), digits.end(), 10'000'000 + i).ptr);
      text += R"("} )";
      text.append(digits.data(), std::to_chars(digits.begin(), digits.end(), 1'767'225'600 + i).ptr);
      text += '\n';
    }
    best = std::min(best, seconds_since(start));
    bytes = text.size();
  }
  fmt::print("{:.6f} {}\n", best, bytes);
  return 0;
}

/// From the request to the last byte of the answer, in the median. The buffer is there before the clock
/// starts, and after the pause an answer is rendered anew, not the last one once more.
double median_of_gets(tcp::socket& socket, int count, std::string& answer) {
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::string incoming(16U << 20U, ' ');
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    const auto start = Stopwatch::now();
    asio::write(socket, asio::buffer(request));
    std::size_t have = 0;
    std::size_t whole = incoming.size();
    while (have < whole) {
      have += socket.read_some(asio::buffer(incoming.data() + have, incoming.size() - have));
      const std::string_view text(incoming.data(), have);
      const std::size_t end = whole == incoming.size() ? text.find("\r\n\r\n") : std::string_view::npos;
      if (end != std::string_view::npos) whole = end + 4 + length_in(text.substr(0, end + 4));
    }
    times.push_back(seconds_since(start));
    answer.assign(incoming, 0, whole);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

/// Answers every request with the same bytes, by a thread of its own.
void serve(tcp::socket socket, const std::string& answer, int count) {
  std::string incoming;
  for (int i = 0; i < count; ++i) {
    auto buffer = asio::dynamic_buffer(incoming);
    incoming.erase(0, asio::read_until(socket, buffer, "\r\n\r\n"));
    asio::write(socket, asio::buffer(answer));
  }
}

int run_get(std::string_view port, int count) {
  asio::io_context loop(1);
  tcp::socket socket(loop);
  socket.connect(loopback(port));
  std::string answer;
  const double daemon = median_of_gets(socket, count, answer);
  tcp::acceptor acceptor(loop, loopback("0"));
  tcp::socket near(loop);
  near.connect(acceptor.local_endpoint());
  tcp::socket far = acceptor.accept();
  std::thread server(
      [&answer, count, far = std::move(far)]() mutable { serve(std::move(far), answer, count); });
  std::string same;
  const double bare = median_of_gets(near, count, same);
  server.join();
  fmt::print("{:.6f} {} {:.6f}\n", daemon, answer.size(), bare);
  return same == answer ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "herd") return run_herd(words[1], std::stoul(words[2]));
  if (words.size() == 2 && words[0] == "write") return run_write(std::stoul(words[1]));
  if (words.size() == 3 && words[0] == "get") return run_get(words[1], std::stoi(words[2]));
  std::fputs("usage: bare_limits herd PORT LANES | write SERIES | get PORT COUNT\n", stderr);
  return 2;
}
