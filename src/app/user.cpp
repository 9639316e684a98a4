#include "app/user.hpp"

#include "base/text.hpp"

#include <vector>

#include <pwd.h>

namespace syncwarden::app {

std::string user_name(std::uint32_t uid) {
  constexpr std::size_t longest_entry = 16 * 1024;
  constexpr std::size_t longest_name = 64;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> text(longest_entry);
  if (::getpwuid_r(uid, &entry, text.data(), text.size(), &found) != 0 || found == nullptr) return {};
  return printable(found->pw_name, longest_name);
}

}  // namespace syncwarden::app
