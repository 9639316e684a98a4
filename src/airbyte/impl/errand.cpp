#include "airbyte/impl/errand.hpp"

#include "http/client.hpp"

#include <csignal>
#include <cstdlib>

#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace syncwarden::airbyte {

namespace asio = boost::asio;

namespace {

std::string proxy_for(const AirbyteTarget& target, const http::Origin& origin) {
  if (target.proxy == "none") return {};
  if (target.proxy != "from_environment" && !target.proxy.empty()) return target.proxy;
  return http::proxy_from_environment(origin, [](const char* name) { return std::getenv(name); });
}

}  // namespace

Errand::Errand(AirbyteTarget target, Clock clock, AdminOptions options)
    : target_(std::move(target)), clock_(std::move(clock)) {
  if (!options.catch_interrupts) return;
  signals_.emplace(loop_, SIGINT, SIGTERM);
  listen_for_interrupts();
}

Errand::~Errand() {
  if (api_) api_->close();
  if (wire_) wire_->close();
  boost::system::error_code ignored;
  if (signals_) signals_->cancel(ignored);
  loop_.restart();
  loop_.poll();
}

void Errand::listen_for_interrupts() {
  signals_->async_wait([this](const boost::system::error_code& ec, int /*signal*/) {
    if (ec) return;
    interrupted_ = true;
    if (waiting_) interrupt_.emit(asio::cancellation_type::terminal);
    listen_for_interrupts();
  });
}

Result<void> Errand::prepare() {
  Result<http::Origin> origin = http::Origin::parse(target_.url);
  if (!origin) return origin.error();
  http::ClientOptions options;
  options.connect_timeout = target_.connect_timeout;
  options.tls.ca_file = target_.ca_file;
  options.tls.cert_file = target_.cert_file;
  options.tls.key_file = target_.key_file;
  options.proxy = proxy_for(target_, *origin);
  auto client = http::make_client(loop_.get_executor(), *origin, std::move(options));
  if (!client) return client.error();
  auto api = make_client(loop_.get_executor(), target_, clock_, {});
  if (!api) return api.error();
  places_ = places_of(target_.api, origin->base_path);
  wire_ = std::make_unique<Wire>(loop_.get_executor(), target_, clock_, Observer{}, std::move(*origin),
                                 std::move(*client));
  api_ = std::move(*api);
  return Result<void>();
}

Result<Found> Errand::found() {
  if (found_) return *found_;
  auto answer = wait(find_airbyte(wire_.get(), places_));
  if (!answer) return cut_short();
  if (!*answer) return answer->error();
  found_ = std::move(**answer);
  return *found_;
}

Result<AirbyteInfo> Errand::info() {
  const auto known = found();
  if (!known) return known.error();
  AirbyteInfo info;
  info.version = known->instance.version;
  info.api = known->place.api == Api::config ? "config" : "public";
  info.lists_whole_instance = known->traits.whole_instance;
  return info;
}

Call Errand::reading(std::string path, std::string body) const {
  Call call = read_call(target_, found_->place, Operation::administer, std::move(path), std::move(body));
  return call;
}

Call Errand::changing(std::string method, std::string path, std::string body) const {
  Call call = reading(std::move(path), std::move(body));
  call.method = std::move(method);
  call.deadline = target_.trigger_timeout;
  call.idempotent = false;
  return call;
}

Call Errand::connecting(std::string path, std::string body) const {
  Call call = reading(std::move(path), std::move(body));
  call.lane = LaneKind::connectors;
  call.deadline = target_.connector_timeout;
  call.patience = target_.connector_timeout;
  call.idempotent = false;
  return call;
}

Result<std::string> Errand::fetch(Call call) {
  auto answer = wait(wire_->fetch(std::move(call)));
  if (!answer) return cut_short();
  if (!*answer) return answer->error();
  return std::move((*answer)->body);
}

Error Errand::malformed(const Call& call, std::string_view what) const {
  Error error;
  error.code = Errc::malformed_reply;
  error.message = fmt::format("the reply describes no {}", what);
  error.where = wire_->context_of(call).where;
  error.hint = "is this the API that airbyte.url and airbyte.api name?";
  return error;
}

}  // namespace syncwarden::airbyte
