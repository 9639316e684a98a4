// Airbyte's own notifications, sent by its "webhook" setting: POST /webhooks/airbyte/{token}. They have no
// signature and are not repeated, so nothing in them is believed: they only say that a look is worth it.
#pragma once

#include "admin/admin.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::admin {

inline constexpr std::string_view webhook_path = "/webhooks/airbyte/";

/// What a notification says, as far as anybody wants to know.
struct AirbyteNotice {
  std::string_view event;                 ///< one of the words of syncwarden_airbyte_webhooks_received_total
  std::optional<std::string> connection;  ///< its id, where it names one
};
/// Nothing: this is no JSON object.
[[nodiscard]] std::optional<AirbyteNotice> read_airbyte_notice(std::string_view body);

class Webhooks {
 public:
  explicit Webhooks(const Dependencies& dependencies) : with_(dependencies) {}

  [[nodiscard]] http::Response take(const http::Request& request);

 private:
  [[nodiscard]] bool knows_token(const http::Request& request) const;
  [[nodiscard]] bool is_foreign(const AirbyteNotice& notice, Now now) const;
  [[nodiscard]] bool within_rate(Mono now);
  http::Response refuse(std::string_view reason, http::Response answer);

  const Dependencies& with_;
  double allowance_ = most_at_once;
  std::optional<Mono> counted_;

  // A herd's ends come together.
  static constexpr double most_at_once = 200;
  static constexpr double per_second = 20;
};

}  // namespace syncwarden::admin
