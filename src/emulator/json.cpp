#include "emulator/impl/json.hpp"

#include <iterator>

namespace syncwarden::emulator {

void Json::quote(std::string_view text) {
  text_ += '"';
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    text_.append(text, done, i - done);
    done = i + 1;
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += text[i];
    } else if (c == '\n') {
      text_ += "\\n";
    } else {
      fmt::format_to(std::back_inserter(text_), "\\u{:04x}", c);
    }
  }
  text_.append(text, done, text.size() - done);
  text_ += '"';
}

}  // namespace syncwarden::emulator
