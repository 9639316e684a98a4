#include "notify/pace.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace syncwarden::notify {
namespace {

constexpr Millis hour{std::chrono::hours{1}};
constexpr Millis longest_back_off{std::chrono::minutes{5}};

}  // namespace

Millis Pace::wait(Mono now) {
  while (!sent_.empty() && now - sent_.front() >= hour) sent_.pop_front();
  Millis out{};
  if (!sent_.empty()) out = std::max(out, distance_ - (now - sent_.back()));
  if (per_hour_ > 0 && sent_.size() >= per_hour_) {
    out = std::max(out, hour - (now - sent_[sent_.size() - per_hour_]));
  }
  return out;
}

void Pace::sent(Mono now) {
  // Without a limit only the last one matters.
  if (per_hour_ == 0) sent_.clear();
  sent_.push_back(now);
}

Millis back_off(unsigned failures, std::optional<Millis> retry_after) {
  const unsigned doublings = std::min(failures == 0 ? 0U : failures - 1, 20U);
  const Millis own = std::min(longest_back_off, Millis{std::chrono::seconds{1}} * (1U << doublings));
  return std::min(hour, std::max(own, retry_after.value_or(Millis{})));
}

bool worth_repeating(unsigned status) { return status == 408 || status == 429 || status >= 500; }

std::string_view reason_of(unsigned status) {
  if (status == 401 || status == 403) return "authError";
  if (status == 429) return "rateLimited";
  if (status >= 500) return "serverError";
  if (status >= 400) return "clientError";
  return "other";
}

std::string_view reason_of(Errc failure) {
  switch (failure) {
    case Errc::resolve_timeout:
    case Errc::connect_timeout:
    case Errc::send_timeout:
    case Errc::reply_timeout:
    case Errc::expired:
      return "contextDeadlineExceeded";
    case Errc::cancelled:
      return "contextCanceled";
    default:
      return "other";
  }
}

std::optional<Millis> retry_after(std::string_view text) {
  unsigned seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return Millis{std::chrono::seconds{std::min(seconds, 86'400U)}};
}

}  // namespace syncwarden::notify
