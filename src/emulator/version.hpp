// Which Airbyte the emulator plays: its version decides which rules of the reference hold.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace syncwarden::emulator {

/// "2.0.0" as numbers; anything after a '-' is ignored, missing parts are zero.
struct Version {
  int major_part = 2;
  int minor_part = 0;
  int patch_part = 0;

  auto operator<=>(const Version&) const = default;

  [[nodiscard]] static Version parse(std::string_view text);
  [[nodiscard]] std::string text() const;
};

/// The differences between releases that a client can see. Each is one row of a table in the reference.
struct Rules {
  explicit Rules(Version version);

  bool instance_configuration;  ///< absent at 0.40
  bool lists_workspaces;        ///< workspaces/list: gone since 1.7
  bool job_filters;             ///< jobs/list honours statuses and ranges; list_for_workspaces exists
  bool config_id_required;      ///< jobs/list needs configId
  bool offset_rounded;          ///< jobs/list rounds rowOffset down to a page boundary (0.64.2)
  bool single_status_filter;    ///< jobs/list still knows `status` beside `statuses`
  bool queued_status;           ///< the job status `queued` exists (2.1)
  bool replies_with_id;         ///< the Public API answers a sync once a job id exists (after 2.0)
  bool cancels_queued;          ///< a cancel reaches a job that waits for capacity (after 2.0)
  bool checks_active;           ///< syncing an inactive connection fails (not at 0.40)
  bool scheduled_jobs_only;     ///< Airbyte's `basic` schedule ignores manual jobs (1.4)
  bool back_off;                ///< retries back off (not at 0.40: three attempts at once)
  bool stream_statuses;         ///< stream_statuses/list, attempt/get_combined_stats and the like (0.50)
  bool rate_limited_streams;    ///< stream statuses know RATE_LIMITED (1.0)
  bool structured_logs;         ///< logs are events, no lines (taken to be 1.4)
  bool clears;                  ///< connections/clear, config types `refresh` and `clear` (1.0)
  bool public_api;              ///< from 0.50
  bool error_ids_only;          ///< most errors are {"errorId"} (2.0)
  bool stack_traces;            ///< errors carry the Java stack (before 1.0)
  bool locked_status;           ///< connection status `locked` and statusReason (2.1)
  int disable_after_failures;   ///< 100, 20, then 30
  int disable_after_days;       ///< 14, then 7
  bool disable_needs_both;      ///< "or" before 1.3, "and" since
};

}  // namespace syncwarden::emulator
