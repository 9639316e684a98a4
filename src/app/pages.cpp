#include "app/pages.hpp"

#include "admin/amounts.hpp"
#include "app/moments.hpp"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

Tone severity_tone(std::string_view severity) {
  return severity == "critical" ? Tone::bad : severity == "warning" ? Tone::warning : Tone::plain;
}

Tone verdict_tone(std::string_view verdict) {
  if (verdict == "succeeded") return Tone::good;
  if (verdict == "suspect" || verdict == "ambiguous" || verdict == "cancelled") return Tone::warning;
  return verdict == "failed" || verdict == "abandoned" ? Tone::bad : Tone::plain;
}

std::string name_of(const Answer& connection) { return connection["name"].text(connection["id"].text("-")); }

std::string plural(std::int64_t count, std::string_view one, std::string_view many = "") {
  return fmt::format("{} {}", admin::count_text(count),
                     count == 1     ? std::string(one)
                     : many.empty() ? fmt::format("{}s", one)
                                    : std::string(many));
}

/// "3 waiting for a slot, 1 for Airbyte": the members that are not zero.
std::string counts(const Answer& object) {
  std::string out;
  for (const auto& [name, count] : object.members()) {
    if (count.count() == 0) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count.count(), name);
  }
  return out;
}

std::int64_t sum(const Answer& object) {
  std::int64_t total = 0;
  for (const auto& [name, count] : object.members()) total += count.count();
  return total;
}

/// A list with its title; "and 12 more" where not everything is told.
std::string section(std::string_view title, const Table& table, std::int64_t shown, std::int64_t total,
                    const Look& look) {
  if (table.empty()) return {};
  std::string out = fmt::format("\n{} ({})\n{}", title, total, table.text(look));
  if (total > shown) out += fmt::format("and {} more\n", total - shown);
  return out;
}

std::string head_line(const Answer& status, Instant now, const Look& look) {
  const Answer airbyte = status["airbyte"];
  const Answer connections = status["connections"];
  std::string out = fmt::format("syncwarden {}, up since {}\n", status["version"].text("?"),
                                when_text(status["started"].instant(), now));
  if (airbyte["up"].flag()) {
    out += fmt::format("Airbyte {} ({} API) {}, last read {}\n",
                       airbyte["version"].text("of unknown version"), airbyte["api"].text("?"),
                       toned("up", Tone::good, look), when_text(airbyte["last_jobs_poll"].instant(), now));
  } else {
    out += fmt::format("Airbyte {}: {}\n", toned("out of reach", Tone::bad, look),
                       airbyte["error"]["message"].text("not reached yet"));
  }
  const std::int64_t total = connections["total"].count();
  const std::int64_t managed = connections["managed"].count();
  if (total == 0) {
    out += "no connection seen yet";  // so nobody knows how many a rule will name
  } else {
    out += plural(total, "connection");
    out += managed == 0 ? ", observing all, touching none" : fmt::format(", {} managed", managed);
  }
  for (const char* const what : {"failing", "paused", "never_succeeded"}) {
    if (const auto count = connections[what].count(); count > 0)
      out += fmt::format(", {} {}", count,
                         std::string_view(what) == "never_succeeded" ? "never succeeded" : what);
  }
  if (const auto late = sum(connections["late"]); late > 0) out += fmt::format(", {} late", late);
  out += '\n';
  if (const auto count = status["unresolved"]["count"].count(); count > 0)
    out += fmt::format("{} whose effect is not known yet, the oldest {}\n", plural(count, "request"),
                       when_text(status["unresolved"]["oldest"].instant(), now));
  if (status["fleet_held"].flag())
    out += toned("starts are held: too many jobs fail at once", Tone::bad, look) + '\n';
  if (status["draining"].flag()) {
    out += toned(status["drained"].flag() ? "drained: nothing of ours runs, nothing is started"
                                          : "draining: nothing more is started",
                 Tone::warning, look) +
           '\n';
  }
  return out;
}

std::string jobs_section(const Answer& status, Instant now, const Look& look) {
  Table table({"CONNECTION", "JOB", "STATUS", "SINCE", "TYPICAL", "MOVED", "STUCK"});
  const auto jobs = status["running"].items();
  for (const Answer& job : jobs) {
    const std::string stuck = job["stuck"].text();
    table.add({name_of(job["connection"]), std::to_string(job["id"].count()),
               fmt::format("{} {}", job["type"].text(), job["status"].text()),
               when_text(job["created"].instant(), now), duration_text(job["typical_ms"]), moved_text(job),
               Cell(stuck, Tone::bad)});
  }
  std::int64_t total = 0;
  for (const Answer& group : status["jobs"].items()) total += group["count"].count();
  return section("Running", table, static_cast<std::int64_t>(jobs.size()), total, look);
}

std::string waiting_section(const Answer& status, Instant now, const Look& look) {
  Table table({"CONNECTION", "DUE", "WAITS FOR", "WHY"});
  const auto ticks = status["waiting_ticks"].items();
  for (const Answer& tick : ticks) {
    table.add({name_of(tick["connection"]), when_text(tick["nominal"].instant(), now), tick["cause"].text(),
               with_local_times(tick["what"].text(), now)});
  }
  const std::int64_t total = sum(status["waiting"]);
  if (table.empty() && total > 0)
    return fmt::format("\nWaiting ({}): {}\n", total, counts(status["waiting"]));
  return section("Waiting", table, static_cast<std::int64_t>(ticks.size()), total, look);
}

std::string late_section(const Answer& status, Instant now, const Look& look) {
  Table table({"CONNECTION", "LATE SINCE", "LAST SUCCESS", "NEXT RUN"});
  const auto late = status["late"].items();
  for (const Answer& connection : late) {
    table.add({name_of(connection), Cell(when_text(connection["stale_after"].instant(), now), Tone::warning),
               when_text(connection["last_success"].instant(), now),
               when_text(connection["next_run"].instant(), now)});
  }
  return section("Late", table, static_cast<std::int64_t>(late.size()), sum(status["connections"]["late"]),
                 look);
}

std::string failing_section(const Answer& status, Instant now, const Look& look) {
  Table table({"CONNECTION", "FAILED JOBS", "LAST SUCCESS", "NEXT RUN"});
  const auto failing = status["failing"].items();
  for (const Answer& connection : failing) {
    table.add({name_of(connection),
               Cell(std::to_string(connection["consecutive_failures"].count()), Tone::bad),
               when_text(connection["last_success"].instant(), now),
               when_text(connection["next_run"].instant(), now)});
  }
  return section("Failing", table, static_cast<std::int64_t>(failing.size()),
                 status["connections"]["failing"].count(), look);
}

Table incident_table(const std::vector<Answer>& incidents, Instant now) {
  Table table({"#", "SEVERITY", "KIND", "ABOUT", "OPENED", "OWNER", "SUMMARY"});
  for (const Answer& incident : incidents) {
    const std::string severity = incident["severity"].text();
    const std::string stuck = incident["stuck"].text();
    std::string opened = when_text(incident["opened"].instant(), now);
    if (incident["closed"].known()) opened += ", closed " + when_text(incident["closed"].instant(), now);
    table.add({std::to_string(incident["number"].count()), Cell(severity, severity_tone(severity)),
               incident["kind"].text() + (stuck.empty() ? "" : " " + stuck), incident["subject"].text(),
               std::move(opened), incident["owner"].text("-"),
               with_local_times(incident["summary"].text(), now)});
  }
  return table;
}

void line(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out += fmt::format("  {:<14}{}\n", name, value);
}

std::string pause_text(const Answer& pause, Instant now) {
  if (!pause.known()) return {};
  std::string out = pause["until"].known() ? "until " + when_text(pause["until"].instant(), now)
                                           : std::string("until somebody resumes it");
  if (pause["by"].known()) out += ", by " + pause["by"].text();
  if (pause["everything"].flag()) out += ", with everything else";
  if (pause["reason"].known()) out += ": " + pause["reason"].text();
  return out;
}

std::string more_text(const Answer& page) {
  const std::string next = page["next"].text();
  return next.empty() ? std::string() : fmt::format("\nolder ones: --until {}\n", next);
}

}  // namespace

std::string duration_text(const Answer& millis) {
  const auto duration = millis.millis();
  return duration ? admin::rough_text(*duration) : std::string("-");
}

std::string moved_text(const Answer& job) {
  const Answer counters = job["counters"];
  JobCounters known;
  known.records_committed = counters["records_committed"].number();
  known.records_emitted = counters["records_emitted"].number();
  known.bytes_committed = counters["bytes_committed"].number();
  known.bytes_emitted = counters["bytes_emitted"].number();
  return has_statistics(known) ? admin::amounts_text(known) : std::string();
}

std::string status_page(const Answer& status, const Look& look) {
  const Instant now = status["now"].instant().value_or(Instant{});
  const auto incidents = status["open_incidents"].items();
  std::string out = head_line(status, now, look);
  out += section("Incidents", incident_table(incidents, now), static_cast<std::int64_t>(incidents.size()),
                 sum(status["incidents"]), look);
  out += jobs_section(status, now, look);
  out += waiting_section(status, now, look);
  out += late_section(status, now, look);
  out += failing_section(status, now, look);
  return out;
}

std::string connection_page(const Answer& connection, const Look& look) {
  const Instant now = connection["now"].instant().value_or(Instant{});
  std::string out = fmt::format("{} ({})\n", name_of(connection), connection["id"].text());
  line(out, "managed",
       connection["managed"].flag() ? fmt::format("by {}, priority {}", connection["rule"].text("a rule"),
                                                  connection["priority"].text("normal"))
                                    : std::string("no, observed only"));
  for (const Answer& schedule : connection["schedules"].items()) line(out, "schedule", schedule.text());
  line(out, "Airbyte's own",
       connection["airbyte_schedule"]["text"].text(connection["airbyte_schedule"]["kind"].text()));
  std::string status = connection["status"].text();
  if (connection["status_reason"].known()) status += ": " + connection["status_reason"].text();
  line(out, "status", status);
  if (connection["breaking_change"].flag())
    line(out, "schema", toned("Airbyte waits for a decision about a changed schema", Tone::bad, look));
  for (const char* const end : {"source", "destination"}) {
    line(out, end, fmt::format("{} ({})", name_of(connection[end]), connection[end]["connector"].text("?")));
  }
  line(out, "workspace", name_of(connection["workspace"]));
  line(out, "paused", toned(pause_text(connection["pause"], now), Tone::warning, look));
  if (connection["breaker_open"].flag())
    line(out, "breaker", toned("open: only probes are started", Tone::bad, look));
  line(out, "next run", when_text(connection["next_run"].instant(), now));
  line(out, "last success", when_text(connection["last_success"].instant(), now));
  line(out, "last end", when_text(connection["last_completion"].instant(), now));
  if (connection["stale_after"].known())
    line(out, "late",
         toned((connection["late"].flag() ? "yes, since " : "no; from ") +
                   when_text(connection["stale_after"].instant(), now),
               connection["late"].flag() ? Tone::warning : Tone::plain, look));
  if (const auto failures = connection["consecutive_failures"].count(); failures > 0)
    line(out, "failing", toned(plural(failures, "failed job") + " in a row", Tone::bad, look));
  line(out, "typical", duration_text(connection["typical_duration_ms"]));
  for (const Answer& job : connection["jobs"].items()) {
    std::string text = fmt::format("job {} {} {} since {}", job["id"].count(), job["type"].text(),
                                   job["status"].text(), when_text(job["created"].instant(), now));
    if (const auto moved = moved_text(job); !moved.empty()) text += ", " + moved;
    if (job["unchanged_ms"].count() > 0)
      text += fmt::format(", unchanged for {}", duration_text(job["unchanged_ms"]));
    if (job["stuck"].known()) text += ", " + toned("stuck: " + job["stuck"].text(), Tone::bad, look);
    line(out, "running", text);
  }
  for (const Answer& tick : connection["waiting"].items()) {
    std::string why =
        tick["what"].known() ? ": " + with_local_times(tick["what"].text(), now) : std::string();
    line(out, "waiting",
         fmt::format("due {}, {}{}", when_text(tick["nominal"].instant(), now), tick["cause"].text(), why));
  }
  for (const Answer& incident : connection["incidents"].items())
    line(out, "incident", fmt::format("#{}; syncwarden incidents {}", incident.count(), incident.count()));
  return out;
}

std::string connections_page(const Answer& connections, Instant now, const Look& look) {
  Table table({"CONNECTION", "STATUS", "MANAGED BY", "NEXT RUN", "LAST SUCCESS", "TYPICAL", "STATE"});
  for (const Answer& connection : connections["connections"].items()) {
    std::string state;
    const auto add = [&state](std::string_view word) {
      state += (state.empty() ? "" : ", ") + std::string(word);
    };
    if (connection["running_since"].known()) add("running");
    if (connection["pause"].known()) add("paused");
    if (connection["late"].flag()) add("late");
    if (connection["consecutive_failures"].count() > 0) add("failing");
    const Tone tone = connection["consecutive_failures"].count() > 0 ? Tone::bad
                      : connection["late"].flag()                    ? Tone::warning
                                                                     : Tone::plain;
    table.add({name_of(connection), connection["status"].text(),
               connection["rule"].text(connection["managed"].flag() ? "a rule" : "-"),
               when_text(connection["next_run"].instant(), now),
               when_text(connection["last_success"].instant(), now),
               duration_text(connection["typical_duration_ms"]), Cell(state, tone)});
  }
  std::string out = table.text(look);
  if (connections["next"].known())
    out += fmt::format("{} match in all: --limit shows more\n", connections["matched"].count());
  return out;
}

std::string runs_page(const Answer& runs, Instant now, const Look& look) {
  Table table({"DUE", "CONNECTION", "CAUSE", "JOB", "TOOK", "MOVED", "RESULT", "WHY"});
  for (const Answer& run : runs["runs"].items()) {
    const Answer job = run["job"];
    const auto created = job["created"].instant();
    const auto ended = job["updated"].instant();
    const bool finished = run["phase"].text() == "finished";
    std::string result = finished ? run["verdict"].text() : run["phase"].text();
    if (run["failure"].known()) result += " (" + run["failure"].text() + ")";
    // `by` is who asked for a run by hand, and of every other one who cancelled it.
    const bool by_hand = run["cause"].text() == "manual";
    const std::string by = run["by"].known() ? " by " + run["by"].text() : std::string();
    if (!by_hand && run["verdict"].text() == "cancelled") result += by;
    const Tone tone = verdict_tone(run["verdict"].text());
    table.add({when_text(run["nominal"].instant(), now), name_of(run["connection"]),
               run["cause"].text() + (by_hand ? by : ""),
               job["id"].known() ? std::to_string(job["id"].count()) : std::string("-"),
               finished && created && ended ? admin::rough_text(*ended - *created) : std::string("-"),
               moved_text(job), Cell(result, tone), with_local_times(run["why"].text(), now)});
  }
  return (table.empty() ? std::string("no runs\n") : table.text(look)) + more_text(runs);
}

std::string ticks_page(const Answer& ticks, Instant now, const Look& look) {
  Table table({"DUE", "CONNECTION", "OUTCOME", "REASON", "ALSO", "DETAIL"});
  for (const Answer& tick : ticks["ticks"].items()) {
    const std::string outcome = tick["outcome"].text();
    const Tone tone = outcome == "started" || outcome == "attached" ? Tone::plain
                      : outcome == "skipped"                        ? Tone::warning
                                                                    : Tone::bad;
    table.add({when_text(tick["nominal"].instant(), now), name_of(tick["connection"]), Cell(outcome, tone),
               tick["reason"].text(), tick["also"].count() > 0 ? std::to_string(tick["also"].count()) : "",
               with_local_times(tick["detail"].text(), now)});
  }
  return (table.empty() ? std::string("no ticks\n") : table.text(look)) + more_text(ticks);
}

std::string commands_page(const Answer& commands, Instant now, const Look& look) {
  Table table({"AT", "WHO", "ASKED FOR", "ANSWER"});
  for (const Answer& record : commands["commands"].items()) {
    table.add({when_text(record["at"].instant(), now), record["who"].text(),
               with_local_times(record["what"].text(), now), with_local_times(record["answer"].text(), now)});
  }
  return (table.empty() ? std::string("nobody asked for anything\n") : table.text(look)) +
         more_text(commands);
}

std::string incidents_page(const Answer& incidents, Instant now, const Look& look) {
  const Table table = incident_table(incidents["incidents"].items(), now);
  return (table.empty() ? std::string("no incidents\n") : table.text(look)) + more_text(incidents);
}

std::string incident_page(const Answer& incident, Instant now, const Look& look) {
  const std::string severity = incident["severity"].text();
  const std::string stuck = incident["stuck"].text();
  std::string out = fmt::format("#{} {}: {}{} ({})\n", incident["number"].count(), incident["subject"].text(),
                                incident["kind"].text(), stuck.empty() ? "" : " " + stuck,
                                toned(severity, severity_tone(severity), look));
  line(out, "summary", with_local_times(incident["summary"].text(), now));
  line(out, "opened", when_text(incident["opened"].instant(), now));
  line(out, "closed",
       incident["closed"].known() ? when_text(incident["closed"].instant(), now) : std::string());
  if (const auto times = incident["reopened"].count(); times > 0)
    line(out, "reopened", plural(times, "time"));
  line(out, "owner", incident["owner"].text());
  if (incident["job"].known()) line(out, "job", std::to_string(incident["job"].count()));
  line(out, "link", incident["link"].text());
  for (const auto& [name, value] : incident["labels"].members()) line(out, name, value.text());
  const auto events = incident["events"].items();
  if (!events.empty()) out += '\n';
  for (const Answer& event : events) {
    const std::string by = event["by"].text();
    out += fmt::format("  {}  {}{}\n", when_text(event["at"].instant(), now),
                       with_local_times(event["what"].text(), now), by.empty() ? "" : " (" + by + ")");
  }
  return out;
}

std::string explain_page(const Answer& explanation, const Look& look) {
  const Instant now = explanation["now"].instant().value_or(Instant{});
  std::string out =
      fmt::format("{} ({})\n", name_of(explanation["connection"]), explanation["connection"]["id"].text());
  for (const Answer& told : explanation["lines"].items()) {
    const Tone tone =
        told["kind"].text() == "waiting" || told["kind"].text() == "unknown" ? Tone::warning : Tone::plain;
    out += toned(with_local_times(told["text"].text(), now), tone, look) + '\n';
    for (const Answer& step : told["steps"].items()) {
      const auto at = step["at"].instant();
      out += fmt::format("    {}{}\n", at ? local_text(*at, now) + "  " : std::string(),
                         with_local_times(step["text"].text(), now));
    }
  }
  return out;
}

}  // namespace syncwarden::app
