// What is generated from the declared keys: files for editors and for people.
#pragma once

#include <string>

namespace syncwarden::settings {

/// JSON Schema (draft 7) of a configuration file: config/syncwarden.schema.json.
[[nodiscard]] std::string json_schema();

/// Every key with its meaning and its default: config/syncwarden.yaml. It loads, and changes nothing.
[[nodiscard]] std::string commented_example();

}  // namespace syncwarden::settings
