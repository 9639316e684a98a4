# Every library the project uses, found once. All of them come from Debian 12.
set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS headers system json url)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(date CONFIG REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)

if(SYNCWARDEN_TESTS OR SYNCWARDEN_FUZZERS)
  find_package(GTest REQUIRED)
endif()
if(SYNCWARDEN_BENCHES)
  find_package(benchmark REQUIRED)
endif()

# Asio as every room uses it: no deprecated names, header-only (separate compilation was measured as no gain).
add_library(warden_asio INTERFACE)
target_link_libraries(warden_asio INTERFACE Boost::headers Boost::system Threads::Threads)
target_compile_definitions(warden_asio INTERFACE BOOST_ASIO_NO_DEPRECATED
  $<$<CONFIG:Debug>:BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING>)
# False positives of gcc 12 inside Asio's and Beast's templates; the pure rooms keep these warnings.
target_compile_options(warden_asio INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete -Wno-null-dereference -Wno-maybe-uninitialized>)
