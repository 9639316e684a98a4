// What the commands that set Airbyte up ask of it. Implemented by airbyte/admin; faked in their tests.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "model/administration.hpp"
#include "model/connection.hpp"
#include "model/exchange.hpp"
#include "model/job.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace syncwarden {

/// One call at a time, each returns when its answer is there: a command does one thing after the other, so
/// nothing is gained by awaitables. Nothing is repeated in here except an idempotent read on a dead
/// connection and a request after its token was refreshed. What an API or a version cannot do is
/// Errc::unsupported with a hint at what can. An interrupt (Ctrl-C) ends the call that waits with
/// Errc::cancelled; later calls are made as usual, so that whoever was interrupted can still clean up.
class AirbyteAdmin {
 public:
  virtual ~AirbyteAdmin() = default;

  /// Version and API; asks once.
  [[nodiscard]] virtual Result<AirbyteInfo> probe() = 0;
  /// Interrupts so far.
  [[nodiscard]] virtual bool interrupted() const = 0;

  [[nodiscard]] virtual Result<std::vector<WorkspaceEntry>> workspaces() = 0;

  /// `workspace` may be empty where the version lists definitions for the whole instance.
  [[nodiscard]] virtual Result<std::vector<DefinitionEntry>> definitions(End end, WorkspaceId workspace) = 0;
  [[nodiscard]] virtual Result<ConnectorSpecification> specification(End end, DefinitionId definition,
                                                                     WorkspaceId workspace) = 0;

  [[nodiscard]] virtual Result<std::vector<ActorEntry>> actors(End end, WorkspaceId workspace) = 0;
  [[nodiscard]] virtual Result<ActorEntry> actor(End end, ActorId id) = 0;
  [[nodiscard]] virtual Result<ActorEntry> create_actor(ActorDraft draft) = 0;
  /// Replaces name and configuration. Masked secrets ("**********") keep what Airbyte has.
  [[nodiscard]] virtual Result<ActorEntry> update_actor(ActorEntry actor) = 0;
  [[nodiscard]] virtual Result<void> delete_actor(End end, ActorId id) = 0;
  /// Fails where nobody could check; a check that ran and found a fault is an outcome.
  [[nodiscard]] virtual Result<CheckOutcome> check(End end, ActorId id) = 0;
  /// Before it is created, or changed (`existing`).
  [[nodiscard]] virtual Result<CheckOutcome> check_draft(ActorDraft draft, ActorId existing) = 0;
  [[nodiscard]] virtual Result<Catalog> discover(ActorId source) = 0;

  /// Without deleted ones. The Public API and 0.40 tell as much as they know.
  [[nodiscard]] virtual Result<std::vector<ConnectionEntry>> connections(WorkspaceId workspace) = 0;
  [[nodiscard]] virtual Result<ConnectionEntry> connection(ConnectionId id) = 0;
  [[nodiscard]] virtual Result<ConnectionEntry> create_connection(ConnectionChange draft) = 0;
  [[nodiscard]] virtual Result<ConnectionEntry> update_connection(ConnectionId id,
                                                                  ConnectionChange change) = 0;
  [[nodiscard]] virtual Result<void> delete_connection(ConnectionId id) = 0;

  /// The job that was started. Never sent twice: after an unclear answer the error says so.
  [[nodiscard]] virtual Result<JobView> sync(ConnectionId id) = 0;
  [[nodiscard]] virtual Result<JobView> reset(ConnectionId id) = 0;
  /// `streams`: "namespace.name"; empty: all.
  [[nodiscard]] virtual Result<JobView> refresh(ConnectionId id, RefreshMode mode,
                                                std::vector<StreamChoice> streams) = 0;

  /// Newest first, page by page: no more than a page is kept. `each` returns false to stop.
  [[nodiscard]] virtual Result<void> jobs(JobFilter filter,
                                          const std::function<bool(const JobView&)>& each) = 0;
  [[nodiscard]] virtual Result<JobDetail> job(JobId id) = 0;
  /// How far a job is: the freshest counters, and its streams where the API tells them.
  [[nodiscard]] virtual Result<JobInspection> progress(JobId id, ConnectionId connection,
                                                       WorkspaceId workspace) = 0;
  /// Reads the job again right before; see AirbyteApi::cancel.
  [[nodiscard]] virtual in::CancelAnswered cancel(JobId id, ConnectionId connection) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> log_lines(JobId id, std::size_t most) = 0;
};

}  // namespace syncwarden
