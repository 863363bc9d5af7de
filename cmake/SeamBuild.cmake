# How every target of Seam is compiled, and how a unit test is added.

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
                    -Wpointer-arith -Wwrite-strings -fno-common)
if(SEAM_WERROR)
  add_compile_options(-Werror)
endif()
if(SEAM_SANITIZE)
  add_compile_options(-fsanitize=${SEAM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${SEAM_SANITIZE})
endif()
include_directories(${PROJECT_SOURCE_DIR})

find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap)
if(BUILD_TESTING)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
  # Some tests are written in Python; `./dev run` does without. The system's own python3 has the packages that `./dev`
  # installs, another may stand first in PATH. Where there is none, tests that need it must say so and skip (77).
  find_program(SEAM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
  find_program(SEAM_PYTHON python3)
endif()

# seam_unit_test(NAME SOURCE... LIBS lib...): a cmocka program that ctest runs as NAME.
function(seam_unit_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} PkgConfig::CMOCKA)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
