#include "observe/impl/fleet_text.hpp"

#include "observe/catalogue.hpp"
#include "observe/impl/connector_pairs.hpp"
#include "observe/impl/text_writer.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string_view>

namespace syncwarden::observe {
namespace {

constexpr std::array active_states{JobStatus::pending, JobStatus::queued, JobStatus::running,
                                   JobStatus::incomplete};

std::string_view state_label(JobStatus status) {
  return status == JobStatus::unknown ? "other" : to_string(status);
}

Instant or_zero(const std::optional<Instant>& at) { return at.value_or(Instant{}); }

void write_airbyte(TextWriter& writer, const FleetPicture& fleet) {
  if (fleet.airbyte) {
    writer.family(family::airbyte_info);
    const std::string_view version = fleet.airbyte->version;
    writer.integer({{"airbyte_version", version.empty() ? "unknown" : version}}, 1);
  }
  writer.family(family::airbyte_last_poll_success_timestamp_seconds);
  writer.instant({{"poll", "connections"}}, or_zero(fleet.last_connections_poll));
  writer.instant({{"poll", "jobs"}}, or_zero(fleet.last_jobs_poll));
  writer.single(family::airbyte_up, fleet.airbyte_up ? 1 : 0);
}

void write_jobs(TextWriter& writer, const FleetPicture& fleet) {
  auto active = fleet.active_jobs;
  for (const JobStatus status : active_states) {
    for (const JobType type : all_job_types) {
      if (type != JobType::other) active.try_emplace({status, type}, 0);
    }
  }
  writer.family(family::jobs_active);
  for (const auto& [key, count] : active) {
    writer.integer({{"state", state_label(key.first)}, {"job_type", to_string(key.second)}}, count);
  }
  auto oldest = fleet.oldest_active;
  for (const JobStatus status : active_states) oldest.try_emplace(status, Instant{});
  writer.family(family::jobs_oldest_active_start_timestamp_seconds);
  for (const auto& [status, at] : oldest) writer.instant({{"state", state_label(status)}}, at);
}

/// What needs a person, and what a person has stopped.
void write_trouble(TextWriter& writer, const FleetPicture& fleet) {
  writer.single(family::fleet_held, fleet.fleet_held ? 1 : 0);
  writer.family(family::incidents_open);
  for (const Severity severity : all_severities) {
    writer.integer({{"severity", to_string(severity)}},
                   fleet.open_incidents.at(static_cast<std::size_t>(severity)));
  }
  writer.single(family::paused_connections, static_cast<double>(fleet.paused));
  writer.single(family::scheduler_draining, fleet.draining ? 1 : 0);
  writer.family(family::stuck_jobs);
  for (const StuckKind kind : all_stuck_kinds) {
    writer.integer({{"kind", to_string(kind)}}, fleet.stuck.at(static_cast<std::size_t>(kind)));
  }
}

std::size_t waiting_for(const FleetPicture& fleet, WaitCause cause) {
  return fleet.waiting.at(static_cast<std::size_t>(cause));
}

}  // namespace

std::uint32_t ConnectorTally::add(const ConnectionPicture& picture) {
  const ConnectionView& view = *picture.view;
  const std::uint32_t index = pairs_.of(view);
  if (index >= by_status_.size()) by_status_.resize(pairs_.pairs().size());
  const auto status = std::min<std::size_t>(static_cast<std::size_t>(view.status), 4);
  ++by_status_[index][status];
  const auto& pair = pairs_.pairs()[index];
  // Distinct actors are told apart by a 64-bit hash: copies of 20,000 ids would cost more than the whole
  // scrape.
  const std::hash<std::string_view> hash;
  sources_.emplace_back(pair.source_ordinal, hash(view.source.id.text));
  destinations_.emplace_back(pair.destination_ordinal, hash(view.destination.id.text));
  return index;
}

void ConnectorTally::write_actors(TextWriter& writer, bool sources, std::vector<ActorKey>& actors) const {
  if (actors.empty()) return;
  std::sort(actors.begin(), actors.end());
  actors.erase(std::unique(actors.begin(), actors.end()), actors.end());
  writer.family(sources ? family::sources : family::destinations);
  std::vector<std::pair<std::string_view, std::uint64_t>> counts;
  for (const auto& [ordinal, hash] : actors) {
    const std::string_view name = pairs_.connectors()[ordinal];
    if (counts.empty() || counts.back().first != name) counts.emplace_back(name, 0);
    ++counts.back().second;
  }
  std::sort(counts.begin(), counts.end());
  for (const auto& [name, count] : counts) {
    writer.integer({{sources ? "source_connector" : "destination_connector", name}}, count);
  }
}

void ConnectorTally::write(TextWriter& writer) {
  if (!by_status_.empty()) {
    by_status_.resize(pairs_.pairs().size());
    writer.family(family::connections);
    for (const std::uint32_t index : pairs_.ordered()) {
      const auto& counts = by_status_[index];
      if (std::all_of(counts.begin(), counts.end(), [](std::uint32_t n) { return n == 0; })) continue;
      const auto& pair = pairs_.pairs()[index];
      for (std::size_t status = 0; status < counts.size(); ++status) {
        const bool known = status < all_connection_statuses.size();
        if (!known && counts[status] == 0) continue;
        writer.integer({{"source_connector", pair.source},
                        {"destination_connector", pair.destination},
                        {"status", known ? to_string(all_connection_statuses[status]) : "other"}},
                       counts[status]);
      }
    }
  }
  write_actors(writer, true, sources_);
  write_actors(writer, false, destinations_);
}

void write_fleet(TextWriter& writer, const FleetPicture& fleet) {
  write_airbyte(writer, fleet);
  writer.single(family::connections_failing, static_cast<double>(fleet.failing));
  writer.single(family::connections_never_succeeded, static_cast<double>(fleet.never_succeeded));
  writer.family(family::connections_stale);
  for (const Priority priority : all_priorities) {
    writer.integer({{"priority", to_string(priority)}}, fleet.stale.at(static_cast<std::size_t>(priority)));
  }
  write_jobs(writer, fleet);
  write_trouble(writer, fleet);
  writer.single(family::intents_unresolved, static_cast<double>(fleet.intents_unresolved));
  writer.single(family::intent_oldest_unresolved_timestamp_seconds, or_zero(fleet.oldest_unresolved));
  writer.single(family::scheduler_last_tick_timestamp_seconds, fleet.last_pass);
  writer.single(family::scheduler_leader, 1);
  writer.single(family::scheduler_queue_length, static_cast<double>(waiting_for(fleet, WaitCause::slot)));
  writer.single(family::scheduler_slots, static_cast<double>(fleet.slots));
  writer.single(family::scheduler_slots_in_use, static_cast<double>(fleet.slots_in_use));
  writer.family(family::ticks_waiting);
  for (const WaitCause cause : all_wait_causes) {
    writer.integer({{"cause", to_string(cause)}}, waiting_for(fleet, cause));
  }
}

}  // namespace syncwarden::observe
