#include "admin/access.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include <crypt.h>

namespace syncwarden::admin {
namespace asio = boost::asio;
namespace {

constexpr std::size_t longest_credentials = 1024;
constexpr unsigned most_checks_at_once = 4;
constexpr std::uint32_t most_failures = 10;
constexpr std::size_t most_addresses = 1024;
constexpr Millis failures_forgotten{std::chrono::minutes{1}};
/// Of no password that anybody knows; an unknown name takes as long as a known one.
constexpr const char* nobodys_hash = "$2b$10$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay";

Recognition denied(unsigned status) { return {status, {}, Role::metrics}; }

/// Strict: whole groups of four, padding at the end only.
std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string out;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U) | static_cast<unsigned>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> held) & 0xFFU);
  }
  return out;
}

/// What follows the scheme, whose case does not matter.
std::optional<std::string_view> of_scheme(std::string_view header, std::string_view scheme) {
  if (header.size() <= scheme.size() + 1 || header[scheme.size()] != ' ') return std::nullopt;
  if (!http::iequals(header.substr(0, scheme.size()), scheme)) return std::nullopt;
  return header.substr(scheme.size() + 1);
}

std::optional<std::string_view> only_authorization(const http::Request& request) {
  std::optional<std::string_view> found;
  for (const auto& header : request.headers) {
    if (!http::iequals(header.name, "Authorization")) continue;
    if (found) return std::nullopt;
    found = header.value;
  }
  return found;
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

bool password_matches(const std::string& password, const std::string& hash) {
  const auto room = std::make_unique<crypt_data>();  // 32 KB
  const char* const made = ::crypt_r(password.c_str(), hash.c_str(), room.get());
  return made != nullptr && same_secret(made, hash);
}

Access::Access(AccessOptions options, CheckPassword check, std::function<Mono()> clock)
    : options_(std::move(options)),
      check_(std::move(check)),
      clock_(std::move(clock)),
      allowance_(options_.rate_burst) {
  for (const Login& user : options_.users) accounts_.emplace(user.name, Account{user, {}, false});
}

asio::awaitable<Recognition> Access::look_at(const http::Request& request, const http::Peer& peer) {
  const auto authorization = only_authorization(request);
  if (!authorization || authorization->size() > 2 * longest_credentials) co_return denied(401);
  if (!within_rate()) co_return denied(429);
  if (const auto token = of_scheme(*authorization, "Bearer")) co_return by_token(*token);
  const auto basic = of_scheme(*authorization, "Basic");
  if (!basic) co_return denied(401);
  auto credentials = from_base64(*basic);
  // libcrypt would stop at a NUL.
  const bool usable = credentials && credentials->size() <= longest_credentials &&
                      credentials->find('\0') == std::string::npos &&
                      credentials->find(':') != std::string::npos;
  if (!usable) co_return denied(401);
  auto verdict = by_password(*std::move(credentials), peer.address);
  co_return co_await std::move(verdict);
}

Recognition Access::by_token(std::string_view token) {
  // All of them, so that the time does not tell which one was nearly right.
  const Login* found = nullptr;
  for (const Login& one : options_.tokens) {
    if (same_secret(one.secret.reveal(), token)) found = &one;
  }
  return found != nullptr ? Recognition{0, found->name, found->role} : denied(401);
}

asio::awaitable<Recognition> Access::by_password(std::string credentials, std::string address) {
  const std::size_t colon = credentials.find(':');
  const std::string name = credentials.substr(0, colon);
  std::string password = credentials.substr(colon + 1);
  const auto found = accounts_.find(name);
  Account* const account = found == accounts_.end() ? nullptr : &found->second;
  if (account != nullptr && account->knows && same_secret(account->known_password, password)) {
    co_return Recognition{0, name, account->login.role};
  }
  if (checking_ >= most_checks_at_once || !may_try(address)) co_return denied(429);
  ++checking_;
  std::string hash = account != nullptr ? account->login.secret.reveal() : nobodys_hash;
  bool right = false;
  try {
    auto checked = check_(password, std::move(hash));
    right = co_await std::move(checked);
  } catch (...) {
    --checking_;
    throw;
  }
  --checking_;
  if (!right || account == nullptr) {
    failed(address);
    co_return denied(401);
  }
  account->known_password = std::move(password);
  account->knows = true;
  failures_.erase(address);
  co_return Recognition{0, name, account->login.role};
}

bool Access::may_try(const std::string& address) {
  const auto found = failures_.find(address);
  if (found == failures_.end()) return true;
  if (clock_() - found->second.since >= failures_forgotten) {
    failures_.erase(found);
    return true;
  }
  return found->second.count < most_failures;
}

void Access::failed(const std::string& address) {
  const Mono now = clock_();
  if (failures_.size() >= most_addresses && failures_.find(address) == failures_.end()) {
    const auto oldest =
        std::min_element(failures_.begin(), failures_.end(),
                         [](const auto& a, const auto& b) { return a.second.since < b.second.since; });
    failures_.erase(oldest);
  }
  Failures& here = failures_[address];
  if (here.count == 0) here.since = now;
  ++here.count;
}

bool Access::within_rate() {
  if (options_.rate_interval <= Millis(0)) return true;
  const Mono now = clock_();
  const double most = std::max<double>(options_.rate_burst, 1);
  if (counted_) {
    const std::chrono::duration<double, std::milli> passed = now - *counted_;
    allowance_ =
        std::min(most, allowance_ + passed.count() / static_cast<double>(options_.rate_interval.count()));
  } else {
    allowance_ = most;
  }
  counted_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

}  // namespace syncwarden::admin
