// What a person asks of the daemon: a request with who asked, and the answer that follows once it is durable.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace syncwarden {

namespace command {
/// A run now. Limits, blackouts and pauses hold; priority is that of a person (9).
struct Sync {
  ConnectionId connection;
};
/// Cancels the job that the connection runs now; with `job`, only if it is that one.
struct Cancel {
  ConnectionId connection;
  std::optional<JobId> job;
};
/// No connections: all of them, those that appear later included.
struct Pause {
  std::vector<ConnectionId> connections;
  std::optional<Instant> until;  ///< nothing: until somebody resumes
  std::string reason;
};
struct Resume {
  std::vector<ConnectionId> connections;  ///< none: everything that is paused, and the end of a drain
  bool catch_up_latest = false;  ///< start the latest missed tick; otherwise paused time is not caught up
};
/// Starts nothing more, waits for what runs. Ends with Resume or the process.
struct Drain {
  std::string reason;
};
struct Ack {
  IncidentId incident;
  std::string note;
};
}  // namespace command

using CommandWhat = std::variant<command::Sync, command::Cancel, command::Pause, command::Resume,
                                 command::Drain, command::Ack>;

struct CommandRequest {
  std::uint64_t ticket = 0;  ///< the answer carries it
  std::string who;           ///< "alice", "uid 1000 on this host"; printable
  std::string key;           ///< idempotency key; empty: none. The same key gives the first answer again
  CommandWhat what;
};

struct CommandDone {
  std::string text;          ///< one printable sentence: what was done
  std::optional<RunId> run;  ///< with Sync
  std::optional<JobId> job;  ///< with Cancel
  bool repeated = false;     ///< the key was known: nothing was done again

  bool operator==(const CommandDone&) const = default;
};

/// What was asked and answered: the audit trail, and the memory behind idempotency keys.
struct CommandRecord {
  std::string key;  ///< unique; made from the time and the ticket where the request had none
  Instant at;
  std::string who;
  std::string what;  ///< "pause orders -> warehouse until 2026-11-27T06:00:00Z: migration"
  std::string answer;
  std::optional<RunId> run;

  bool operator==(const CommandRecord&) const = default;
};

/// A pause as it stands. An empty connection: all of them.
struct Pause {
  ConnectionId connection;
  std::optional<Instant> until;
  std::string reason;
  std::string by;
  Instant since;

  bool operator==(const Pause&) const = default;
};

/// Where the outside hands in commands; the shell implements it. `done` is called once, on the loop's thread,
/// after what was decided is on disk.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  virtual void submit(CommandRequest request, std::function<void(Result<CommandDone>)> done) = 0;
};

}  // namespace syncwarden
