#include "app/commands/commands.hpp"
#include "app/flags.hpp"
#include "calendar/next_command.hpp"
#include "runtime/clock.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace syncwarden::app {
namespace {

struct Next {
  std::vector<std::string> words;
  std::string timezone = "UTC";
  std::string from;
  int count = 5;
  std::string dst = "safe";
  bool json = false;

  [[nodiscard]] int batch(const calendar::NextDefaults& defaults) const {
    std::ios::sync_with_stdio(false);
    std::string line, out;
    while (std::getline(std::cin, line)) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      out += calendar::answer_line(line, defaults, json);
      out += '\n';
      if (out.size() > 60'000) {
        std::fwrite(out.data(), 1, out.size(), stdout);
        out.clear();
      }
    }
    std::fwrite(out.data(), 1, out.size(), stdout);
    return std::fflush(stdout) == 0 ? exit_done : exit_failed;
  }

  [[nodiscard]] int table(const std::string& expression, const calendar::NextDefaults& defaults) const {
    if (json) {
      const auto line = calendar::answer_line(expression, defaults, true);
      fmt::print("{}\n", line);
      return line.find("\"error\"") == std::string::npos ? exit_done : exit_usage;
    }
    const auto table = calendar::next_table(expression, defaults);
    if (!table) return report(table.error());
    for (const auto& warning : table->warnings) fmt::print(stderr, "warning: {}\n", warning);
    if (table->rows.empty()) fmt::print("NONE\n");
    std::size_t width = 0;
    for (const auto& row : table->rows) width = std::max(width, row.local.size());
    for (const auto& row : table->rows) {
      fmt::print("{:<{}}  {}{}{}\n", row.local, width, row.utc, row.mark.empty() ? "" : "  ", row.mark);
    }
    return exit_done;
  }

  int operator()() const {
    calendar::NextDefaults defaults;
    defaults.timezone = timezone;
    defaults.count = count;
    defaults.dst = dst == "quartz" ? calendar::DstPolicy::quartz
                   : dst == "skip" ? calendar::DstPolicy::skip
                                   : calendar::DstPolicy::safe;
    defaults.from = runtime::read_clock().wall;
    if (!from.empty()) {
      const auto given = parse_rfc3339(from);
      if (!given) {
        return report({Errc::usage, fmt::format("\"{}\" is no instant", from), "--from",
                       "write RFC 3339, such as 2026-03-29T00:00:00Z"});
      }
      defaults.from = *given;
    }
    if (words.size() == 1 && words.front() == "-") return batch(defaults);
    std::string expression;  // an unquoted expression is put together again
    for (const auto& word : words) expression += (expression.empty() ? "" : " ") + word;
    return table(expression, defaults);
  }
};

}  // namespace

void add_next(CLI::App& app, Chosen& chosen) {
  auto* command = app.add_subcommand("next", "the coming instants of a cron or `every` expression");
  command->footer(
      "syncwarden next '0 0/15 9-17 ? * MON-FRI' --timezone Europe/Berlin --count 5\n"
      "syncwarden next 'every 90m phase 10m'\n"
      "`next -` reads lines expression<TAB>zone<TAB>from and answers each with one line of instants, NONE or "
      "INVALID: "
      "reason.");
  auto next = std::make_shared<Next>();
  command->add_option("expression", next->words, "cron (5, 6 or 7 fields), @hourly ..., every DURATION, or -")
      ->required();
  command->add_option("--timezone", next->timezone, "IANA name")->capture_default_str();
  command->add_option("--from", next->from, "strictly after this instant (RFC 3339); default: now");
  command->add_option("--count", next->count, "how many")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--dst", next->dst, "safe, quartz or skip")
      ->check(CLI::IsMember({"safe", "quartz", "skip"}))
      ->capture_default_str();
  command->add_flag("--json", next->json, "objects instead of lines");
  command->callback([next, &chosen] { chosen = [next] { return (*next)(); }; });
}

}  // namespace syncwarden::app
