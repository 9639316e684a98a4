#include "model/connection.hpp"
#include "model/job.hpp"
#include "model/run.hpp"

#include <gtest/gtest.h>

namespace syncwarden {
namespace {

TEST(Words, KnownWordsSurviveTheWayThereAndBack) {
  for (const auto status : all_job_statuses) EXPECT_EQ(job_status_from(to_string(status)), status);
  for (const auto type : all_job_types) EXPECT_EQ(job_type_from(to_string(type)), type);
  for (const auto origin : all_failure_origins) EXPECT_EQ(failure_origin_from(to_string(origin)), origin);
  for (const auto type : all_failure_types) EXPECT_EQ(failure_type_from(to_string(type)), type);
  for (const auto failure : all_failure_classes) EXPECT_EQ(failure_class_from(to_string(failure)), failure);
  for (const auto& [outcome, reason] : all_tick_results) {
    EXPECT_EQ(tick_outcome_from(to_string(outcome)), outcome);
    EXPECT_EQ(tick_reason_from(to_string(reason)), reason);
  }
}

TEST(Words, NewWordsOfAirbyteAreUnknownAndNeverTerminal) {
  EXPECT_EQ(job_status_from("hibernating"), JobStatus::unknown);
  EXPECT_FALSE(is_terminal(job_status_from("hibernating")));
  EXPECT_EQ(job_type_from("teleport"), JobType::other);
  EXPECT_EQ(failure_origin_from("moon"), FailureOrigin::other);
  EXPECT_EQ(connection_status_from("sleepy"), ConnectionStatus::unknown);
}

TEST(Words, CaseAndBothApisNamesAreAccepted) {
  EXPECT_EQ(job_status_from("RUNNING"), JobStatus::running);
  EXPECT_EQ(job_type_from("reset_connection"), JobType::reset);
}

TEST(Classify, TakesTheFirstFailureThatNamesAClass) {
  EXPECT_EQ(classify({}), FailureClass::unknown);
  EXPECT_EQ(classify({{FailureOrigin::source, FailureType::unknown, ""},
                      {FailureOrigin::source, FailureType::config_error, ""}}),
            FailureClass::config);
  EXPECT_EQ(classify({{FailureOrigin::source, FailureType::heartbeat_timeout, ""}}),
            FailureClass::source_timeout);
}

TEST(RunIdentity, SameTickSameIdOtherTickOtherId) {
  const ScheduleId schedule{"c/0"};
  EXPECT_EQ(make_run_id(schedule, Instant{Millis{5}}), make_run_id(schedule, Instant{Millis{5}}));
  EXPECT_NE(make_run_id(schedule, Instant{Millis{5}}), make_run_id(schedule, Instant{Millis{6}}));
  EXPECT_NE(make_run_id(schedule, Instant{Millis{5}}), make_run_id(ScheduleId{"c/1"}, Instant{Millis{5}}));
}

}  // namespace
}  // namespace syncwarden
