// What can be asked for: handed to the core, answered once the decision is on disk.
#include "admin/impl/api.hpp"
#include "admin/impl/api_json.hpp"
#include "admin/impl/order.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace json = boost::json;
namespace {

/// A disk that hangs must not hold requests for ever.
constexpr std::chrono::seconds longest_wait{20};

/// Between the one who waits and the one who answers; the answer may come after nobody waits any more.
struct Waiting {
  explicit Waiting(asio::any_io_executor executor) : bell(std::in_place, std::move(executor)) {
    bell->expires_after(longest_wait);
  }
  std::optional<Result<CommandDone>> done;
  std::optional<asio::steady_timer> bell;  ///< gone with the one who waits: it must not outlive its loop
};

asio::awaitable<Result<CommandDone>> submit(SourcesPtr sources, CommandRequest request) {
  const auto waiting = std::make_shared<Waiting>(co_await asio::this_coro::executor);
  sources->commands->submit(std::move(request), [waiting](Result<CommandDone> done) {
    waiting->done = std::move(done);
    if (waiting->bell) waiting->bell->cancel();
  });
  if (!waiting->done) (void)co_await waiting->bell->async_wait(asio::as_tuple(asio::use_awaitable));
  waiting->bell.reset();
  if (waiting->done) co_return *std::move(waiting->done);
  const Error late{Errc::expired, "the decision has not reached the disk yet", "",
                   "ask again with the same Idempotency-Key: it is done once; see /readyz?verbose"};
  co_return late;
}

/// As the audit names whoever asks. Over a Unix socket the kernel tells whose process it is. Over TCP nobody
/// can, so a name is what the client says and is marked as such.
asio::awaitable<std::string> who_asks(SourcesPtr sources, std::optional<std::uint32_t> uid,
                                      std::string account) {
  if (!uid) co_return account.empty() ? std::string("local") : account + " (by own account; local)";
  std::string name;
  if (sources->user_name) name = co_await sources->user_name(*uid);
  std::string who = name.empty() ? fmt::format("uid {} on this host", *uid)
                                 : fmt::format("{} (uid {} on this host)", name, *uid);
  // Several people may share a user of the system.
  if (!account.empty() && account != name) who += fmt::format(", by own account {}", account);
  co_return who;
}

}  // namespace

Answer api_order(SourcesPtr sources, ApiRequest request) {
  if (sources->commands == nullptr) {
    const Error nobody{Errc::unsupported, "this process takes no commands", "", ""};
    co_return api_error(nobody);
  }
  auto what = read_order(sources->view, request.path, request.body, sources->clock().wall);
  if (!what) co_return api_error(what.error());
  CommandRequest order;
  auto who = request.user;
  if (who.empty()) who = co_await who_asks(sources, request.uid, std::move(request.account));
  order.who = std::move(who);
  order.key = std::move(request.key);
  order.what = *std::move(what);
  const auto done = co_await submit(sources, std::move(order));
  if (!done) co_return api_error(done.error());
  const json::object out{
      {"text", json_of(std::string_view(done->text))},
      {"run", done->run ? json_of(std::string_view(to_string(*done->run))) : json::value(nullptr)},
      {"job", done->job ? json::value(done->job->value) : json::value(nullptr)},
      {"repeated", done->repeated}};
  co_return json_answer(200, out);
}

}  // namespace syncwarden::admin
