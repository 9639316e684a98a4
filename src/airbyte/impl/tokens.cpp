// Credentials: the fixed ones, and the access token that is fetched once for all who wait for it.
#include "airbyte/impl/wire.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {

namespace asio = boost::asio;

namespace {

constexpr std::size_t max_token_body = 256 * 1024;

std::string base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, text.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8U) | (k < count ? static_cast<unsigned char>(text[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out.push_back(k <= count ? digits[(group >> (18U - 6U * static_cast<unsigned>(k))) & 63U] : '=');
    }
  }
  return out;
}

/// A minute before the end; of a short life three quarters.
Millis refresh_after(Millis lifetime) {
  constexpr Millis margin{std::chrono::minutes{1}};
  return lifetime >= 4 * margin ? lifetime - margin : lifetime * 3 / 4;
}

}  // namespace

/// Whatever way a fetch ends, those who wait for it are woken.
struct Wire::FetchGuard {
  Wire& wire;
  explicit FetchGuard(Wire& of) : wire(of) {
    wire.fetching_ = true;
    ++wire.fetches_;
  }
  ~FetchGuard() {
    wire.fetching_ = false;
    for (const auto& waiter : wire.token_waiters_) {
      waiter->granted = true;
      waiter->timer.cancel();
    }
    wire.token_waiters_.clear();
  }
  FetchGuard(const FetchGuard&) = delete;
  FetchGuard& operator=(const FetchGuard&) = delete;
};

bool Wire::token_is_good(const Place& place) const {
  return !token_.empty() && token_place_ == place && clock_().mono < token_refresh_;
}

void Wire::drop_token(std::uint64_t generation) {
  // another request may have fetched a newer one meanwhile
  if (generation == token_generation_) token_ = Secret();
}

asio::awaitable<Result<Wire::Bearer>> Wire::authorize(Place place) {
  Bearer bearer;
  if (const auto* basic = std::get_if<BasicAuth>(&target_.auth)) {
    bearer.header = "Basic " + base64(basic->username + ":" + basic->password.reveal());
    co_return bearer;
  }
  if (const auto* fixed = std::get_if<TokenAuth>(&target_.auth)) {
    bearer.header = "Bearer " + fixed->token.reveal();
    co_return bearer;
  }
  const auto* client = std::get_if<ClientCredentialsAuth>(&target_.auth);
  if (client == nullptr) co_return bearer;
  while (!closed_) {
    if (token_is_good(place)) {
      bearer.header = "Bearer " + token_.reveal();
      bearer.generation = token_generation_;
      co_return bearer;
    }
    if (!fetching_) {
      Result<Bearer> fetched = co_await fetch_token(place, *client);
      co_return fetched;
    }
    const std::uint64_t awaited = fetches_;
    const auto waiter = std::make_shared<Waiter>(executor_);
    token_waiters_.push_back(waiter);
    const Result<void> woken = co_await wait_for_turn(waiter, target_.read_timeout * 2);
    if (!woken) co_return woken.error();
    // an error is shared too; a fetch that was cancelled told nothing, so the next waiter tries
    if (fetch_error_ && fetch_error_of_ == awaited) co_return *fetch_error_;
  }
  co_return cancelled_error("");
}

asio::awaitable<Result<Wire::Bearer>> Wire::fetch_token(Place place, ClientCredentialsAuth auth) {
  FetchGuard guard(*this);
  const std::uint64_t number = fetches_;
  Call call;
  call.operation = Operation::get_token;
  call.place = place;
  call.target = "/applications/token";
  call.body = token_body(place.api, auth.client_id, auth.client_secret.reveal());
  const Context context = context_of(call);
  const auto fail = [this, number](Error error) {
    if (error.code != Errc::cancelled) {
      fetch_error_ = error;
      fetch_error_of_ = number;
    }
    return error;
  };

  const Result<void> turn = co_await bucket_.take(true, target_.read_timeout);
  if (!turn) co_return fail(turn.error());
  http::SendOptions options;
  options.deadline = target_.read_timeout;
  options.max_body_bytes = max_token_body;
  options.idempotent = true;
  http::Request request = request_of(call, "");
  const Outcome outcome =
      co_await transmit(Operation::get_token, std::move(request), std::move(options), nullptr);
  if (!outcome) co_return fail(error_of(outcome.error().error, context));
  note_pause(reads_, *outcome);
  if (!is_success(outcome->status)) co_return fail(token_error_of(*outcome, context));

  const Now now = clock_();
  const auto reply = token_from(outcome->body, now.wall);
  if (!reply) {
    Error error;
    error.code = Errc::malformed_reply;
    error.message = "the reply holds no access token";
    error.where = context.where;
    error.hint = "does airbyte.url lead to Airbyte's API?";
    co_return fail(std::move(error));
  }
  token_ = Secret(reply->token);
  token_place_ = place;
  token_refresh_ = now.mono + refresh_after(reply->lifetime);
  ++token_generation_;
  if (observer_.token_expiry) observer_.token_expiry(now.wall + reply->lifetime);
  Bearer bearer;
  bearer.header = "Bearer " + token_.reveal();
  bearer.generation = token_generation_;
  co_return bearer;
}

}  // namespace syncwarden::airbyte
