// Who is let in: the authentication of the deployment that the front plays (reference 1 and 2).
#pragma once

#include "base/time.hpp"
#include "emulator/front.hpp"
#include "emulator/impl/api.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace syncwarden::emulator {

/// Which API a request is for, and the rest of its path.
struct Route {
  enum class To : std::uint8_t { nowhere, config_api, public_api, control };
  To to = To::nowhere;
  std::string_view rest;  ///< "jobs/list", "/jobs/7", "faults"
};
[[nodiscard]] Route route_of(std::string_view path);
/// A request that starts or cancels a job.
[[nodiscard]] bool is_verb(const Route& route, std::string_view method);

class Gate {
 public:
  Gate(const FrontOptions& options, const Rules& rules);

  /// The refusal of a request that may not pass.
  [[nodiscard]] std::optional<http::Response> refuse(const http::Request& request, const Route& route,
                                                     Instant now) const;
  /// Answers the token route; nothing for other routes.
  [[nodiscard]] std::optional<http::Response> token(Api& api, const http::Request& request,
                                                    const Route& route);
  void expire_all() { tokens_.clear(); }

 private:
  [[nodiscard]] http::Response grant(Api& api, bool public_api);

  const FrontOptions& options_;
  bool hints_basic_;  // 2.1.0 answers 401 with a misleading header (#78177)
  Millis lifetime_;
  std::string expected_basic_;
  std::unordered_map<std::string, Instant> tokens_;  // with their ends
  std::uint64_t granted_ = 0;
};

}  // namespace syncwarden::emulator
