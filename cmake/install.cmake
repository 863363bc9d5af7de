# What is installed beside man pages and completions (man.cmake) and the fuzz layer (fuzz/): programs and documents; how
# others find the layer, from CMake and from pkg-config; and the Debian package.
#
# All of it can be moved: what is found is relative to where it stands.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(TARGETS seam chat-server chat-client RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING PATTERN "*.md" PATTERN "*.svg")
install(FILES harness/reports/ndjson.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/seam)

# find_package(Seam) gives Seam::fuzz and Seam::fuzz_driver.
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Seam)
install(EXPORT SeamTargets NAMESPACE Seam:: FILE SeamConfig.cmake DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/SeamConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/SeamConfigVersion.cmake DESTINATION ${package_folder})

# pkg-config --cflags --libs seam-fuzz
file(RELATIVE_PATH prefix_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/seam-fuzz.pc @ONLY CONTENT [[prefix=${pcfiledir}/@prefix_from_pc@
includedir=${prefix}/@CMAKE_INSTALL_INCLUDEDIR@
libdir=${prefix}/@CMAKE_INSTALL_LIBDIR@

Name: seam-fuzz
Description: cut-aware fuzzing of incremental parsers, <seam/fuzz.h>
Version: @PROJECT_VERSION@
Cflags: -I${includedir}
Libs: -L${libdir} -lseam_fuzz
]])
install(FILES ${PROJECT_BINARY_DIR}/seam-fuzz.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# cpack: a Debian package.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME seam)
set(CPACK_PACKAGE_CONTACT "Seam contributors <seam@example.invalid>")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "A runner of scenarios for programs that speak over a byte stream:
every write is split or joined where the scenario says, and the kernel is
asked whether the program's reads fell there.")
find_program(SEAM_SHLIBDEPS dpkg-shlibdeps)
mark_as_advanced(SEAM_SHLIBDEPS)
if(SEAM_SHLIBDEPS)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
else() # of Debian 12
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.36), libjansson4 (>= 2.14), libpcre2-8-0 (>= 10.42), libpcap0.8 (>= 1.10)")
endif()
include(CPack)
