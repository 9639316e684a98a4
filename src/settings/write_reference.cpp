// settings_reference FOLDER: writes the files that are generated from the declared keys.
#include "settings/reference.hpp"

#include <fstream>
#include <iostream>
#include <string>

namespace {

bool write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.flush();
  if (!out) std::cerr << "cannot write " << path << '\n';
  return static_cast<bool>(out);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: settings_reference FOLDER\n";
    return 2;
  }
  const std::string folder = argv[1];  // NOLINT(cppcoreguidelines-pro-bounds-pointer-arithmetic)
  const bool example = write(folder + "/syncwarden.yaml", syncwarden::settings::commented_example());
  const bool schema = write(folder + "/syncwarden.schema.json", syncwarden::settings::json_schema());
  return example && schema ? 0 : 1;
}
