#include "model/exchange.hpp"

#include "model/words.hpp"

namespace syncwarden {
namespace {

using model::word_of;
using model::Words;

constexpr Words<fact::RecoveryAction, 6> actions{{{fact::RecoveryAction::cancel, "cancel"},
                                                  {fact::RecoveryAction::rerun, "rerun"},
                                                  {fact::RecoveryAction::breaker_open, "breaker_open"},
                                                  {fact::RecoveryAction::breaker_probe, "breaker_probe"},
                                                  {fact::RecoveryAction::breaker_close, "breaker_close"},
                                                  {fact::RecoveryAction::pause, "pause"}}};
constexpr Words<fact::RecoveryResult, 5> results{{{fact::RecoveryResult::asked, "asked"},
                                                  {fact::RecoveryResult::done, "done"},
                                                  {fact::RecoveryResult::refused, "refused"},
                                                  {fact::RecoveryResult::timed_out, "timed_out"},
                                                  {fact::RecoveryResult::not_needed, "not_needed"}}};
constexpr Words<fact::IncidentChange, 5> changes{{{fact::IncidentChange::opened, "opened"},
                                                  {fact::IncidentChange::reopened, "reopened"},
                                                  {fact::IncidentChange::updated, "updated"},
                                                  {fact::IncidentChange::acknowledged, "acknowledged"},
                                                  {fact::IncidentChange::closed, "closed"}}};

}  // namespace

std::string_view to_string(fact::RecoveryAction action) { return word_of(actions, action); }
std::string_view to_string(fact::RecoveryResult result) { return word_of(results, result); }
std::string_view to_string(fact::IncidentChange change) { return word_of(changes, change); }

}  // namespace syncwarden
