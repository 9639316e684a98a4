#include "admin/impl/webhooks.hpp"

#include "admin/impl/answers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <boost/json.hpp>

namespace syncwarden::admin {
namespace {

namespace json = boost::json;

const json::value* member(const json::value* of, std::string_view name) {
  const auto* object = of == nullptr ? nullptr : of->if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

std::string_view text_of(const json::value* value) {
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

/// The text of the first block: "[tag] Sync failure occurred: <link|name>".
std::string_view title_of(const json::value& notice) {
  const auto* const blocks = member(&notice, "blocks");
  const auto* list = blocks == nullptr ? nullptr : blocks->if_array();
  if (list == nullptr || list->empty()) return {};
  return text_of(member(member(&list->front(), "text"), "text"));
}

/// Only jobs that ended or queue have data; the rest is told by its words, of this version and older ones.
std::string_view event_of(const json::value& notice) {
  struct Phrase {
    std::string_view words;
    std::string_view event;
  };
  static constexpr std::array phrases{Phrase{"Sync queued", "queued"},
                                      Phrase{"Connection disabled", "disabled"},
                                      Phrase{"has been automatically disabled", "disabled"},
                                      Phrase{"repeated connection failures", "warning"},
                                      Phrase{"scheduled to be automatically disabled", "warning"},
                                      Phrase{"Sync failure occurred", "failure"},
                                      Phrase{"Sync completed", "success"}};
  const auto* const data = member(&notice, "data");
  const auto* const success = member(data, "success");
  const std::string_view title = title_of(notice);
  const std::string_view text = text_of(member(&notice, "text"));
  const auto said = std::find_if(phrases.begin(), phrases.end(), [&](const Phrase& phrase) {
    return title.find(phrase.words) != std::string_view::npos ||
           text.find(phrase.words) != std::string_view::npos;
  });
  const bool queued = said != phrases.end() && said->event == "queued";
  if (success != nullptr && success->is_bool() && !queued) return success->get_bool() ? "success" : "failure";
  if (said != phrases.end()) return said->event;
  const bool only_text = notice.get_object().size() == 1 && !text.empty();
  return only_text ? "test" : "other";
}

http::Response accepted() {
  http::Response response = text_answer(202, "noted\n");
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

}  // namespace

std::optional<AirbyteNotice> read_airbyte_notice(std::string_view body) {
  boost::system::error_code failure;
  const json::value notice = json::parse(json::string_view(body.data(), body.size()), failure);
  if (failure || !notice.is_object()) return std::nullopt;
  AirbyteNotice out{event_of(notice), std::nullopt};
  const std::string_view connection = text_of(member(member(member(&notice, "data"), "connection"), "id"));
  if (!connection.empty()) out.connection = std::string(connection);
  return out;
}

bool Webhooks::knows_token(const http::Request& request) const {
  const Secret token = with_.webhook_token ? with_.webhook_token() : Secret();
  return !token.empty() && same_secret(token.reveal(), request.path().substr(webhook_path.size()));
}

/// About a connection that Airbyte does not show us: of another Airbyte, or of a workspace left out.
bool Webhooks::is_foreign(const AirbyteNotice& notice, Now now) const {
  if (!notice.connection) return false;
  const auto known = with_.view.with_connection(ConnectionId(*notice.connection), [](const auto&) {});
  return !known && with_.view.fleet(now.wall).last_connections_poll.has_value();
}

bool Webhooks::within_rate(Mono now) {
  const auto passed = std::chrono::duration<double>(now - counted_.value_or(now));
  allowance_ = std::min(most_at_once, allowance_ + std::max(0.0, passed.count()) * per_second);
  counted_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

http::Response Webhooks::refuse(std::string_view reason, http::Response answer) {
  with_.metrics.webhooks().rejected(reason);
  return answer;
}

http::Response Webhooks::take(const http::Request& request) {
  if (!knows_token(request)) return refuse("auth", nothing_here());
  if (request.method != "POST") {
    http::Response refusal = error_answer(405, "Airbyte's webhook is posted", "");
    refusal.headers.push_back({"Allow", "POST"});
    return refuse("other", std::move(refusal));
  }
  const Now now = with_.clock();
  if (!within_rate(now.mono)) {
    auto busy = error_answer(429, "too many webhooks; the next poll is on its way", "");
    busy.headers.push_back({"Retry-After", "1"});
    return refuse("rate_limited", std::move(busy));
  }
  const auto notice = read_airbyte_notice(request.body);
  if (!notice) return refuse("bad_json", error_answer(400, "the body is no JSON object", ""));
  if (is_foreign(*notice, now)) {
    return refuse(
        "unknown_connection",
        error_answer(422, "this connection is not among those that are observed",
                     "is this webhook of another Airbyte, or of a workspace that airbyte.workspaces "
                     "leaves out?"));
  }
  with_.metrics.webhooks().received(notice->event);
  if (with_.hint) with_.hint();
  return accepted();
}

}  // namespace syncwarden::admin
