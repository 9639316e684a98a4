#include "core/desk.hpp"

#include <algorithm>

#include <gmock/gmock.h>

namespace syncwarden::core {

using namespace std::chrono_literals;

calendar::Schedule cron(const std::string& expression, const std::string& zone, calendar::DstPolicy dst) {
  return calendar::Schedule::cron({expression, zone, dst}).value();
}

Rule rule(const std::string& expression, const std::function<void(Policy&)>& change) {
  Rule made;
  made.where = "test.yaml:1";
  made.schedules.push_back({"", cron(expression)});
  if (change) change(made.policy);
  return made;
}

Plan plan_of(Rule only) {
  Plan plan;
  plan.rules.push_back(std::move(only));
  plan.triggers_per_second = 0;
  plan.poll = {10s, 30s, 2min};
  return plan;
}

ConnectionView connection(const std::string& id) {
  ConnectionView view;
  view.id = ConnectionId{id};
  view.name = id;
  view.workspace = WorkspaceId{"w"};
  view.workspace_name = "w";
  view.source.id = ActorId{"source-" + id};
  view.source.name = "source of " + id;
  view.source.connector = "postgres";
  view.destination.id = ActorId{"destination-" + id};
  view.destination.name = "destination of " + id;
  view.destination.connector = "s3";
  view.status = ConnectionStatus::active;
  view.schedule = AirbyteSchedule::manual;
  return view;
}

Error error_of(Errc code) { return Error{code, "test", "", ""}; }

TriggerReply reply_of(TriggerAnswer answer, Errc code) {
  TriggerReply reply;
  reply.answer = answer;
  reply.error = error_of(code);
  return reply;
}

TriggerReply created(JobId job) {
  TriggerReply reply;
  reply.answer = TriggerAnswer::created;
  reply.job = job;
  reply.status = JobStatus::running;
  return reply;
}

Desk::Desk(Plan chosen, std::vector<ConnectionView> known, Instant start)
    : now{start, Mono{1h}}, plan(std::move(chosen)), connections(std::move(known)) {
  boot();
}

Desk::~Desk() { EXPECT_THAT(disk.violations(), testing::IsEmpty()); }

void Desk::boot() {
  core_ = std::make_unique<Core>(++life_);
  inbox_.clear();
  held_.clear();
  stepping_ = false;
  step(in::Booted{std::make_shared<const Snapshot>(disk.snapshot()), std::make_shared<const Plan>(plan)});
}

void Desk::crash(Millis downtime) {
  core_.reset();
  now.wall += downtime;
  now.mono = now.mono + downtime;
  disk_frozen = false;
  boot();
}

void Desk::step(const Input& input) {
  inbox_.push_back(input);
  if (stepping_) return;
  stepping_ = true;
  while (!inbox_.empty()) {
    const Input next = std::move(inbox_.front());
    inbox_.pop_front();
    take(core_->step(now, next));
  }
  stepping_ = false;
}

void Desk::take(Decision decision) {
  if (!disk_frozen) disk.apply(decision.durable);
  for (auto& fact : decision.facts) facts.push_back(std::move(fact));
  for (const auto& effect : decision.after) carry_out(effect);
}

void Desk::carry_out(const Effect& effect) {
  const Error gone = error_of(Errc::connect_refused);
  if (std::holds_alternative<out::Probe>(effect)) {
    if (hold_probes) return;
    in::Probed probed{gone};
    if (!away) probed.info = AirbyteInfo{version, api, whole_instance};
    step(probed);
  } else if (std::holds_alternative<out::ReadConnections>(effect)) {
    in::ConnectionsSeen seen{gone};
    if (!away) seen.connections = connections;
    step(seen);
  } else if (const auto* poll_asked = std::get_if<out::ReadJobs>(&effect)) {
    polls.push_back(*poll_asked);
    if (hold_polls) {
      held_.push_back(*poll_asked);
    } else {
      step(page(*poll_asked));
    }
  } else if (const auto* read = std::get_if<out::ReadJob>(&effect)) {
    single_reads.push_back(*read);
    in::JobRead answer{read->job, gone};
    const auto found = jobs.find(read->job);
    if (!away && found == jobs.end()) answer.view = error_of(Errc::not_found);
    if (!away && found != jobs.end()) answer.view = found->second;
    step(answer);
  } else if (const auto* request = std::get_if<out::TriggerSync>(&effect)) {
    if (disk_frozen) return;
    sent.push_back({*request, now});
    const auto reply = airbyte ? airbyte(*request) : behave(*request);
    if (reply) answer(*request, *reply);
  } else if (const auto* cancel = std::get_if<out::CancelJob>(&effect)) {
    if (disk_frozen) return;
    cancels.push_back(*cancel);
    if (!on_cancel) return;
    if (auto answered = on_cancel(*cancel)) step(*answered);
  } else if (const auto* look = std::get_if<out::InspectJob>(&effect)) {
    inspect(*look);
  } else if (const auto* reply = std::get_if<out::Reply>(&effect)) {
    replies.push_back(*reply);
  } else if (const auto* manual = std::get_if<out::SetScheduleManual>(&effect)) {
    if (!disk_frozen) set_manual.push_back(*manual);
  } else if (const auto* abandon = std::get_if<out::AbandonTrigger>(&effect)) {
    abandoned.push_back(*abandon);
  }
}

void Desk::inspect(const out::InspectJob& asked) {
  inspections.push_back(asked);
  in::JobInspected answer{asked.job, error_of(Errc::connect_refused)};
  if (const auto found = jobs.find(asked.job); !away && found != jobs.end()) {
    JobInspection look;
    look.job = found->second;
    if (second_look) second_look(look);
    answer.inspection = std::move(look);
  }
  step(answer);
}

Result<CommandDone> Desk::ask(CommandWhat what, const std::string& key) {
  CommandRequest request{++ticket_, "alice", key, std::move(what)};
  step(in::Command{std::move(request)});
  if (replies.empty() || replies.back().ticket != ticket_) return error_of(Errc::reply_timeout);
  return replies.back().done;
}

std::vector<std::string> open_incidents(const Desk& desk) {
  std::vector<std::string> open;
  for (const auto& [id, incident] : desk.disk.incidents()) {
    if (incident.closed) continue;
    std::string word(to_string(incident.kind));
    if (incident.stuck) word += "/" + std::string(to_string(*incident.stuck));
    open.push_back(std::move(word));
  }
  std::sort(open.begin(), open.end());
  return open;
}

void Desk::answer(const out::TriggerSync& request, TriggerReply reply) {
  step(in::TriggerAnswered{request.run, request.request, std::move(reply)});
}

void Desk::answer(TriggerReply reply) {
  ASSERT_FALSE(sent.empty());
  const auto request = sent.back().request;
  answer(request, std::move(reply));
}

void Desk::wake() { step(in::Woke{}); }

void Desk::pass(Millis duration) {
  const Mono end = now.mono + duration;
  int spins = 0;
  while (true) {
    const NextWake next = core_->next_wake();
    std::optional<Mono> when = next.mono;
    if (next.wall) {
      const Mono wall = now.mono + (*next.wall - now.wall);
      when = std::min(when.value_or(wall), wall);
    }
    if (!when || *when > end) break;
    if (*when > now.mono) {
      now.wall += *when - now.mono;
      now.mono = *when;
      spins = 0;
    } else if (++spins > 20) {
      ADD_FAILURE() << "the core wants to be woken at once, for ever, at " << to_rfc3339(now.wall);
      break;
    }
    wake();
  }
  now.wall += end - now.mono;
  now.mono = end;
}

void Desk::suspend(Millis duration) {
  now.wall += duration;
  wake();
}

JobId Desk::start_job(const std::string& connection_id, JobType type, JobStatus status) {
  JobView job;
  job.id = JobId{++next_job_};
  job.connection = ConnectionId{connection_id};
  job.type = type;
  job.status = status;
  job.created = airbyte_now();
  job.updated = airbyte_now();
  jobs[job.id] = job;
  return job.id;
}

namespace {
/// What a job moves unless a test says otherwise: a success without statistics is no verified one.
const JobCounters moved_data{1'000, 400'000, 1'000, 400'000, 0};
}  // namespace

void Desk::end_job(JobId job, JobStatus status, FailureType failure) {
  auto& view = jobs.at(job);
  view.status = status;
  view.updated = airbyte_now();
  if (status == JobStatus::failed) view.failures = {{FailureOrigin::source, failure, "test"}};
  if (status == JobStatus::succeeded && view.counters == JobCounters{}) view.counters = moved_data;
}

void Desk::finish_jobs() {
  if (!job_length) return;
  for (auto& [id, job] : jobs) {
    if (is_terminal(job.status) || job.status == JobStatus::unknown ||
        job.created + *job_length > airbyte_now()) {
      continue;
    }
    job.status = JobStatus::succeeded;
    job.counters = moved_data;
    job.updated = job.created + *job_length;
  }
}

std::optional<TriggerReply> Desk::behave(const out::TriggerSync& request) {
  finish_jobs();
  const bool busy = std::any_of(jobs.begin(), jobs.end(), [&](const auto& entry) {
    return entry.second.connection == request.connection && !is_terminal(entry.second.status);
  });
  if (busy) return reply_of(TriggerAnswer::conflict, Errc::conflict);
  return created(start_job(request.connection.text.str()));
}

in::JobsSeen Desk::page(const out::ReadJobs& request) {
  in::JobsSeen seen{request.poll, error_of(Errc::reply_timeout), std::nullopt};
  if (away) return seen;
  finish_jobs();
  JobsPage page;
  page.covers = covers;
  const auto covered = [&](const JobView& job) {
    return !covers || std::find(covers->begin(), covers->end(), job.connection) != covers->end();
  };
  for (const auto& [id, job] : jobs) {
    if (!covered(job)) continue;
    if (!is_terminal(job.status)) {
      page.active.push_back(job);
    } else if (!request.ended_since || job.updated >= *request.ended_since) {
      page.ended.push_back(job);
    }
  }
  std::stable_sort(page.ended.begin(), page.ended.end(),
                   [](const JobView& a, const JobView& b) { return a.updated < b.updated; });
  page.ended_complete = ended_complete && page.ended.size() <= ended_limit;
  if (page.ended.size() > ended_limit) page.ended.resize(ended_limit);
  seen.page = std::move(page);
  return seen;
}

void Desk::release_polls() {
  hold_polls = false;
  while (!held_.empty()) release_one_poll();
}

void Desk::release_one_poll() {
  const auto request = held_.front();
  held_.pop_front();
  step(page(request));
}

std::string Desk::tick(Instant nominal, const std::string& schedule) const {
  const auto* found = tick_record(nominal, schedule);
  if (found == nullptr) return "-";
  return std::string(to_string(found->outcome)) + "/" + std::string(to_string(found->reason));
}

const Tick* Desk::tick_record(Instant nominal, const std::string& schedule) const {
  const auto found = disk.ticks().find({ScheduleId{schedule}, nominal});
  return found == disk.ticks().end() ? nullptr : &found->second;
}

Run Desk::run(Instant nominal, const std::string& schedule) const {
  const auto found = disk.runs().find(make_run_id(ScheduleId{schedule}, nominal));
  return found == disk.runs().end() ? Run{} : found->second;
}

}  // namespace syncwarden::core
