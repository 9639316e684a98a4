// How often each rule and each fault fired: what never fired was not tested, whatever the verdict says.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::simulation {

class Coverage {
 public:
  void count(std::string_view kind, std::string_view what, std::uint64_t times = 1);
  void add(const Coverage& other);
  [[nodiscard]] std::uint64_t of(const std::string& kind, const std::string& what) const;
  /// Everything that must fire in a full run and has not: "tick missed/down".
  [[nodiscard]] std::vector<std::string> missing() const;
  [[nodiscard]] std::string table() const;

 private:
  std::map<std::pair<std::string, std::string>, std::uint64_t, std::less<>> counts_;
};

}  // namespace syncwarden::simulation
