// `include`: several files become one tree.
#pragma once

#include "settings/impl/document.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::settings {

/// The tree of `text` with everything that it includes: lists are joined (the including file first, then its
/// includes in the order given, the matches of one pattern in alphabetical order), mappings are merged, any
/// other key may stand in one file only. Variables are expanded. `files` receives every file that was read.
[[nodiscard]] Node load_tree(std::string_view text, const std::string& name, const Environment& environment,
                             Problems& problems, std::vector<std::string>& files);

}  // namespace syncwarden::settings
