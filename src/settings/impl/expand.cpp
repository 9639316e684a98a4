#include "settings/impl/document.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

bool is_name(std::string_view text) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), fits);
}

/// What stands between "${" and "}": appended to `out` in its expanded form.
void expand_variable(std::string_view inside, std::string& out, const Place& place,
                     const Environment& environment, Problems& problems) {
  const std::size_t colon = inside.find(":-");
  const std::string_view name = inside.substr(0, colon);
  if (!is_name(name)) {
    // Not shown: a password may contain "${".
    problems.add(place, "${...} holds no variable's name",
                 "write ${NAME}, and $${ for the characters themselves");
    return;
  }
  const std::optional<std::string> value = environment ? environment(name) : std::nullopt;
  if (value && !(value->empty() && colon != std::string_view::npos)) {
    out += *value;
  } else if (colon != std::string_view::npos) {
    out += inside.substr(colon + 2);
  } else {
    problems.add(place, fmt::format("the environment variable {} is not set", name),
                 fmt::format("set it, or write ${{{}:-default}}", name));
  }
}

std::string expanded(const Node& node, const Environment& environment, Problems& problems) {
  std::string_view rest = node.text;
  std::string out;
  while (!rest.empty()) {
    const std::size_t dollar = std::min(rest.find('$'), rest.size());
    out += rest.substr(0, dollar);
    rest.remove_prefix(dollar);
    if (rest.substr(0, 2) == "$$") {
      out += '$';
      rest.remove_prefix(2);
    } else if (rest.substr(0, 2) == "${") {
      const std::size_t end = rest.find('}');
      if (end == std::string_view::npos) {
        problems.add(node.place, "${ without its closing brace", "$$ is a dollar");
        return out;
      }
      expand_variable(rest.substr(2, end - 2), out, node.place, environment, problems);
      rest.remove_prefix(end + 1);
    } else if (!rest.empty()) {
      out += '$';
      rest.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

void expand(Node& node, const Environment& environment, Problems& problems) {
  if (node.kind == Node::Kind::scalar && node.text.find('$') != std::string::npos) {
    const std::size_t before = problems.count();
    node.text = expanded(node, environment, problems);
    node.broken = problems.count() > before;
  }
  for (Node& item : node.items) expand(item, environment, problems);
  for (auto& member : node.members) expand(member.value, environment, problems);
}

}  // namespace syncwarden::settings
