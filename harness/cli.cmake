# The command line: sources of `seam` that this list owns, and their tests. Included by harness/CMakeLists.txt.

# The values of the middle: no sockets, no printing.
add_library(seam_values STATIC
    ${CMAKE_CURRENT_LIST_DIR}/segmentation.c)
target_link_libraries(seam_values PUBLIC seam_core)
seam_unit_test(segmentation_test ${CMAKE_CURRENT_LIST_DIR}/segmentation_test.c LIBS seam_values)
