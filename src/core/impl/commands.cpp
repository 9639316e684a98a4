// What people ask for: answered once, recorded with who asked, and done once for each idempotency key.
#include "core/impl/machine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::core {
namespace {

/// One, and another where the reply was lost.
constexpr std::uint32_t most_requests_by_hand = 2;
/// Of names in one line of the record.
constexpr std::size_t longest_names = 200;

Error no_connection(const ConnectionId& id) {
  return {Errc::not_found, fmt::format("there is no connection {}", id.text.view()), "",
          "`syncwarden status` lists them"};
}

}  // namespace

void Core::Machine::take_command(const CommandRequest& request) {
  if (const auto known = commands.find(request.key); !request.key.empty() && known != commands.end()) {
    CommandDone done{known->second.answer, known->second.run, std::nullopt, true};
    effect(out::Reply{request.ticket, std::move(done)});
    return;
  }
  std::string what;
  auto done = std::visit([&](const auto& asked) { return do_command(request, asked, what); }, request.what);
  tell(fact::CommandTaken{request.who, what, done ? std::optional<Error>{} : done.error()});
  if (done) {
    CommandRecord record;
    record.key =
        request.key.empty() ? fmt::format("{}/{}", to_rfc3339(now.wall), request.ticket) : request.key;
    record.at = now.wall;
    record.who = request.who;
    record.what = what;
    record.answer = done->text;
    record.run = done->run;
    commands[record.key] = record;
    keep(put::PutCommand{std::move(record)});
  }
  effect(out::Reply{request.ticket, std::move(done)});
}

Result<CommandDone> Core::Machine::do_command(const CommandRequest& request, const command::Sync& sync,
                                              std::string& what) {
  what = fmt::format("sync {}", names_of({sync.connection}));
  const auto found = connection_index.find(sync.connection);
  if (found == connection_index.end() || !connections[found->second].present)
    return no_connection(sync.connection);
  auto& connection = connections[found->second];
  if (plan->mode == Mode::shadow)
    return Error{Errc::conflict, "mode: shadow sends nothing", "", "set mode: live, or use --direct"};
  if (stopping) return Error{Errc::conflict, "syncwarden is stopping", "", "try again once it is back"};
  if (const Pause* pause = pause_of(connection)) {
    return Error{Errc::conflict, fmt::format("{} is {}", connection.view.name, pause_text(*pause)), "",
                 "`syncwarden resume` ends the pause"};
  }
  if (connection.view.status != ConnectionStatus::active &&
      connection.view.status != ConnectionStatus::unknown) {
    return Error{Errc::conflict,
                 fmt::format("{} is {} in Airbyte", connection.view.name, to_string(connection.view.status)),
                 "", "switch it on in Airbyte first"};
  }
  if (!connection.active.empty() || !connection.holding.empty()) {
    const JobId job = connection.active.empty() ? JobId{} : connection.active.front().view.id;
    return Error{Errc::conflict,
                 job.value != 0
                     ? fmt::format("job {} of {} is running already", job.value, connection.view.name)
                     : fmt::format("a sync of {} is being requested already", connection.view.name),
                 "", "wait for it, or cancel it"};
  }
  OpenRun open;
  open.run.id = make_run_id(ScheduleId{fmt::format("{}/by hand {} {}", connection.view.id.text.view(),
                                                   request.key, request.ticket)},
                            now.wall);
  open.run.connection = connection.view.id;
  open.run.nominal = now.wall;
  open.run.due = now.wall;
  open.run.cause = TriggerCause::manual;
  open.run.by = request.who;
  open.connection = found->second;
  open.since = now.mono;
  open.tick_decided = true;  // it answers for no tick
  const RunId id = open.run.id;
  const auto [kept, fresh] = runs.emplace(id, open);
  if (!fresh) return Error{Errc::conflict, "the same sync was asked for in the same moment", "", ""};
  keep_run(kept->second);
  make_ready(kept->second);
  std::string text = fmt::format("a sync of {} is requested", connection.view.name);
  if (!can_trigger()) text += "; it starts as soon as Airbyte can be asked";
  return CommandDone{std::move(text), id, std::nullopt, false};
}

Result<CommandDone> Core::Machine::do_command(const CommandRequest& request, const command::Cancel& cancel,
                                              std::string& what) {
  what = fmt::format("cancel {}", names_of({cancel.connection}));
  if (cancel.job) what += fmt::format(" job {}", cancel.job->value);
  auto* connection = find_connection(cancel.connection);
  if (connection == nullptr) return no_connection(cancel.connection);
  if (plan->mode == Mode::shadow)
    return Error{Errc::conflict, "mode: shadow sends nothing", "", "set mode: live, or cancel it in Airbyte"};
  if (connection->active.empty()) {
    return Error{Errc::conflict, fmt::format("nothing runs on {}", connection->view.name), "", ""};
  }
  const JobId job = connection->active.front().view.id;
  if (cancel.job && *cancel.job != job) {
    return Error{
        Errc::conflict,
        fmt::format("job {} of {} runs, not job {}", job.value, connection->view.name, cancel.job->value), "",
        ""};
  }
  if (!cancel.job) what += fmt::format(" job {}", job.value);
  if (const auto watched = watchers.find(job); watched != watchers.end()) {
    for (const RunId& id : watched->second) {
      auto& open = runs.at(id);
      open.run.by = request.who;
      keep_run(open);
    }
  }
  cancel_by_hand(*connection, job, request.who);
  return CommandDone{
      fmt::format(
          "the cancel of job {} of {} is requested; within {} it has ended, or an incident tells that "
          "it has not",
          job.value, connection->view.name, to_string(plan->cancel_timeout)),
      std::nullopt, job, false};
}

/// Extra jobs, reruns and syncs by hand that wait on a paused connection: like its ticks, they are not caught
/// up.
void Core::Machine::give_up_paused() {
  std::map<RunId, const Pause*> waiting;  // in the same order every time
  for (const auto& [id, open] : runs) {
    const bool waits = open.run.phase == RunPhase::queued || open.run.phase == RunPhase::backing_off;
    if (!waits || !open.tick_decided) continue;
    if (const Pause* pause = pause_of(connections[open.connection])) waiting.emplace(id, pause);
  }
  for (const auto& [id, pause] : waiting) give_up_waiting(id, TickReason::paused, pause_text(*pause));
}

/// As people know them, for the record and the log; none: everything.
std::string Core::Machine::names_of(const std::vector<ConnectionId>& ids) const {
  if (ids.empty()) return "everything";
  std::string names;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (names.size() >= longest_names) return fmt::format("{} and {} more", names, ids.size() - i);
    const auto known = connection_index.find(ids[i]);
    const std::string_view id = ids[i].text.view();
    const std::string_view name =
        known == connection_index.end() ? id : connections[known->second].view.name.view();
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name.empty() ? id : name);
  }
  return names;
}

/// A person's word goes before the policy's: what was asked for already counts no more, and nothing is run
/// again.
void Core::Machine::cancel_by_hand(Connection& connection, JobId job, const std::string& who) {
  Recovery recovery{job, connection.view.id, std::nullopt, StuckAction::cancel, 0, now.wall, now.wall, false,
                    who};
  recoveries[job] = {recovery, observed.now()};
  lost_cancels.erase(job);
  ask_cancel(connection, job, fmt::format("{} asked for it", who));
}

/// A cancel that a person asked for had no effect in time: once more where the reply was lost, else somebody
/// is told.
void Core::Machine::pass_cancel_by_hand(Connection& connection, JobId job) {
  auto& recovery = recoveries.at(job).first;
  const auto lost = lost_cancels.extract(job);
  if (lost && recovery.requests < most_requests_by_hand) {
    if (store_healthy && !stopping) {
      ask_cancel(connection, job, fmt::format("{} asked for it; the reply was lost", recovery.by));
    } else {
      lost_cancels[job] = lost.mapped();
    }
    return;
  }
  std::string what = fmt::format("{} asked to cancel job {}, and it has not ended", recovery.by, job.value);
  if (lost && !lost.mapped().empty()) what += ": " + lost.mapped();
  give_up_cancel(connection, recovery, std::move(what));
}

Result<CommandDone> Core::Machine::do_command(const CommandRequest& request, const command::Pause& pause,
                                              std::string& what) {
  const std::string names = names_of(pause.connections);
  what =
      fmt::format("pause {}{}{}", names, pause.until ? " until " + to_rfc3339(*pause.until) : std::string{},
                  pause.reason.empty() ? std::string{} : ": " + pause.reason);
  std::vector<ConnectionId> ids = pause.connections;
  if (ids.empty()) ids.emplace_back();
  for (const auto& id : ids) {
    if (!id.empty() && find_connection(id) == nullptr) return no_connection(id);
  }
  if (pause.until && *pause.until <= now.wall)
    return Error{Errc::usage, "the end of the pause has passed already", "",
                 "give an instant that is yet to come"};
  for (const auto& id : ids) {
    begin_pause({id, pause.until, pause.reason, request.who, now.wall});
  }
  give_up_paused();
  return CommandDone{
      fmt::format("{} {} paused{}; what runs goes on", names, ids.size() == 1 ? "is" : "are",
                  pause.until ? " until " + to_rfc3339(*pause.until) : " until somebody resumes"),
      std::nullopt, std::nullopt, false};
}

Result<CommandDone> Core::Machine::do_command(const CommandRequest& /*request*/,
                                              const command::Resume& resume, std::string& what) {
  what =
      fmt::format("resume {}{}", names_of(resume.connections), resume.catch_up_latest ? ", catching up" : "");
  std::vector<ConnectionId> ids = resume.connections;
  // A pause outlives its connection, and can be ended without it.
  for (const auto& id : ids) {
    if (find_connection(id) == nullptr && !pauses.contains(id)) return no_connection(id);
  }
  if (ids.empty()) {
    for (const auto& [id, pause] : pauses) ids.push_back(id);
  }
  std::size_t ended = 0;
  for (const auto& id : ids) {
    if (!pauses.contains(id)) continue;
    ++ended;
    end_pause(id, now.wall, resume.catch_up_latest);
  }
  if (ended == 0) {
    const bool all = pauses.contains(ConnectionId{});
    return Error{Errc::conflict, "nothing of that is paused", "",
                 all ? "everything is paused together: resume everything" : ""};
  }
  return CommandDone{fmt::format("{} {} ended{}", ended, ended == 1 ? "pause" : "pauses",
                                 resume.catch_up_latest ? "; the latest missed ticks start" : ""),
                     std::nullopt, std::nullopt, false};
}

Result<CommandDone> Core::Machine::do_command(const CommandRequest& request, const command::Drain& drain,
                                              std::string& what) {
  auto done = do_command(
      request, command::Pause{{}, std::nullopt, drain.reason.empty() ? "drain" : drain.reason}, what);
  what = drain.reason.empty() ? "drain" : "drain: " + drain.reason;
  if (done) done->text = "nothing more is started; what runs is waited for";
  return done;
}

Result<CommandDone> Core::Machine::do_command(const CommandRequest& request, const command::Ack& ack,
                                              std::string& what) {
  what = fmt::format("acknowledge incident {}", ack.incident.value);
  const Incident* incident = incidents.find(ack.incident);
  if (incident == nullptr) {
    return Error{Errc::not_found, fmt::format("there is no open incident {}", ack.incident.value), "",
                 "`syncwarden incidents` lists the open ones"};
  }
  const auto key = IncidentBook::key_of(*incident);
  const bool settled =
      incident->kind == IncidentKind::left_management || incident->kind == IncidentKind::rule_matches_nothing;
  incidents.acknowledge(ack.incident, request.who, ack.note, now.wall);
  // There is nothing more to wait for: somebody knows.
  if (settled) incidents.close(key, fmt::format("{} knows", request.who), now.wall);
  return CommandDone{
      fmt::format("incident {} is {}'s{}", ack.incident.value, request.who, settled ? ", and closed" : ""),
      std::nullopt, std::nullopt, false};
}

void Core::Machine::restore_commands(const Snapshot& snapshot) {
  for (const auto& record : snapshot.commands) commands.emplace(record.key, record);
}

/// Keys are remembered for a day.
void Core::Machine::forget_commands() {
  std::erase_if(commands,
                [&](const auto& entry) { return entry.second.at + std::chrono::hours{24} < now.wall; });
}

}  // namespace syncwarden::core
