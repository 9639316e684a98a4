#include "observe/fact_log.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <fmt/format.h>

namespace syncwarden::observe {
namespace {

std::string why(const std::optional<Error>& error) { return error ? to_string(*error) : std::string(); }

std::string_view to_word(TriggerAnswer answer) {
  switch (answer) {
    case TriggerAnswer::created:
      return "created";
    case TriggerAnswer::conflict:
      return "conflict";
    case TriggerAnswer::refused:
      return "refused";
    case TriggerAnswer::not_sent:
      return "not_sent";
    case TriggerAnswer::throttled:
      return "throttled";
    case TriggerAnswer::unclear:
      return "unclear";
  }
  return "unclear";
}

/// No job is no number.
std::string job_text(JobId job) { return job.value == 0 ? std::string() : std::to_string(job.value); }

/// An incident is as loud as it is severe when it comes, and quiet afterwards.
Level level_of(fact::IncidentChange change, Severity severity) {
  if (change == fact::IncidentChange::updated) return Level::debug;
  const bool comes = change == fact::IncidentChange::opened || change == fact::IncidentChange::reopened;
  if (!comes || severity == Severity::info) return Level::info;
  return severity == Severity::critical ? Level::error : Level::warn;
}

bool needs_attention(const fact::RecoveryStep& step) {
  const bool in_vain =
      step.result == fact::RecoveryResult::refused || step.result == fact::RecoveryResult::timed_out;
  return in_vain || step.action == fact::RecoveryAction::breaker_open;
}

bool is_bad(Verdict verdict) {
  return verdict != Verdict::none && verdict != Verdict::succeeded && verdict != Verdict::cancelled;
}

}  // namespace

void FactLog::apply(const Fact& fact) {
  const bool summed_up = std::holds_alternative<fact::ConnectionFound>(fact) ||
                         std::holds_alternative<fact::ConnectionGone>(fact);
  if (!summed_up) flush();
  std::visit([this](const auto& f) { on(f); }, fact);
}

void FactLog::flush() {
  if (found_ == 0 && gone_ == 0) return;
  log_.info("connections changed", {{"found", found_}, {"managed", managed_}, {"gone", gone_}});
  found_ = 0;
  managed_ = 0;
  gone_ = 0;
}

void FactLog::on(const fact::TickDecided& decided) {
  const Tick& tick = decided.tick;
  const bool bad = tick.outcome == TickOutcome::failed_to_start || tick.outcome == TickOutcome::missed;
  log_.write(bad ? Level::warn : Level::info, "tick decided",
             {{"connection", decided.name},
              {"schedule", tick.schedule},
              {"nominal", tick.nominal},
              {"outcome", to_string(tick.outcome)},
              {"reason", to_string(tick.reason)},
              {"run", tick.run ? to_string(*tick.run) : std::string()},
              {"also", tick.also},
              {"detail", tick.detail}});
}

void FactLog::on(const fact::RunFinished& finished) {
  const Run& run = finished.run;
  log_.write(is_bad(run.verdict) ? Level::warn : Level::info, "run finished",
             {{"connection", finished.name},
              {"schedule", run.schedule},
              {"nominal", run.nominal},
              {"run", to_string(run.id)},
              {"verdict", to_string(run.verdict)},
              {"failure", run.failure ? to_string(*run.failure) : std::string_view()},
              {"job", run.job},
              {"attribution", to_string(run.attribution)},
              {"extra_jobs", run.job_number},
              {"cancels", run.cancels},
              {"by", run.by},
              {"why", run.why}});
}

void FactLog::on(const fact::TriggerSent& sent) {
  if (!log_.enabled(Level::debug)) return;
  log_.debug("sync requested", {{"connection", sent.run.connection},
                                {"run", to_string(sent.run.id)},
                                {"trigger", to_string(sent.run.cause)},
                                {"request", sent.run.requests}});
}

void FactLog::on(const fact::TriggerFailed& failed) {
  const std::string key = fmt::format("trigger {} {}", failed.run.connection.text, to_word(failed.answer));
  const auto suppressed = repeats_.admit(key, mono_());
  if (!suppressed) return;
  log_.warn("sync request not accepted", {{"connection", failed.run.connection},
                                          {"run", to_string(failed.run.id)},
                                          {"answer", to_word(failed.answer)},
                                          {"error", why(failed.error)},
                                          {"suppressed", *suppressed}});
}

void FactLog::on(const fact::TriggerAccepted& accepted) {
  if (!log_.enabled(Level::debug)) return;
  // The tick's own line names the job already.
  log_.debug("job started", {{"connection", accepted.run.connection},
                             {"run", to_string(accepted.run.id)},
                             {"job", accepted.run.job},
                             {"attribution", to_string(accepted.run.attribution)},
                             {"delay", accepted.delay}});
}

void FactLog::on(const fact::JobEnded& ended) {
  const JobView& job = ended.job;
  const bool ours = ended.run.has_value();
  // A run tells its end by itself; its failed jobs are worth a line because another one may follow.
  const Level level = ours && job.status == JobStatus::failed ? Level::info : Level::debug;
  if (!log_.enabled(level)) return;
  const std::string_view message = job.failures.empty() ? std::string_view() : job.failures.front().message;
  log_.write(level, "job ended",
             {{"connection", ended.connection.id},
              {"name", ended.connection.name},
              {"job", job.id},
              {"type", to_string(job.type)},
              {"status", to_string(job.status)},
              {"duration", job.updated - job.created},
              {"run", ours ? to_string(*ended.run) : std::string()},
              {"failure", message}});
}

void FactLog::on(const fact::PollDone& done) {
  if (done.error) log_.debug("poll failed", {{"poll", done.poll}, {"error", why(done.error)}});
}

void FactLog::on(const fact::AirbyteReachable& reachable) {
  if (reachable.reachable) {
    log_.info("Airbyte reachable");
  } else {
    log_.error("Airbyte unreachable", {{"error", why(reachable.error)}});
  }
}

void FactLog::on(const fact::AirbyteIdentified& identified) {
  log_.info("Airbyte identified", {{"version", identified.info.version},
                                   {"api", identified.info.api},
                                   {"lists_whole_instance", identified.info.lists_whole_instance}});
}

void FactLog::on(const fact::ClockStepped& stepped) {
  log_.warn("clock stepped", {{"by", std::to_string(stepped.by.count()) + "ms"}});
}

void FactLog::on(const fact::ConnectionFound& found) {
  ++found_;
  if (!found.rule.empty()) ++managed_;
  if (!log_.enabled(Level::debug)) return;
  log_.debug("connection found", {{"connection", found.connection.id},
                                  {"name", found.connection.name},
                                  {"workspace", found.connection.workspace_name},
                                  {"rule", found.rule}});
}

void FactLog::on(const fact::ConnectionGone& gone) {
  ++gone_;
  if (!log_.enabled(Level::debug)) return;
  log_.debug("connection gone", {{"connection", gone.connection.id}, {"name", gone.connection.name}});
}

void FactLog::on(const fact::Warning& warning) {
  const auto suppressed = repeats_.admit("warning " + warning.text, mono_());
  if (suppressed) log_.warn(warning.text, {{"suppressed", *suppressed}});
}

void FactLog::on(const fact::IncidentChanged& changed) {
  const Incident& incident = changed.incident;
  const Level level = level_of(changed.change, incident.severity);
  if (!log_.enabled(level)) return;
  // How long it was open is told once, at its end.
  const bool closed = changed.change == fact::IncidentChange::closed && incident.closed;
  log_.write(level, fmt::format("incident {}", syncwarden::to_string(changed.change)),
             {{"incident", incident.id.value},
              {"kind", to_string(incident.kind)},
              {"stuck", incident.stuck ? to_string(*incident.stuck) : std::string_view()},
              {"severity", to_string(incident.severity)},
              {"subject", incident.subject},
              {"connection", incident.connection},
              {"job", job_text(incident.job)},
              {"summary", incident.summary},
              {"evidence", incident.events.empty() ? std::string_view() : incident.events.back().what},
              {"by", incident.events.empty() ? std::string_view() : incident.events.back().by},
              {"owner", incident.owner},
              {"open_for", closed ? syncwarden::to_string(*incident.closed - incident.opened) : ""}});
}

void FactLog::on(const fact::RecoveryStep& step) {
  log_.write(needs_attention(step) ? Level::warn : Level::info, "recovery",
             {{"action", syncwarden::to_string(step.action)},
              {"result", syncwarden::to_string(step.result)},
              {"connection", step.connection.id},
              {"name", step.connection.name},
              {"job", job_text(step.job)},
              {"why", step.why}});
}

void FactLog::on(const fact::StuckFound& found) {
  // A first reading decides nothing, and may come and go.
  log_.write(found.confirmed ? Level::warn : Level::debug, found.confirmed ? "stuck" : "looks stuck",
             {{"kind", to_string(found.kind)},
              {"connection", found.connection.id},
              {"name", found.connection.name},
              {"job", job_text(found.job)},
              {"evidence", found.evidence}});
}

void FactLog::on(const fact::CommandTaken& taken) {
  if (taken.refused) {
    log_.warn("command refused", {{"who", taken.who}, {"what", taken.what}, {"error", why(taken.refused)}});
  } else {
    log_.info("command taken", {{"who", taken.who}, {"what", taken.what}});
  }
}

}  // namespace syncwarden::observe
