// A process for the crash tests to kill: opens the state file and commits numbered batches, several at a
// time, until it is ended. Prints "open", then each number once its batch is acknowledged.
//   store_writer PATH FIRST_NUMBER
#include "store/sqlite/sqlite_store.hpp"
#include "support.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <unistd.h>

namespace {

using namespace syncwarden;
namespace asio = boost::asio;

constexpr int lanes = 4;

void say(const std::string& line) {
  const auto text = line + "\n";
  if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) std::_Exit(3);
}

[[noreturn]] void fail(const Error& error) {
  std::fputs((to_string(error) + "\n").c_str(), stderr);
  std::_Exit(2);
}

asio::awaitable<void> write_batches(Store& store, Epoch epoch, std::int64_t& next) {
  for (;;) {
    const auto number = next++;
    CommitRequest request;
    request.epoch = epoch;
    request.batch = store::test::numbered_batch(number);
    const auto done = co_await store.commit(std::move(request));
    if (!done) fail(done.error());
    say(std::to_string(number));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  asio::io_context loop;
  auto made = store::make_sqlite_store(loop.get_executor(), argv[1]);
  if (!made) fail(made.error());
  auto& store = **made;
  const auto lease = store::test::wait(loop, store.acquire_or_renew("writer", Millis{60'000}));
  if (!lease) fail(lease.error());
  say("open");
  std::int64_t next = std::atoll(argv[2]);
  for (int lane = 0; lane < lanes; ++lane) {
    asio::co_spawn(loop, write_batches(store, (*lease)->epoch, next), [](std::exception_ptr failure) {
      if (failure) std::terminate();
    });
  }
  loop.restart();
  loop.run();
}
