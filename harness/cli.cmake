# The command line: sources of `seam` that this list owns, and their tests. Included by harness/CMakeLists.txt.

# The values of the middle: no sockets, no printing.
add_library(seam_values STATIC
    ${CMAKE_CURRENT_LIST_DIR}/result.c
    ${CMAKE_CURRENT_LIST_DIR}/segmentation.c
    ${CMAKE_CURRENT_LIST_DIR}/transcript.c
    ${CMAKE_CURRENT_LIST_DIR}/transcript_print.c)
target_link_libraries(seam_values PUBLIC seam_core PkgConfig::JANSSON)
foreach(test result segmentation transcript)
  seam_unit_test(${test}_test ${CMAKE_CURRENT_LIST_DIR}/${test}_test.c LIBS seam_values)
endforeach()
