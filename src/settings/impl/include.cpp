#include "settings/impl/include.hpp"

#include "base/text.hpp"
#include "settings/impl/files.hpp"
#include "settings/impl/read.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <glob.h>

namespace syncwarden::settings {
namespace {

constexpr std::size_t max_files = 1'000;

std::string identity_of(const std::string& path) {
  std::error_code failed;
  const auto canonical = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : canonical.string();
}

bool is_pattern(std::string_view path) { return path.find_first_of("*?[") != std::string_view::npos; }

std::vector<std::string> matches_of(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::sort(paths.begin(), paths.end());
  return paths;
}

class Loader {
 public:
  Loader(const Environment& environment, Problems& problems, std::vector<std::string>& files)
      : environment_(environment), problems_(problems), files_(files) {}

  Node tree(std::string_view text, const std::string& name) {
    const auto file = std::make_shared<const std::string>(name);
    files_.push_back(name);
    open_.push_back(identity_of(name));
    Node root = parse_document(text, file, problems_);
    expand(root, environment_, problems_);
    const auto include = std::find_if(root.members.begin(), root.members.end(),
                                      [](const Node::Member& member) { return member.name == "include"; });
    if (include != root.members.end()) {
      const Node list = include->value;
      root.members.erase(include);
      root.kind = Node::Kind::mapping;
      add_includes(root, list);
    }
    open_.pop_back();
    return root;
  }

 private:
  void add_includes(Node& root, const Node& list) {
    if (list.kind == Node::Kind::scalar) return add_include(root, list);
    if (list.kind == Node::Kind::null) return;
    if (list.kind != Node::Kind::sequence) {
      problems_.add(list.place, "include: a mapping stands where a path or a list of paths belongs");
      return;
    }
    for (const Node& item : list.items) {
      if (item.kind == Node::Kind::scalar) {
        add_include(root, item);
      } else {
        problems_.add(item.place, fmt::format("include: {} stands where a path belongs", kind_of(item)));
      }
    }
  }

  void add_include(Node& root, const Node& item) {
    if (item.broken) return;
    if (item.text.empty() || item.text.find('\0') != std::string::npos) {
      problems_.add(item.place, "include: a path is empty or holds a zero byte");
      return;
    }
    const std::string path = resolved_path(item.text, item.place);
    if (!is_pattern(path)) return add_file(root, path, item);
    const auto paths = matches_of(path);
    if (paths.empty()) problems_.warn(item.place, fmt::format("include: no file matches {}", shown(item)));
    for (const std::string& match : paths) add_file(root, match, item);
  }

  void add_file(Node& root, const std::string& path, const Node& item) {
    const Place& from = item.place;
    if (std::find(open_.begin(), open_.end(), identity_of(path)) != open_.end()) {
      problems_.add(from, fmt::format("include: {} includes itself", shown(item)),
                    "a file may not be reached from itself");
      return;
    }
    if (files_.size() >= max_files) {
      if (files_.size() == max_files)
        problems_.add(from, fmt::format("include: more than {} files", max_files));
      return;
    }
    const auto text = read_file(path, max_file_bytes, item.text == item.written ? "" : item.written);
    if (!text.has_value()) {
      problems_.add(from, fmt::format("include: {}", text.error().message));
      return;
    }
    Node more = tree(*text, path);
    join(root, std::move(more), "");
  }

  void join(Node& into, Node&& more, const std::string& path) {
    for (auto& member : more.members) {
      Node::Member* present = into.member(member.name);
      const std::string name = path + printable(member.name, 60);
      if (present == nullptr) {
        into.members.push_back(std::move(member));
      } else if (present->value.kind == Node::Kind::null) {
        present->value = std::move(member.value);
      } else if (member.value.kind == Node::Kind::null) {
        continue;
      } else if (present->value.kind == Node::Kind::sequence && member.value.kind == Node::Kind::sequence) {
        auto& items = present->value.items;
        std::move(member.value.items.begin(), member.value.items.end(), std::back_inserter(items));
      } else if (present->value.kind == Node::Kind::mapping && member.value.kind == Node::Kind::mapping) {
        join(present->value, std::move(member.value), name + ".");
      } else {
        problems_.add(member.place,
                      fmt::format("{}: {} gives it already, in line {}", name,
                                  printable(*present->place.file, 300), present->place.line),
                      "a key may stand in one file only");
      }
    }
  }

  const Environment& environment_;
  Problems& problems_;
  std::vector<std::string>& files_;
  std::vector<std::string> open_;
};

}  // namespace

Node load_tree(std::string_view text, const std::string& name, const Environment& environment,
               Problems& problems, std::vector<std::string>& files) {
  return Loader(environment, problems, files).tree(text, name);
}

}  // namespace syncwarden::settings
