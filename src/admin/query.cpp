#include "admin/impl/query.hpp"

#include "base/text.hpp"
#include "http/message.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace syncwarden::admin {
namespace {

Error wrong(std::string message, std::string hint = {}) {
  return {Errc::usage, std::move(message), "", std::move(hint)};
}

}  // namespace

Result<Query> Query::parse(std::string_view text, std::span<const std::string_view> known) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = http::decode_query_component(pair.substr(0, equals));
    const auto value = http::decode_query_component(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return wrong("the query is badly encoded", "encode % as %25");
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      const auto near = nearest(*name, known);
      return wrong(fmt::format("there is no parameter \"{}\" here", printable(*name)),
                   near ? fmt::format("did you mean \"{}\"?", *near)
                        : fmt::format("known here: {}",
                                      known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
    }
    if (!query.values_.emplace(*name, *value).second) return wrong(fmt::format("{} is given twice", *name));
  }
  return query;
}

std::optional<std::string> Query::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Result<std::size_t> Query::count(const std::string& name, std::size_t otherwise, std::size_t most) const {
  const auto given = text(name);
  if (!given) return otherwise;
  const auto number = whole_number(*given);
  if (!number || *number < 1 || *number > most) {
    return wrong(fmt::format("{} must be a whole number from 1 to {}", name, most));
  }
  return static_cast<std::size_t>(*number);
}

Result<std::optional<Instant>> Query::instant(const std::string& name) const {
  const auto given = text(name);
  if (!given) return std::optional<Instant>();
  const auto at = parse_rfc3339(*given);
  if (!at) {
    return wrong(fmt::format("{}: \"{}\" is no instant", name, printable(*given)),
                 "write RFC 3339, such as 2026-11-26T02:00:00Z; encode + as %2B");
  }
  return std::optional<Instant>(*at);
}

Result<std::vector<std::string>> path_segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    std::string raw;
    for (const char c : path.substr(0, end)) {
      if (c == '+') {
        raw += "%2B";
      } else {
        raw += c;
      }
    }
    auto decoded = http::decode_query_component(raw);
    if (!decoded) return wrong("the path is badly encoded", "encode % as %25 and / in a name as %2F");
    segments.push_back(*std::move(decoded));
    if (end == path.size()) break;
    path.remove_prefix(end + 1);
    if (path.empty()) segments.emplace_back();
  }
  return segments;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace syncwarden::admin
