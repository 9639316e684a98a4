// The page at "/": what a person who opens it in the morning asks.
#pragma once

#include "admin/impl/api.hpp"

namespace syncwarden::admin {

/// HTML without script and without anything from outside; it loads itself again every quarter of a minute.
[[nodiscard]] Answer status_page(SourcesPtr sources);

}  // namespace syncwarden::admin
