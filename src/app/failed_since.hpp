// What failed since a moment and has not succeeded since: what `sync --failed-since` runs again.
#pragma once

#include "app/answer.hpp"
#include "base/time.hpp"

#include <string>
#include <vector>

namespace syncwarden::app {

struct FailedSync {
  std::string id;       ///< of the connection
  std::string name;     ///< printable
  std::string why;      ///< "3 failed jobs in a row, the last one ended at …Z"
  std::string not_now;  ///< why it is not run again: it runs already, it is switched off; empty: it is
};

/// Of one page of GET connections and of GET runs?verdict=abandoned: the connections whose last sync since
/// then failed, and those whose recovery was given up, unless a success came after it. In the page's order.
[[nodiscard]] std::vector<FailedSync> failed_since(const Answer& connections, const Answer& abandoned,
                                                   Instant since);

}  // namespace syncwarden::app
