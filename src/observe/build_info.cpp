#include "observe/build_info.hpp"

#ifndef SYNCWARDEN_VERSION
#define SYNCWARDEN_VERSION "0.0.0"
#endif
#ifndef SYNCWARDEN_REVISION
#define SYNCWARDEN_REVISION "unknown"
#endif
#ifndef SYNCWARDEN_BRANCH
#define SYNCWARDEN_BRANCH "unknown"
#endif

namespace syncwarden::observe {

BuildInfo current_build() {
#if defined(__clang__)
  std::string compiler = "clang " __clang_version__;
#else
  std::string compiler = "gcc " __VERSION__;
#endif
  return {SYNCWARDEN_VERSION, SYNCWARDEN_REVISION, SYNCWARDEN_BRANCH, std::move(compiler)};
}

}  // namespace syncwarden::observe
