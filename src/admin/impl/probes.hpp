// Liveness, readiness and health+json.
#pragma once

#include "admin/admin.hpp"
#include "http/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::admin {

struct Check {
  std::string_view name;
  bool good = false;
  std::string_view trouble;  ///< what a failure means
};

class Probes {
 public:
  Probes(Health health, Now started) : health_(std::move(health)), started_(started) {}

  /// Only what a restart would cure; never Airbyte.
  [[nodiscard]] std::vector<Check> live() const;
  /// Whether this process does its work. Airbyte being down is no reason: metrics matter most then.
  [[nodiscard]] std::vector<Check> ready(Now now) const;
  [[nodiscard]] bool is_ready(Now now) const;

  /// "/livez", "/livez/loop", with ?verbose and ?exclude=name. `only`: the name after the second slash.
  [[nodiscard]] static http::Response answer(std::string_view probe, const std::vector<Check>& checks,
                                             std::string_view query, std::optional<std::string_view> only);
  /// application/health+json; `details` for those who may see more than the status.
  [[nodiscard]] http::Response health_json(const FleetPicture& fleet, Now now,
                                           const observe::BuildInfo& build, bool details) const;

 private:
  Health health_;
  Now started_;
};

}  // namespace syncwarden::admin
