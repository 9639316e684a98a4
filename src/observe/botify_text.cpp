#include "observe/impl/botify_text.hpp"

#include "observe/catalogue.hpp"
#include "observe/impl/connector_pairs.hpp"
#include "observe/impl/text_writer.hpp"

#include <string_view>

namespace syncwarden::observe {

void BotifyText::count(const JobView& job, const ConnectionView& connection) {
  ++completed_[{pairs_.of(connection), connection.schedule, {job.type, job.status}}];
}

void BotifyText::write(TextWriter& writer, const ReadView& view) {
  Tally<ConnectionStatus> connections;
  Tally<JobType> pending;
  Tally<JobType> running;
  view.for_each_connection([&](const ConnectionPicture& picture) {
    const std::uint32_t pair = pairs_.of(*picture.view);
    const AirbyteSchedule schedule = picture.view->schedule;
    ++connections[{pair, schedule, picture.view->status}];
    if (!picture.running_since) return;
    // Its jobs stand in the picture of the one connection.
    view.with_connection(picture.view->id, [&](const ConnectionPicture& one) {
      for (const JobPicture& job : one.jobs) {
        if (job.view->status == JobStatus::pending) ++pending[{pair, schedule, job.view->type}];
        if (job.view->status == JobStatus::running) ++running[{pair, schedule, job.view->type}];
      }
    });
  });
  const auto& pairs = pairs_.pairs();
  if (!connections.empty()) writer.family(family::botify_connections);
  for (const auto& [key, count] : connections) {
    const auto& [pair, schedule, status] = key;
    writer.integer({{"destination_connector", pairs[pair].destination},
                    {"source_connector", pairs[pair].source},
                    {"schedule_type", to_string(schedule)},
                    {"status", to_string(status)}},
                   count);
  }
  if (!completed_.empty()) writer.family(family::botify_jobs_completed_total);
  for (const auto& [key, count] : completed_) {
    const auto& [pair, schedule, what] = key;
    writer.integer({{"destination_connector", pairs[pair].destination},
                    {"source_connector", pairs[pair].source},
                    {"schedule_type", to_string(schedule)},
                    {"type", to_string(what.first)},
                    {"status", to_string(what.second)}},
                   count);
  }
  const auto active = [&](const Family& family, const Tally<JobType>& tally) {
    if (!tally.empty()) writer.family(family);
    for (const auto& [key, count] : tally) {
      const auto& [pair, schedule, type] = key;
      writer.integer({{"destination_connector", pairs[pair].destination},
                      {"source_connector", pairs[pair].source},
                      {"schedule_type", to_string(schedule)},
                      {"type", to_string(type)}},
                     count);
    }
  };
  active(family::botify_jobs_pending, pending);
  active(family::botify_jobs_running, running);
}

}  // namespace syncwarden::observe
