// A connector's configuration against the connector's own JSON Schema. Pure. Values are never part of a
// message: they may be secret.
#pragma once

#include "model/administration.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace syncwarden::provision {

/// Something wrong at a place of a JSON document.
struct Fault {
  std::string pointer;  ///< JSON pointer: "/tunnel_method/tunnel_port"; empty: the whole
  std::string message;
  std::string hint;

  bool operator==(const Fault&) const = default;
};

struct Fitted {
  JsonText configuration;  ///< with what was brought in turned into the types that the schema wants
  std::vector<Fault> faults;
  std::vector<Fault> warnings;  ///< keys that the schema does not know
};

/// `brought`: by pointer, texts from the environment or from files, which are numbers and booleans where the
/// schema wants such.
[[nodiscard]] Fitted fit(const JsonText& configuration, const std::map<std::string, std::string>& brought,
                         const JsonText& schema);

/// With "<secret>" for what the schema calls secret, what was brought in, and what is named like a secret.
/// Secrets that Airbyte masked stay as they are.
[[nodiscard]] JsonText masked(const JsonText& configuration, const JsonText& schema,
                              const std::map<std::string, std::string>& brought = {});

/// A field that differs. Values as JSON; "<secret>" for secrets.
struct Difference {
  std::string pointer;
  std::string before;  ///< empty: it was not there
  std::string after;   ///< empty: it will not be there

  bool operator==(const Difference&) const = default;
};

/// What is wanted otherwise than it is. Secrets that Airbyte masks are no difference; nor is a member that is
/// not wanted and has the schema's default.
[[nodiscard]] std::vector<Difference> differences(const JsonText& wanted, const JsonText& existing,
                                                  const JsonText& schema);

}  // namespace syncwarden::provision
