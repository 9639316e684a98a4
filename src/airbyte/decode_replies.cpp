// Tokens, error bodies and Retry-After.
#include "airbyte/codec.hpp"
#include "airbyte/impl/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace syncwarden::airbyte {
namespace {

constexpr Millis assumed_lifetime{std::chrono::minutes{3}};
constexpr Millis longest_lifetime{std::chrono::hours{24 * 30}};
constexpr Millis longest_pause{std::chrono::hours{1}};

std::string decode_base64url(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '-' || c == '+') {
      value = 62;
    } else if (c == '_' || c == '/') {
      value = 63;
    } else {
      break;
    }
    bits = (bits << 6U) | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU));
    }
  }
  return out;
}

std::optional<Millis> seconds_between(std::optional<std::int64_t> from, std::optional<std::int64_t> to) {
  const auto begin = instant_from_epoch(from);
  const auto end = instant_from_epoch(to);
  if (!begin || !end || *end <= *begin) return std::nullopt;
  return *end - *begin;
}

/// From the claims of a JWT. The token's own issue time is preferred: it is not touched by a clock that
/// differs between here and Airbyte.
std::optional<Millis> lifetime_of_jwt(std::string_view token, Instant now) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::string_view rest = token.substr(first + 1);
  static const Shape shape{"", {{"exp", {}}, {"iat", {}}}};
  const auto claims = read_json(shape, decode_base64url(rest.substr(0, rest.find('.'))));
  if (!claims) return std::nullopt;
  const auto exp = (*claims)["exp"].integer();
  if (const auto own = seconds_between((*claims)["iat"].integer(), exp)) return own;
  const auto end = instant_from_epoch(exp);
  if (!end || *end <= now) return std::nullopt;
  return *end - now;
}

std::string html_title(std::string_view body) {
  const std::string head = lower(body.substr(0, 4'096));
  const std::size_t start = head.find("<title>");
  if (start == std::string::npos) return {};
  const std::size_t end = head.find("</title>", start);
  if (end == std::string::npos) return {};
  return printable(body.substr(start + 7, end - start - 7), 80);
}

const Shape& error_shape() {
  static const Shape shape{"",
                           {{"message", {}},
                            {"errorId", {}},
                            {"title", {}},
                            {"detail", {}},
                            {"data", {{"message", {}}}},
                            {"_embedded", {{"errors", {{"message", {}}}}}},
                            {"validationErrors", {{"propertyPath", {}}, {"message", {}}}}}};
  return shape;
}

}  // namespace

std::optional<TokenReply> token_from(std::string_view body, Instant now) {
  static const Shape shape{"", {{"access_token", {}}, {"expires_in", {}}}};
  Reader reader(shape, {}, 64 * 1024);
  reader.feed(body);
  if (reader.finish()) return std::nullopt;
  TokenReply reply;
  reply.token = std::string(reader.root()["access_token"].text_or_empty());
  const bool sendable =
      std::all_of(reply.token.begin(), reply.token.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (reply.token.empty() || !sendable) return std::nullopt;
  const auto seconds = reader.root()["expires_in"].id_number();
  if (seconds && *seconds > 0) {
    reply.lifetime = std::chrono::seconds{std::min<std::int64_t>(*seconds, longest_lifetime.count() / 1'000)};
  } else {
    reply.lifetime = lifetime_of_jwt(reply.token, now).value_or(assumed_lifetime);
  }
  reply.lifetime = std::min(reply.lifetime, longest_lifetime);
  return reply;
}

ErrorBody error_body_from(std::string_view body) {
  ErrorBody result;
  if (looks_like_html(body)) {
    result.html = true;
    const std::string title = html_title(body);
    result.message = title.empty() ? "an HTML page" : fmt::format("an HTML page titled \"{}\"", title);
    return result;
  }
  const auto root = read_json(error_shape(), body);
  if (!root) {
    result.message = printable(body.substr(0, 600), 200);
    return result;
  }
  const Node& node = *root;
  result.title = printable(node["title"].text_or_empty(), 100);
  std::string message(node["data"]["message"].text_or_empty());
  if (message.empty()) message = node["message"].text_or_empty();
  if (message.empty()) message = node["detail"].text_or_empty();
  if (message.empty()) message = result.title;
  for (const auto& error : node["_embedded"]["errors"].elements) {
    const std::string_view text = error["message"].text_or_empty();
    if (!text.empty()) message += (message.empty() ? "" : ": ") + std::string(text);
  }
  for (const auto& error : node["validationErrors"].elements) {
    message +=
        fmt::format("; {}: {}", error["propertyPath"].text_or_empty(), error["message"].text_or_empty());
  }
  const std::string_view id = node["errorId"].text_or_empty();
  const std::string suffix = id.empty() ? "" : fmt::format(" [errorId {}]", printable(id, 64));
  result.message = printable(message, 500 - suffix.size()) + suffix;
  if (!result.message.empty() && result.message.front() == ' ') result.message.erase(0, 1);
  return result;
}

namespace {

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<Instant> http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(25) != " GMT" || text[3] != ',') return std::nullopt;
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  if (month == months.end()) return std::nullopt;
  return parse_rfc3339(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - months.begin() + 1,
                                   text.substr(5, 2), text.substr(17, 8)));
}

}  // namespace

std::optional<Millis> retry_after_from(std::string_view value, Instant now) {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  std::int64_t seconds = 0;
  const char* end = value.data() + value.size();
  const auto [stop, ec] = std::from_chars(value.data(), end, seconds);
  if (!value.empty() && stop == end && ec == std::errc() && seconds >= 0) {
    return std::min<Millis>(std::chrono::seconds{std::min<std::int64_t>(seconds, 86'400)}, longest_pause);
  }
  const auto date = http_date(value);
  if (!date) return std::nullopt;
  return std::clamp<Millis>(*date - now, Millis{}, longest_pause);
}

}  // namespace syncwarden::airbyte
