// syncwarden's own rules for connections that are named by id: what apply and adopt leave behind.
#pragma once

#include "model/administration.hpp"
#include "provision/pipeline.hpp"
#include "settings/plain_document.hpp"

#include <string>
#include <vector>

namespace syncwarden::app {

/// Whether the rules in a pipeline's file would be good ones; prints what is wrong with them.
[[nodiscard]] bool rules_are_good(const provision::Pipeline& pipeline,
                                  const settings::PlainDocument& document);
/// "connections:" with a rule for each connection that has one; empty where none has.
[[nodiscard]] std::string rules_text(const provision::Pipeline& pipeline,
                                     const std::vector<ConnectionEntry>& connections);
/// Writes a file whole or not at all; the exit status.
[[nodiscard]] int write_rules(const std::string& path, const std::string& text);
/// The same without words; false after an error, which is printed.
[[nodiscard]] bool write_whole(const std::string& path, const std::string& text);

}  // namespace syncwarden::app
