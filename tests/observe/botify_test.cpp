// The names of botify's airbyte_exporter, line by line.
#include "exposition.hpp"
#include "fake_view.hpp"
#include "observe/metrics.hpp"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace syncwarden::observe {
namespace {

using testing::FakeView;
using ::testing::IsEmpty;
using testing::parse_exposition;

const Now noon{Instant(Millis(1'767'268'800'000)), Mono{Millis(5'000)}};

JobView job(JobStatus status, JobType type = JobType::sync) {
  JobView view;
  view.id = JobId{41};
  view.type = type;
  view.status = status;
  return view;
}

/// The lines of one exporter's names, without comments.
std::string botify_lines(const std::string& text) {
  std::string out;
  std::stringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("airbyte_")) out += line + "\n";
  }
  return out;
}

TEST(BotifyCompat, ShowsWhatTheExporterShows) {
  Metrics metrics(MetricsOptions{});
  FakeView view;
  view.add(1);
  view.add(2).view.status = ConnectionStatus::inactive;
  auto& busy = view.add(3, "mysql", "s3");
  busy.view.schedule = AirbyteSchedule::manual;
  const JobView pending = job(JobStatus::pending);
  const JobView running = job(JobStatus::running, JobType::reset);
  const JobView queued = job(JobStatus::queued);
  busy.picture.running_since = noon.wall;
  busy.picture.jobs = {{&pending, {}, {}, {}, {}}, {&running, {}, {}, {}, {}}, {&queued, {}, {}, {}, {}}};
  for (const auto status : {JobStatus::succeeded, JobStatus::succeeded, JobStatus::failed}) {
    metrics.apply(fact::JobEnded{job(status), busy.view, {}, {}});
  }
  EXPECT_EQ(botify_lines(metrics.render(view, noon)), "") << "off unless asked for";
  metrics.configure(ConnectionDetail::basic, 20'000, true);
  const std::string text = metrics.render(view, noon);
  EXPECT_THAT(parse_exposition(text).faults, IsEmpty());
  const std::string mysql = R"(destination_connector="s3",source_connector="mysql",schedule_type="manual")";
  const std::string postgres =
      R"(destination_connector="snowflake",source_connector="postgres",schedule_type="cron")";
  EXPECT_EQ(botify_lines(text),
            "airbyte_connections{" + mysql + ",status=\"active\"} 1\n" +                             //
                "airbyte_connections{" + postgres + ",status=\"active\"} 1\n" +                      //
                "airbyte_connections{" + postgres + ",status=\"inactive\"} 1\n" +                    //
                "airbyte_jobs_completed_total{" + mysql + ",type=\"sync\",status=\"failed\"} 1\n" +  //
                "airbyte_jobs_completed_total{" + mysql + ",type=\"sync\",status=\"succeeded\"} 2\n" +
                "airbyte_jobs_pending{" + mysql + ",type=\"sync\"} 1\n" + "airbyte_jobs_running{" + mysql +
                ",type=\"reset\"} 1\n");
}

}  // namespace
}  // namespace syncwarden::observe
