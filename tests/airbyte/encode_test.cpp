#include "airbyte/codec.hpp"

#include <gtest/gtest.h>

namespace syncwarden::airbyte {
namespace {

TEST(Encode, JobQueriesOfEveryAge) {
  JobQuery query;
  query.connection = ConnectionId("c-1");
  query.statuses = {JobStatus::running};
  query.single_status = true;
  query.only_old_types = true;
  query.page_size = 20;
  query.offset = 40;
  EXPECT_EQ(job_query_body(query),
            R"({"configTypes":["sync","reset_connection"],"configId":"c-1","status":"running",)"
            R"("pagination":{"pageSize":20,"rowOffset":40}})");
  query.workspaces = {WorkspaceId("w 1"), WorkspaceId("w-2")};
  query.updated_since = parse_rfc3339("2026-11-22T08:00:00Z");
  query.order = JobQuery::Order::oldest_updated;
  EXPECT_EQ(job_query_target(query),
            "/jobs?limit=20&offset=40&workspaceIds=w%201&workspaceIds=w-2&connectionId=c-1&status=running"
            "&updatedAtStart=2026-11-22T08%3A00%3A00Z&orderBy=updatedAt%7CASC");
  EXPECT_EQ(job_query_target(JobQuery()), "/jobs?limit=200&offset=0&orderBy=createdAt%7CDESC");
}

TEST(Encode, SmallBodies) {
  EXPECT_EQ(trigger_body(Api::config, ConnectionId("c\"1")), R"({"connectionId":"c\"1"})");
  EXPECT_EQ(trigger_body(Api::public_api, ConnectionId("c")), R"({"connectionId":"c","jobType":"sync"})");
  EXPECT_EQ(set_manual_body(Api::config, ConnectionId("c")),
            R"({"connectionId":"c","scheduleType":"manual"})");
  EXPECT_EQ(set_manual_body(Api::public_api, ConnectionId("c")), R"({"schedule":{"scheduleType":"manual"}})");
  EXPECT_EQ(job_id_body(JobId{9223372036854775807}), R"({"id":9223372036854775807})");
  EXPECT_EQ(token_body(Api::config, "i", "s"), R"({"client_id":"i","client_secret":"s"})");
  EXPECT_EQ(token_body(Api::public_api, "i", "s"),
            R"({"client_id":"i","client_secret":"s","grant-type":"client_credentials"})");
}

}  // namespace
}  // namespace syncwarden::airbyte
