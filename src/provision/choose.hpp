// Names where ids are meant. Pure.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::provision {

/// Something that can be meant.
struct Candidate {
  std::string id;
  std::string name;
  std::string detail;  ///< what tells two of the same name apart
};

/// The position of the one that is meant: by its id, else by its name (an arrow may be typed "->"). None and
/// several are errors of usage: near names, or the candidates with their ids. `kind`: "source"; `list`: the
/// command that lists them.
[[nodiscard]] Result<std::size_t> choose(std::string_view kind, std::string_view meant,
                                         const std::vector<Candidate>& among, std::string_view list);

/// The one that there is, where nothing was said; several are an error that asks for `flag`.
[[nodiscard]] Result<std::size_t> choose_only(std::string_view kind, const std::vector<Candidate>& among,
                                              std::string_view flag);

}  // namespace syncwarden::provision
