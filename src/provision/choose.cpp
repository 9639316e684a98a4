#include "provision/choose.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace syncwarden::provision {
namespace {

constexpr std::size_t most_shown = 10;

/// "orders → lake" as a keyboard writes it.
std::string typed(std::string_view name) {
  constexpr std::string_view arrow = "\xE2\x86\x92";
  std::string out;
  while (!name.empty()) {
    if (name.substr(0, arrow.size()) == arrow) {
      out += "->";
      name.remove_prefix(arrow.size());
    } else {
      out += name.front();
      name.remove_prefix(1);
    }
  }
  return out;
}

std::string shown(const std::vector<const Candidate*>& candidates) {
  std::string text;
  for (std::size_t i = 0; i < candidates.size() && i < most_shown; ++i) {
    const Candidate& one = *candidates[i];
    text += fmt::format("\n  {}  {}{}{}", printable(one.id), printable(one.name),
                        one.detail.empty() ? "" : "  ", printable(one.detail));
  }
  if (candidates.size() > most_shown) text += fmt::format("\n  and {} more", candidates.size() - most_shown);
  return text;
}

Error usage(std::string message, std::string hint) {
  return {Errc::usage, std::move(message), {}, std::move(hint)};
}

}  // namespace

Result<std::size_t> choose(std::string_view kind, std::string_view meant, const std::vector<Candidate>& among,
                           std::string_view list) {
  std::vector<const Candidate*> found;
  const std::string wanted = typed(meant);
  for (const Candidate& one : among) {
    if (one.id == meant) return static_cast<std::size_t>(&one - among.data());
    if (typed(one.name) == wanted) found.push_back(&one);
  }
  if (found.size() == 1) return static_cast<std::size_t>(found.front() - among.data());
  if (found.size() > 1) {
    return usage(fmt::format("\"{}\" means several {}s:{}", printable(meant), kind, shown(found)),
                 "give the id of one");
  }
  std::vector<std::string_view> names;
  names.reserve(among.size());
  for (const Candidate& one : among) names.emplace_back(one.name);
  const auto near = nearest(meant, names);
  return usage(fmt::format("there is no {} \"{}\"", kind, printable(meant)),
               near ? fmt::format("did you mean \"{}\"? `{}` lists all", printable(*near), list)
                    : fmt::format("`{}` lists them", list));
}

Result<std::size_t> choose_only(std::string_view kind, const std::vector<Candidate>& among,
                                std::string_view flag) {
  if (among.size() == 1) return std::size_t{0};
  if (among.empty()) return usage(fmt::format("there is no {}", kind), "do the credentials see any?");
  std::vector<const Candidate*> all;
  all.reserve(among.size());
  for (const Candidate& one : among) all.push_back(&one);
  return usage(fmt::format("there are several {}s:{}", kind, shown(all)),
               fmt::format("name one with {}", flag));
}

}  // namespace syncwarden::provision
