// Which notifications a change asks for, and which wait for their receivers. Pure: rows come out as mutations
// for the same commit as the change, so that neither is ever without the other.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "model/connection.hpp"
#include "model/job.hpp"
#include "model/mutation.hpp"
#include "model/notice.hpp"
#include "model/plan.hpp"
#include "model/receiver.hpp"
#include "model/run.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::notify {

/// A connection, and what the configuration adds.
struct KnownConnection {
  ConnectionView view;
  Labels labels{};           ///< of its rule
  std::string airbyte_ui{};  ///< Airbyte's web address, for links; empty: not known
};
/// What is known about a connection; nothing if it is unknown.
using FindConnection = std::function<std::optional<KnownConnection>(const ConnectionId&)>;

/// What a message says of a run that has ended; `job` where it is known.
[[nodiscard]] std::string run_summary(const Run& run, const JobView* job);
/// Nothing: nobody is told of this verdict.
[[nodiscard]] std::optional<NoticeEvent> event_of_verdict(Verdict verdict);

class Outbox {
 public:
  /// Rows of one receiver at most; the oldest is dropped for a newer one.
  static constexpr std::size_t default_limit = 1'000;

  explicit Outbox(std::vector<Receiver> receivers, std::size_t limit = default_limit);

  /// The state at the start: incidents as they are, and rows that were not delivered.
  void load(const Snapshot& snapshot);
  /// A reload.
  void configure(std::vector<Receiver> receivers);
  /// Adds to a decision's mutations the rows that its incidents and its ended runs ask for, and the removal
  /// of rows that nobody will deliver.
  void extend(std::vector<Mutation>& durable, const FindConnection& find, Instant now);
  /// A receiver's daily message, and that it was written: both for one commit, so that no restart writes it
  /// again.
  [[nodiscard]] std::vector<Mutation> put_digest(Notice digest);
  /// When a receiver's last daily message was due; nothing: it never had one.
  [[nodiscard]] std::optional<Instant> last_digest(std::string_view receiver) const;
  /// Counts from now on: what was due before is nobody's loss. For a receiver that never had a message.
  [[nodiscard]] std::vector<Mutation> begin_digests(std::string_view receiver, Instant now);
  /// Whether this receiver is told about what happens to a connection with these labels.
  [[nodiscard]] static bool concerns(const Receiver& receiver, const ConnectionView& connection,
                                     const Labels& labels);
  /// The commit with these mutations is on disk: its rows may be sent. True if there are any.
  bool written(const std::vector<Mutation>& durable);

  /// Rows on disk for a receiver, oldest first, `most` at most.
  [[nodiscard]] std::vector<Notice> waiting(std::string_view receiver, std::size_t most) const;
  /// Delivered or given up: no longer waiting from now on. The mutations belong into the store.
  [[nodiscard]] std::vector<Mutation> remove(std::string_view receiver, const std::vector<Notice>& notices);
  /// Open incidents that this receiver is told about, oldest first.
  [[nodiscard]] std::vector<Incident> open_for(const Receiver& receiver) const;

  [[nodiscard]] const std::vector<Receiver>& receivers() const { return receivers_; }
  [[nodiscard]] std::size_t length() const;
  [[nodiscard]] std::size_t capacity() const;
  /// Of the oldest row of a receiver.
  [[nodiscard]] std::optional<Instant> oldest(std::string_view receiver) const;
  /// Rows dropped because there were too many, since the start.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  /// Rows of receivers that the configuration no longer has.
  [[nodiscard]] std::uint64_t orphaned() const { return orphaned_; }

 private:
  struct Known {
    Incident incident;  ///< as last seen, without its history
    std::optional<ConnectionView> connection;
  };
  struct Row {
    Notice notice;
    bool on_disk = false;
  };
  static std::optional<NoticeEvent> event_of(const Incident* before, const Incident& after);
  static bool wants(const Receiver& receiver, const Known& known);
  void tell(const Known& known, NoticeEvent event, std::vector<Mutation>& durable);
  void tell_run(const Run& run, const std::vector<Mutation>& durable, const FindConnection& find, Instant now,
                std::vector<Mutation>& added);
  void put_row(Notice notice, std::vector<Mutation>& durable);
  void drop_orphans(std::vector<Mutation>& durable);

  std::vector<Receiver> receivers_;
  std::size_t limit_;
  std::map<IncidentId, Known> known_;  ///< open ones, and closed ones that may open again
  std::map<std::string, std::deque<Row>, std::less<>> rows_;  ///< by receiver
  std::map<std::string, Instant, std::less<>> digests_;       ///< when the last one was due, by receiver
  std::uint64_t dropped_ = 0;
  std::uint64_t orphaned_ = 0;
};

}  // namespace syncwarden::notify
