// From what a person types to the connection that is meant.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "model/read_view.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::admin {

/// An id, or a whole name; "->" may stand for the arrow. Errc::not_found with the nearest name, Errc::usage
/// with the candidates where several connections have that name.
[[nodiscard]] Result<ConnectionId> find_connection(const ReadView& view, std::string_view meant);

/// Every connection whose name the glob matches, or the one with that id, ordered by id.
[[nodiscard]] std::vector<ConnectionId> matching(const ReadView& view, std::string_view glob);

/// Names by id for one answer; each is looked up once.
class Names {
 public:
  explicit Names(const ReadView& view) : view_(view) {}
  /// Nothing for a connection that is gone.
  [[nodiscard]] const std::optional<std::string>& of(const ConnectionId& id);

 private:
  const ReadView& view_;
  std::map<ConnectionId, std::optional<std::string>> known_;
};

/// The connection in "<connection id>/<schedule>".
[[nodiscard]] ConnectionId connection_of(const ScheduleId& schedule);

}  // namespace syncwarden::admin
