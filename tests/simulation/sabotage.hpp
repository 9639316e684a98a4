// Breaks syncwarden on purpose, one promise at a time: whoever trusts the oracles wants to see each of them
// cry.
#pragma once

#include "forecast/engine.hpp"

#include <array>
#include <cstdint>
#include <ostream>
#include <string_view>

namespace syncwarden::simulation {

enum class Sabotage : std::uint8_t {
  request_before_commit,  ///< effects do not wait for the disk
  forget_intents,         ///< the disk never hears of them
  ignore_baseline,        ///< after a restart any job passes for the effect of a request
  no_settle,              ///< an unclear request is given up at once
  forget_ticks,           ///< every tenth outcome is not written
  decide_again,           ///< a tick's outcome is written twice, differently
  unread_cancel,          ///< a job is cancelled without being read again
  cancel_healthy,         ///< a job that runs well is cancelled
  cancel_blind,           ///< a job is cancelled when a poll has failed
  ignore_limits,          ///< the core is told of none
  answer_twice,           ///< a command gets a second answer
  never_let_go,           ///< a run is never finished on the disk
  unseeded_chance,        ///< something does not come from the seed
  open_incidents,         ///< an incident is never closed on the disk
  blind_to_stuck,         ///< no incident about a stuck job is ever written
  page_per_connection,    ///< while Airbyte is away, each sync opens an incident of its own
};

struct SabotageOf {
  Sabotage what;
  std::string_view name;
  std::string_view oracle;  ///< that must see it

  friend std::ostream& operator<<(std::ostream& out, const SabotageOf& sabotage) {
    return out << sabotage.name;
  }
};

inline constexpr std::array all_sabotage{
    SabotageOf{Sabotage::request_before_commit, "request_before_commit", "no_effect_before_its_commit"},
    SabotageOf{Sabotage::forget_intents, "forget_intents", "no_effect_before_its_commit"},
    SabotageOf{Sabotage::ignore_baseline, "ignore_baseline", "a_run_takes_no_job_older_than_its_baseline"},
    SabotageOf{Sabotage::no_settle, "no_settle", "one_job_per_start"},
    SabotageOf{Sabotage::forget_ticks, "forget_ticks", "every_due_tick_has_one_outcome"},
    SabotageOf{Sabotage::decide_again, "decide_again", "a_tick_is_decided_once"},
    SabotageOf{Sabotage::unread_cancel, "unread_cancel", "a_cancel_hits_what_it_was_meant_for"},
    SabotageOf{Sabotage::cancel_healthy, "cancel_healthy", "no_healthy_or_foreign_job_is_cancelled"},
    SabotageOf{Sabotage::cancel_blind, "cancel_blind", "no_cancel_without_sight"},
    SabotageOf{Sabotage::ignore_limits, "ignore_limits", "limits_are_kept"},
    SabotageOf{Sabotage::answer_twice, "answer_twice", "every_command_is_answered_once"},
    SabotageOf{Sabotage::never_let_go, "never_let_go", "everything_settles"},
    SabotageOf{Sabotage::unseeded_chance, "unseeded_chance", "the_same_seed_plays_the_same_world"},
    SabotageOf{Sabotage::open_incidents, "open_incidents", "every_incident_is_closed"},
    SabotageOf{Sabotage::blind_to_stuck, "blind_to_stuck", "every_stuck_job_is_found"},
    SabotageOf{Sabotage::page_per_connection, "page_per_connection", "one_incident_while_airbyte_is_away"}};

void apply(Sabotage sabotage, forecast::Setup& setup);

}  // namespace syncwarden::simulation
