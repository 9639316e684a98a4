// The standard process_* families, read from /proc/self when asked.
#pragma once

#include "base/time.hpp"

namespace syncwarden::observe {

class TextWriter;

/// Leaves out what cannot be read. The start time is passed in: /proc/stat's boot time is hidden from
/// sandboxed services.
void write_process(TextWriter& writer, Instant started);

}  // namespace syncwarden::observe
