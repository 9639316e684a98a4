// What can go wrong between a client and Airbyte, switchable while the front runs.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace syncwarden::emulator {

/// Chances are in [0, 1]. "Verbs" are the requests that start or cancel a job.
struct Faults {
  double http_502 = 0;           ///< any request: nginx answers with HTML, nothing happens
  double bad_gateway_after = 0;  ///< a verb happens, nginx answers 502
  bool hang_sync = false;        ///< a sync happens and is never answered
  Millis slow_sync{};            ///< a sync's answer comes this much later
  double lose_reply = 0;         ///< a verb happens, the connection closes without an answer
  Millis delay_request{};        ///< a verb reaches Airbyte this much later, whether or not the client waits
  double rate_limit = 0;         ///< 429
  std::optional<std::int64_t> retry_after_s;  ///< with the 429; Airbyte itself never says (7)
  std::int64_t huge_reply = 0;                ///< bytes of logs in the answer of a sync
  bool down = false;                          ///< 503 for everything
  bool unavailable = false;                   ///< health says false, with status 200 (4.1)
  bool drop_stats = false;                    ///< no statistics anywhere
  bool unknown_words = false;                 ///< enum words from the future
  Millis slow_connector{};                    ///< checks, discoveries and specifications take this long
  bool forbidden = false;                     ///< 403 for everything that wants credentials
  bool nulls = false;                         ///< null for optional members

  bool operator==(const Faults&) const = default;
};

/// The faults changed as a JSON object says: {"http_502": 0.1, "slow_sync": "5s", "retry_after_s": null}.
/// Unknown names and wrong types are errors that name them.
[[nodiscard]] Result<Faults> changed(Faults faults, std::string_view json);
/// The same for one "name=value", as a command line gives it; a bare name is "true".
[[nodiscard]] Result<Faults> changed_by_word(Faults faults, std::string_view assignment);
[[nodiscard]] std::string to_json(const Faults& faults);

}  // namespace syncwarden::emulator
