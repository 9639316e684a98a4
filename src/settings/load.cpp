#include "base/text.hpp"
#include "settings/impl/assemble.hpp"
#include "settings/impl/files.hpp"
#include "settings/impl/include.hpp"
#include "settings/impl/read.hpp"
#include "settings/settings.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace syncwarden::settings {
namespace {

/// Puts the value of a flag into the tree, making the sections on its way.
void apply(Node& root, const Override& flag, Problems& problems) {
  const auto& [path, text] = flag;
  const Place place{std::make_shared<const std::string>("--" + path), 0, 0};
  Node* node = &root;
  std::string_view rest = path;
  while (true) {
    if (node->kind != Node::Kind::mapping) {
      if (node->kind != Node::Kind::null)
        return problems.add(place, "the file has a value where the flag needs a section");
      node->kind = Node::Kind::mapping;
      if (!node->place.file) node->place = place;
    }
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    Node::Member* member = node->member(name);
    if (member == nullptr) {
      node->members.push_back({std::string(name), place, Node{}});
      member = &node->members.back();
      member->value.place = place;
    }
    if (dot == std::string_view::npos) {
      member->place = place;
      member->value = Node{};
      member->value.kind = Node::Kind::scalar;
      member->value.place = place;
      member->value.text = text;
      member->value.written = text;
      return;
    }
    node = &member->value;
    rest.remove_prefix(dot + 1);
  }
}

Loaded load(std::string_view text, const std::string& name, const LoadOptions& options) {
  Problems problems;
  std::vector<std::string> files;
  Node tree = load_tree(text, name, options.environment, problems, files);
  Loaded loaded;
  // After a syntax error nothing below is what the user wrote: more messages would only mislead.
  const bool readable = tree.place.file != nullptr;
  if (readable) {
    for (const Override& flag : options.overrides) apply(tree, flag, problems);
    const Reading reading{options.environment, problems};
    const Section root = read_section(tree, root_shape(), "", tree.place, reading);
    Settings settings = assemble(root, reading);
    settings.files = std::move(files);
    if (!problems.any()) loaded.settings = std::move(settings);
  }
  problems.hand_over(loaded);
  return loaded;
}

}  // namespace

std::string_view to_string(ConnectionDetail detail) {
  switch (detail) {
    case ConnectionDetail::off:
      return "off";
    case ConnectionDetail::full:
      return "full";
    case ConnectionDetail::basic:
      break;
  }
  return "basic";
}

std::string to_string(const Problem& problem) {
  std::string out = printable(problem.file, 300);
  if (problem.line > 0) out += fmt::format(":{}:{}", problem.line, problem.column);
  if (!out.empty()) out += ": ";
  out += problem.message;
  if (!problem.hint.empty()) out += "; " + problem.hint;
  return out;
}

Loaded load_file(const std::string& path, const LoadOptions& options) {
  const auto text = read_file(path, max_file_bytes);
  if (text.has_value()) return load(*text, path, options);
  Loaded loaded;
  loaded.problems.push_back({path, 0, 0, text.error().message, "--config.file names the configuration"});
  return loaded;
}

Loaded load_text(std::string_view text, const std::string& name, const LoadOptions& options) {
  return load(text, name, options);
}

Settings observing(AirbyteTarget target) {
  Settings settings;
  Plan plan;
  plan.trigger_timeout = target.trigger_timeout;
  plan.cancel_timeout = target.cancel_timeout;
  plan.trigger_lanes = target.trigger_lanes;
  plan.settle = std::max<Millis>(plan.settle, target.trigger_timeout + std::chrono::seconds{61});
  if (is_cloud(target.url)) {
    target.requests_per_second = std::min(target.requests_per_second, 1.0);
    if (target.requests_per_second == 0) target.requests_per_second = 1;
    plan.poll = {std::chrono::seconds{10}, std::chrono::minutes{2}};
  }
  plan.airbyte_ui = default_ui(target.url);
  settings.airbyte = std::move(target);
  settings.plan = std::make_shared<const Plan>(std::move(plan));
  return settings;
}

}  // namespace syncwarden::settings
