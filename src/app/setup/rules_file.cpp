#include "app/setup/rules_file.hpp"

#include "app/flags.hpp"
#include "base/text.hpp"
#include "settings/settings.hpp"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

namespace syncwarden::app {

namespace json = boost::json;

namespace {

/// JSON's values are YAML's, so each member of a rule goes on one line.
std::string rule_of(const std::string& id, const std::string& name, const JsonText& rule) {
  std::string text = fmt::format("  - match: {{id: {}}}  # {}\n", id, printable(name));
  boost::system::error_code failed;
  const json::value value = json::parse(rule.text, failed);
  if (failed || !value.is_object()) return text;
  for (const auto& member : value.get_object())
    text += fmt::format("    {}: {}\n", std::string(member.key()), json::serialize(member.value()));
  return text;
}

}  // namespace

bool rules_are_good(const provision::Pipeline& pipeline, const settings::PlainDocument& document) {
  bool good = true;
  for (const auto& connection : pipeline.connections) {
    if (connection.rule.empty()) continue;
    const std::string text = "airbyte: {url: \"http://localhost\"}\nconnections:\n" +
                             rule_of("5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6", "", connection.rule);
    settings::LoadOptions options;
    options.environment = environment;
    const auto loaded = settings::load_text(text, "syncwarden", options);
    for (const auto& problem : loaded.problems) {
      fmt::print(stderr, "error: {}: {}{}\n", document.where(connection.pointer + "/syncwarden"),
                 problem.message, problem.hint.empty() ? "" : " (" + problem.hint + ")");
      good = false;
    }
  }
  return good;
}

std::string rules_text(const provision::Pipeline& pipeline, const std::vector<ConnectionEntry>& connections) {
  std::string text;
  for (const auto& wanted : pipeline.connections) {
    if (wanted.rule.empty()) continue;
    for (const auto& connection : connections) {
      const bool meant = wanted.id.empty() ? connection.name == wanted.name : connection.id.text == wanted.id;
      if (meant) text += rule_of(connection.id.text.str(), connection.name, wanted.rule);
    }
  }
  return text.empty() ? text : "connections:\n" + text;
}

bool write_whole(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out) {
      (void)report(
          {Errc::file_unwritable,
           fmt::format("cannot write {}: {}", printable(beside, 300), std::generic_category().message(errno)),
           {},
           {}});
      (void)std::remove(beside.c_str());
      return false;
    }
  }
  if (std::rename(beside.c_str(), path.c_str()) == 0) return true;
  (void)report(
      {Errc::file_unwritable,
       fmt::format("cannot write {}: {}", printable(path, 300), std::generic_category().message(errno)),
       {},
       {}});
  (void)std::remove(beside.c_str());
  return false;
}

int write_rules(const std::string& path, const std::string& text) {
  if (!write_whole(path, text)) return exit_failed;
  fmt::print("wrote {}; `include: {}` in syncwarden's configuration takes it in\n", printable(path, 300),
             printable(path, 300));
  return exit_done;
}

}  // namespace syncwarden::app
