# What seam prints about itself besides help: completions and man pages. Included by cli.cmake.

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/commands/shells.def shell_lines REGEX "^SHELL\\(")
list(TRANSFORM shell_lines REPLACE "SHELL\\(([a-z]+)\\)" "\\1" OUTPUT_VARIABLE shells)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/commands/shells.def)
foreach(shell ${shells})
  set(engine ${CMAKE_CURRENT_LIST_DIR}/commands/shells/engine.${shell})
  set(made ${CMAKE_CURRENT_BINARY_DIR}/completion_engine_${shell}.c)
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${CMAKE_COMMAND} -D OUT=${made} -D NAME=completion_engine_${shell} -D PARTS=${engine} -P
            ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${engine} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  target_sources(seam_command_line PRIVATE ${CMAKE_CURRENT_LIST_DIR}/commands/completion_${shell}.c ${made})
endforeach()

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/commands/man_pages.def page_lines REGEX "^MAN_PAGE\\(")
list(TRANSFORM page_lines REPLACE "MAN_PAGE\\(([a-z]+),.*" "${CMAKE_CURRENT_LIST_DIR}/commands/man_\\1.c" OUTPUT_VARIABLE page_sources)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/commands/man_pages.def)
set_source_files_properties(${page_sources} PROPERTIES COMPILE_DEFINITIONS SEAM_VERSION="${PROJECT_VERSION}")

target_sources(seam_command_line PRIVATE ${CMAKE_CURRENT_LIST_DIR}/commands/words.c ${page_sources})
target_link_libraries(seam_command_line PUBLIC seam_roff)
