# The command line: sources of `seam` that this list owns, and their tests. Included by harness/CMakeLists.txt.

# The values of the middle: no sockets, no printing.
add_library(seam_values STATIC
    ${CMAKE_CURRENT_LIST_DIR}/result.c
    ${CMAKE_CURRENT_LIST_DIR}/segmentation.c
    ${CMAKE_CURRENT_LIST_DIR}/segmentation_value.c
    ${CMAKE_CURRENT_LIST_DIR}/transcript.c
    ${CMAKE_CURRENT_LIST_DIR}/transcript_print.c
    ${CMAKE_CURRENT_LIST_DIR}/xml.c)
target_link_libraries(seam_values PUBLIC seam_core PkgConfig::JANSSON)
foreach(test result segmentation segmentation_value transcript)
  seam_unit_test(${test}_test ${CMAKE_CURRENT_LIST_DIR}/${test}_test.c LIBS seam_values)
endforeach()

# One file per report, named in reports.def.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/reports/reports.def report_lines REGEX "^REPORT\\(")
list(TRANSFORM report_lines REPLACE "REPORT\\(([a-z]+)\\).*" "${CMAKE_CURRENT_LIST_DIR}/reports/\\1.c" OUTPUT_VARIABLE report_sources)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/reports/reports.def)
foreach(part page.css page.js) # of the HTML report
  string(REPLACE "." "_" name html_${part})
  add_custom_command(
    OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.c
    COMMAND ${CMAKE_COMMAND} -D OUT=${CMAKE_CURRENT_BINARY_DIR}/${name}.c -D NAME=${name}
            -D PARTS=${CMAKE_CURRENT_LIST_DIR}/reports/html/${part} -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/reports/html/${part} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    COMMENT "Writing ${name}.c")
  list(APPEND report_sources ${CMAKE_CURRENT_BINARY_DIR}/${name}.c)
endforeach()
list(APPEND report_sources ${CMAKE_CURRENT_LIST_DIR}/reports/html_parts.c)
add_library(seam_reports STATIC ${CMAKE_CURRENT_LIST_DIR}/reports/report.c ${report_sources})
target_link_libraries(seam_reports PUBLIC seam_values)

# What `seam import` and `seam export` exchange.
add_subdirectory(exchange)

# What `seam record` relays with.
add_subdirectory(record)

# One file per command, named in commands.def; and what they share.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/commands/commands.def command_lines REGEX "^COMMAND\\(")
list(TRANSFORM command_lines REPLACE "COMMAND\\(([a-z]+),.*" "${CMAKE_CURRENT_LIST_DIR}/commands/\\1.c" OUTPUT_VARIABLE command_sources)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/commands/commands.def)
set(command_line_sources)
foreach(shared charts command diagnose export_runs jobs jobs_worker load option_specs option_values options place progress rewrite rewrite_value run_case select session shell_quote
               sweep_case verify)
  list(APPEND command_line_sources commands/${shared}.c)
endforeach()
list(TRANSFORM command_line_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
add_library(seam_command_line STATIC ${command_line_sources} ${command_sources})
target_link_libraries(seam_command_line PUBLIC seam_reports seam_values PkgConfig::JANSSON PkgConfig::PCRE2)
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/commands/version.c ${CMAKE_CURRENT_LIST_DIR}/commands/run_case.c
                            ${CMAKE_CURRENT_LIST_DIR}/commands/charts.c
                            ${CMAKE_CURRENT_LIST_DIR}/commands/export_runs.c
                            PROPERTIES COMPILE_DEFINITIONS SEAM_VERSION="${PROJECT_VERSION}")
include(${CMAKE_CURRENT_LIST_DIR}/manual.cmake)
seam_unit_test(jobs_test ${CMAKE_CURRENT_LIST_DIR}/commands/jobs_test.c LIBS seam_command_line)

add_executable(seam ${CMAKE_CURRENT_LIST_DIR}/main.c)
if(SEAM_STATIC) # part of the program, not of a library: it must be there before libpcap is looked through
  target_sources(seam PRIVATE ${CMAKE_CURRENT_LIST_DIR}/exchange/pcap_static.c)
endif()
target_link_libraries(seam PRIVATE seam_command_line seam_exchange seam_record seam_sweep seam_runner seam_scenario seam_real)
