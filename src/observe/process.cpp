#include "observe/impl/process.hpp"

#include "observe/impl/text_writer.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

namespace syncwarden::observe {
namespace {

struct Stat {
  double cpu_seconds = 0;
  double threads = 0;
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

std::string read_small(const char* path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "re"), &std::fclose);
  if (!file) return {};
  std::array<char, 4096> buffer{};
  const std::size_t length = std::fread(buffer.data(), 1, buffer.size(), file.get());
  return {buffer.data(), length};
}

/// proc(5): the command name in parentheses may hold anything, so fields are counted from the last ')'.
std::optional<Stat> read_stat() {
  const std::string text = read_small("/proc/self/stat");
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  std::vector<std::uint64_t> fields;
  std::string_view rest = std::string_view(text).substr(end_of_name + 1);
  while (!rest.empty()) {
    const std::size_t start = rest.find_first_not_of(" \n");
    if (start == std::string_view::npos) break;
    rest.remove_prefix(start);
    const std::string_view word = rest.substr(0, rest.find_first_of(" \n"));
    std::uint64_t value = 0;  // the state letter and negative numbers stay 0: none of them is asked for
    std::from_chars(word.data(), word.data() + word.size(), value);
    fields.push_back(value);
    rest.remove_prefix(word.size());
  }
  // fields[0] is proc(5)'s field 3
  constexpr std::size_t utime = 14 - 3;
  constexpr std::size_t stime = 15 - 3;
  constexpr std::size_t num_threads = 20 - 3;
  constexpr std::size_t vsize = 23 - 3;
  constexpr std::size_t rss = 24 - 3;
  if (fields.size() <= rss) return std::nullopt;
  Stat stat;
  const auto per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  stat.cpu_seconds = static_cast<double>(fields[utime] + fields[stime]) / per_second;
  stat.threads = static_cast<double>(fields[num_threads]);
  stat.virtual_bytes = static_cast<double>(fields[vsize]);
  stat.resident_bytes = static_cast<double>(fields[rss]) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  return stat;
}

std::optional<double> count_open_files() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
  if (!folder) return std::nullopt;
  double count = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count - 1;  // the folder itself
}

}  // namespace

void write_process(TextWriter& writer, Instant started) {
  const auto stat = read_stat();
  if (stat) writer.single(family::process_cpu_seconds_total, stat->cpu_seconds);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    writer.single(family::process_max_fds, static_cast<double>(files.rlim_cur));
  }
  if (const auto open = count_open_files()) writer.single(family::process_open_fds, *open);
  if (stat) writer.single(family::process_resident_memory_bytes, stat->resident_bytes);
  writer.single(family::process_start_time_seconds, started);
  if (stat) {
    writer.single(family::process_threads, stat->threads);
    writer.single(family::process_virtual_memory_bytes, stat->virtual_bytes);
  }
}

}  // namespace syncwarden::observe
