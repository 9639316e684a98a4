// A read view made of plain values.
#pragma once

#include "model/read_view.hpp"

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::observe::testing {

class FakeView final : public ReadView {
 public:
  struct Row {
    ConnectionView view;
    ConnectionPicture picture;
  };

  [[nodiscard]] FleetPicture fleet(Instant /*now*/) const override {
    FleetPicture picture = state;
    picture.connections = rows.size();
    return picture;
  }
  void for_each_connection(const std::function<void(const ConnectionPicture&)>& visit) const override {
    for (const Row& row : rows) {
      ConnectionPicture picture = row.picture;
      picture.view = &row.view;
      // As the interface says: left out where it is asked ten thousand times.
      picture.last_duration.reset();
      picture.last_records.reset();
      picture.last_bytes.reset();
      visit(picture);
    }
  }
  bool with_connection(const ConnectionId& id,
                       const std::function<void(const ConnectionPicture&)>& visit) const override {
    for (std::size_t looked = 0; looked < rows.size(); ++looked, ++next_) {
      if (next_ >= rows.size()) next_ = 0;
      if (rows[next_].view.id != id) continue;
      ConnectionPicture picture = rows[next_].picture;
      picture.view = &rows[next_].view;
      visit(picture);
      return true;
    }
    return false;
  }

  /// A scheduled, active connection that has succeeded.
  Row& add(std::size_t number, const std::string& source = "postgres",
           const std::string& destination = "snowflake") {
    Row row;
    row.view.id = ConnectionId(fmt::format("{:08x}-1111-4222-8333-{:012x}", number, number));
    row.view.name = fmt::format("orders {} -> warehouse", number);
    row.view.workspace = WorkspaceId("0f0e0d0c-1111-4222-8333-000000000001");
    row.view.workspace_name = "marketing";
    row.view.source = {ActorId(fmt::format("s{}", number)), "orders", source, DefinitionId("d1")};
    row.view.destination = {ActorId("w1"), "warehouse", destination, DefinitionId("d2")};
    row.view.status = ConnectionStatus::active;
    row.view.schedule = AirbyteSchedule::cron;
    row.picture.last_success = Instant(Millis(1'767'225'600'123));
    row.picture.last_completion = Instant(Millis(1'767'225'700'000));
    row.picture.stale_after = Instant(Millis(1'767'232'800'000));
    rows.push_back(std::move(row));
    return rows.back();
  }

  FleetPicture state;
  std::vector<Row> rows;

 private:
  mutable std::size_t next_ = 0;  ///< they are mostly asked for in order
};

}  // namespace syncwarden::observe::testing
