// What can be asked for: handed to the core, answered once the decision is on disk.
#include "admin/impl/api.hpp"
#include "admin/impl/api_json.hpp"
#include "admin/impl/order.hpp"

#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

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

}  // namespace

Answer api_order(SourcesPtr sources, ApiRequest request) {
  if (sources->commands == nullptr) {
    const Error nobody{Errc::unsupported, "this process takes no commands", "", ""};
    co_return api_error(nobody);
  }
  auto what = read_order(sources->view, request.path, request.body, sources->clock().wall);
  if (!what) co_return api_error(what.error());
  CommandRequest order;
  order.who = std::move(request.who);
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
