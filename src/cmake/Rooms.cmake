# A room is a folder under src/ with one static library, warden_<room>; its tests live in tests/<room>.
include(GoogleTest OPTIONAL)

add_library(warden_warnings INTERFACE)
target_compile_options(warden_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  # Designated initialisers leave out what keeps its default on purpose.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wtsan: Asio's fences under -fsanitize=thread; nothing that we could change.
  target_compile_options(warden_warnings INTERFACE -Wno-tsan -Wno-error=restrict)
endif()

# warden_room(NAME SOURCES file... [DEPENDS target...])
function(warden_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(warden_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(warden_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(warden_${name} PUBLIC ${ROOM_DEPENDS} PRIVATE warden_warnings)
endfunction()

# The tests of rooms that own threads; CI runs them under ThreadSanitizer.
add_custom_target(threaded_tests)

# warden_test(NAME SOURCES file... [DEPENDS target...] [LABELS label] [TIMEOUT seconds])
# The label `threaded` (the default of store and observe) has ThreadSanitizer look at the test too.
function(warden_test name)
  cmake_parse_arguments(T "" "TIMEOUT;LABELS" "SOURCES;DEPENDS" ${ARGN})
  if(NOT SYNCWARDEN_TESTS)
    return()
  endif()
  add_executable(test_${name} ${T_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${T_DEPENDS} warden_warnings GTest::gmock GTest::gtest_main)
  target_compile_definitions(test_${name} PRIVATE SYNCWARDEN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  if(NOT T_LABELS AND name MATCHES "^(store|observe)")
    set(T_LABELS threaded)
  endif()
  if(T_LABELS STREQUAL "threaded")
    add_dependencies(threaded_tests test_${name})
  endif()
  set(properties TIMEOUT ${T_TIMEOUT})
  if(T_LABELS)
    list(APPEND properties LABELS "${T_LABELS}")
  endif()
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
endfunction()

# warden_fuzzer(NAME SOURCES file... [DEPENDS target...]): a libFuzzer target, or with gcc a replayer of its corpus.
function(warden_fuzzer name)
  cmake_parse_arguments(F "" "" "SOURCES;DEPENDS" ${ARGN})
  if(SYNCWARDEN_FUZZERS)
    add_executable(fuzz_${name} ${F_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE ${F_DEPENDS} warden_warnings -fsanitize=fuzzer)
  endif()
endfunction()

# warden_bench(NAME SOURCES file... [DEPENDS target...])
function(warden_bench name)
  cmake_parse_arguments(B "" "" "SOURCES;DEPENDS" ${ARGN})
  if(SYNCWARDEN_BENCHES)
    add_executable(bench_${name} ${B_SOURCES})
    target_link_libraries(bench_${name} PRIVATE ${B_DEPENDS} warden_warnings)
  endif()
endfunction()
