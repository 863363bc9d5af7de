# Man pages and completions: the built programs print them into man/ of the build folder, and they are installed from there.
# Programs that are built for another machine can't be asked here, and those with sanitizers die at random on some (CONTRIBUTING.md):
# then nothing is made and nothing installed.

include(GNUInstallDirs)
if(SEAM_SANITIZE OR (CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR))
  message(STATUS "man pages and completions are left out: the programs might not run here")
  return()
endif()

# seam_printed(FILE DESTINATION PROGRAM ARGUMENT...): FILE is what the program prints; where it is installed.
set(printed_files)
function(seam_printed file destination program)
  set(made ${PROJECT_BINARY_DIR}/man/${file})
  # To a file of another name first: what a program printed before it failed must not be taken for done.
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${program} ${ARGN} > ${made}.part
    COMMAND ${CMAKE_COMMAND} -E rename ${made}.part ${made}
    DEPENDS ${program}
    VERBATIM)
  install(FILES ${made} DESTINATION ${destination} COMPONENT man)
  set(printed_files ${printed_files} ${made} PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man)
seam_printed(seam.1 ${CMAKE_INSTALL_MANDIR}/man1 seam help --man seam)
seam_printed(seam-scenario.5 ${CMAKE_INSTALL_MANDIR}/man5 seam help --man seam-scenario)
seam_printed(chat-server.1 ${CMAKE_INSTALL_MANDIR}/man1 chat-server --man)
seam_printed(chat-client.1 ${CMAKE_INSTALL_MANDIR}/man1 chat-client --man)
seam_printed(seam ${CMAKE_INSTALL_DATADIR}/bash-completion/completions seam completion bash)
seam_printed(scenario.schema.json ${CMAKE_INSTALL_DATADIR}/seam seam schema)
seam_printed(_seam ${CMAKE_INSTALL_DATADIR}/zsh/site-functions seam completion zsh)
add_custom_target(man ALL DEPENDS ${printed_files})
