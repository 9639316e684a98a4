#include "notify/courier.hpp"

#include "base/text.hpp"
#include "http/client.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace syncwarden::notify {
namespace {

namespace asio = boost::asio;

constexpr Millis attempt_limit{std::chrono::seconds{10}};
constexpr std::size_t most_answer_bytes = 256 * 1024;
constexpr Millis for_ever{std::chrono::hours{24}};
/// Slack takes about one message a second and channel.
constexpr Millis slack_distance{std::chrono::seconds{1}};

Pace pace_for(const Receiver& receiver) {
  if (std::holds_alternative<AlertmanagerTarget>(receiver.target)) return {0, Millis{}};
  return {receiver.per_hour,
          std::holds_alternative<SlackTarget>(receiver.target) ? slack_distance : Millis{}};
}

std::vector<Secret> urls_of(const ReceiverTarget& target) {
  if (const auto* one = std::get_if<AlertmanagerTarget>(&target)) return one->urls;
  if (const auto* one = std::get_if<SlackTarget>(&target)) return {one->webhook_url};
  if (const auto* one = std::get_if<PagerDutyTarget>(&target)) return {one->url};
  if (const auto* one = std::get_if<WebhookTarget>(&target)) return {one->url};
  return {std::get<HeartbeatTarget>(target).url};
}

Notice test_notice(const Receiver& receiver, Instant now) {
  Notice notice;
  notice.key = fmt::format("test/{}/{}", now.time_since_epoch().count(), receiver.name);
  notice.receiver = receiver.name;
  notice.at = now;
  notice.incident.severity = Severity::info;
  notice.incident.subject = "syncwarden";
  notice.incident.summary = "This is a test of syncwarden's notifications. Nothing is wrong.";
  notice.incident.labels = {{"test", "true"}};
  notice.incident.opened = now;
  notice.incident.updated = now;
  return notice;
}

/// Some chat services answer 200 and say in the text that they did not take it.
bool slack_refuses(const Receiver& receiver, const http::Response& response) {
  if (!std::holds_alternative<SlackTarget>(receiver.target)) return false;
  const std::string_view body = response.body;
  return body.find("\"ok\":false") != std::string_view::npos || body.rfind("invalid_", 0) == 0 ||
         body.rfind("no_", 0) == 0;
}

}  // namespace

struct Courier::Address {
  std::string target;
  std::unique_ptr<http::Client> client;
};

Courier::Courier(asio::any_io_executor executor, Receiver receiver, std::shared_ptr<Outbox> outbox,
                 std::shared_ptr<const CourierContext> context)
    : receiver_(std::move(receiver)),
      outbox_(std::move(outbox)),
      context_(std::move(context)),
      timer_(executor),
      pace_(pace_for(receiver_)) {}

Courier::~Courier() = default;

Result<std::shared_ptr<Courier>> Courier::make(asio::any_io_executor executor, Receiver receiver,
                                               std::shared_ptr<Outbox> outbox,
                                               std::shared_ptr<const CourierContext> context) {
  std::shared_ptr<Courier> made(
      new Courier(executor, std::move(receiver), std::move(outbox), std::move(context)));
  for (const Secret& url : urls_of(made->receiver_.target)) {
    const std::string& text = url.reveal();
    const std::size_t query = std::min(text.find('?'), text.size());
    const auto origin = http::Origin::parse(std::string_view(text).substr(0, query));
    const auto refused = [&](std::string_view why) {
      return Error{Errc::invalid_config, fmt::format("notify \"{}\": {}", made->receiver_.name, why), "",
                   "the address itself is not shown"};
    };
    if (!origin) return refused(origin.error().message);
    http::ClientOptions options;
    options.max_idle = 1;
    options.proxy = http::proxy_from_environment(*origin, made->context_->environment);
    auto client = http::make_client(executor, *origin, options);
    if (!client) return refused("its address or the proxy cannot be used");
    Address address;
    address.target = origin->base_path;
    if (std::holds_alternative<AlertmanagerTarget>(made->receiver_.target))
      address.target += "/api/v2/alerts";
    if (address.target.empty()) address.target = "/";
    address.target += text.substr(query);
    address.client = std::move(*client);
    made->addresses_.push_back(std::move(address));
  }
  return made;
}

asio::awaitable<void> Courier::run(std::shared_ptr<Courier> self) {
  if (std::holds_alternative<HeartbeatTarget>(self->receiver_.target)) {
    co_await self->beat();
  } else {
    co_await self->deliver_rows();
  }
}

void Courier::wake() {
  if (idle_) timer_.cancel();
}

void Courier::stop() {
  stopped_ = true;
  timer_.cancel();
  for (const auto& address : addresses_) address.client->close();
}

asio::awaitable<void> Courier::pause(Millis limit) {
  if (stopped_) co_return;
  timer_.expires_after(limit);
  (void)co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

bool Courier::resend_due(Now now) const { return !sent_open_ || now.mono - *sent_open_ >= context_->resend; }

asio::awaitable<void> Courier::deliver_rows() {
  const bool picture = std::holds_alternative<AlertmanagerTarget>(receiver_.target);
  while (!stopped_) {
    const Now now = context_->clock();
    // One by one, as they happen; together only what the limit held back.
    const std::size_t most = held_ || picture ? carries(receiver_) : 1;
    auto notices = outbox_->waiting(receiver_.name, most);
    const bool repeat = picture && resend_due(now) && !outbox_->open_for(receiver_).empty();
    if (notices.empty() && !repeat) {
      idle_ = true;
      const Millis limit = picture ? context_->resend : for_ever;
      co_await pause(limit);
      idle_ = false;
      held_ = false;
      continue;
    }
    const Millis wait = pace_.wait(now.mono);
    if (wait > Millis{}) {
      held_ = wait > slack_distance;
      co_await pause(wait);
      continue;
    }
    const bool again = failures_ > 0;
    const auto delivery = co_await send_to_all(notices);
    if (stopped_) co_return;
    settle(notices, delivery);
    context_->tried(receiver_, notices, delivery, context_->clock().mono - now.mono, again);
    if (delivery.end == Delivery::End::later) {
      co_await pause(back_off(failures_, delivery.retry_after));
    }
  }
}

void Courier::settle(const std::vector<Notice>& notices, const Delivery& delivery) {
  const Now now = context_->clock();
  if (delivery.end == Delivery::End::later) {
    ++failures_;
    return;
  }
  failures_ = 0;
  sent_open_ = now.mono;
  pace_.sent(now.mono);
  if (!notices.empty()) context_->write(outbox_->remove(receiver_.name, notices));
}

Message Courier::message_of(const std::vector<Notice>& notices) const {
  if (const auto* webhook = std::get_if<WebhookTarget>(&receiver_.target)) {
    return webhook_message(notices, receiver_.name, webhook->hmac_secret);
  }
  if (const auto* pagerduty = std::get_if<PagerDutyTarget>(&receiver_.target)) {
    return pagerduty_message(notices.front(), pagerduty->routing_key);
  }
  if (std::holds_alternative<SlackTarget>(receiver_.target)) return slack_message(notices);
  std::map<IncidentId, Incident> incidents;
  for (const auto& notice : notices) incidents.insert_or_assign(notice.incident.id, notice.incident);
  for (auto& incident : outbox_->open_for(receiver_)) incidents.insert_or_assign(incident.id, incident);
  std::vector<Incident> all;
  all.reserve(incidents.size());
  for (auto& [id, incident] : incidents) all.push_back(std::move(incident));
  return alertmanager_message(all, context_->clock().wall, context_->resend);
}

/// Every member of a cluster is told; one that takes it is enough, since they tell each other.
asio::awaitable<Delivery> Courier::send_to_all(std::vector<Notice> notices) {
  const Message message = message_of(notices);
  std::optional<Delivery> best;
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    Message copy = message;
    auto delivery = co_await exchange(i, "POST", std::move(copy));
    if (!best || delivery.end < best->end) best = std::move(delivery);
  }
  co_return best.value_or(Delivery{});
}

asio::awaitable<Delivery> Courier::exchange(std::size_t address, std::string method, Message message) {
  http::Request request;
  request.method = std::move(method);
  request.target = addresses_[address].target;
  request.body = std::move(message.body);
  if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.headers.push_back({"User-Agent", context_->user_agent});
  for (auto& [name, value] : message.headers) request.headers.push_back({name, std::move(value)});
  http::SendOptions options;
  options.deadline = attempt_limit;
  options.max_body_bytes = most_answer_bytes;
  const auto response = co_await addresses_[address].client->send(std::move(request), std::move(options));
  Delivery out;
  if (!response) {
    const Errc code = response.error().error.code;
    out.end = Delivery::End::later;
    out.reason = reason_of(code);
    out.what = std::string(to_string(code));
    co_return out;
  }
  const unsigned status = response->status;
  out.what = fmt::format("answered {}", status);
  out.answer = without_secrets(printable(response->body, 300));
  if (status >= 200 && status < 300 && !slack_refuses(receiver_, *response)) co_return out;
  out.end = worth_repeating(status) ? Delivery::End::later : Delivery::End::given_up;
  out.reason = status < 300 ? "clientError" : reason_of(status);
  if (const auto wanted = response->header("Retry-After")) out.retry_after = retry_after(*wanted);
  co_return out;
}

/// Whatever a receiver repeats of its address.
std::string Courier::without_secrets(std::string text) const {
  std::vector<std::string> secrets;
  for (const auto& url : urls_of(receiver_.target)) secrets.push_back(url.reveal());
  for (const auto& address : addresses_) secrets.push_back(address.target);
  if (const auto* pagerduty = std::get_if<PagerDutyTarget>(&receiver_.target))
    secrets.push_back(pagerduty->routing_key.reveal());
  if (const auto* webhook = std::get_if<WebhookTarget>(&receiver_.target))
    secrets.push_back(webhook->hmac_secret.reveal());
  for (const auto& secret : secrets) {
    if (secret.size() < 4) continue;
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 8)) {
      text.replace(at, secret.size(), "<secret>");
    }
  }
  return text;
}

asio::awaitable<void> Courier::beat() {
  const auto target = std::get<HeartbeatTarget>(receiver_.target);
  while (!stopped_) {
    if (context_->alive()) {
      const std::string method = target.post ? "POST" : "GET";
      Message nothing;
      const auto delivery = co_await exchange(0, method, std::move(nothing));
      if (stopped_) co_return;
      const bool taken = delivery.end == Delivery::End::taken;
      if (taken) {
        context_->beat(context_->clock().wall);
      } else if (failures_ == 0) {
        context_->beat_failed(receiver_, delivery);
      }
      failures_ = taken ? 0 : failures_ + 1;
    }
    co_await pause(target.every);
  }
}

asio::awaitable<Delivery> Courier::test() {
  const Now now = context_->clock();
  if (std::holds_alternative<HeartbeatTarget>(receiver_.target)) {
    const std::string method = std::get<HeartbeatTarget>(receiver_.target).post ? "POST" : "GET";
    Message nothing;
    auto ping = co_await exchange(0, method, std::move(nothing));
    co_return ping;
  }
  std::vector<Notice> notices{test_notice(receiver_, now.wall)};
  auto delivery = co_await send_to_all(notices);
  if (delivery.end == Delivery::End::taken && std::holds_alternative<PagerDutyTarget>(receiver_.target)) {
    // Nobody has to get up for it.
    notices.front().event = NoticeEvent::incident_closed;
    delivery = co_await send_to_all(notices);
  }
  co_return delivery;
}

}  // namespace syncwarden::notify
