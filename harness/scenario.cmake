# seam_scenario: loads, checks and unrolls scenarios. The table of verbs (step.c) needs the steps and what they run on, so
# whoever links it brings those.
add_library(seam_scenario STATIC
  address.c arena.c data.c expression.c format_keys.c inside.c json_place.c names.c pattern.c scenario_cut.c scenario_data.c
  scenario_errors.c scenario_include.c scenario_load.c scenario_names.c scenario_print.c scenario_print_data.c
  scenario_print_expression.c scenario_print_paths.c scenario_print_steps.c scenario_print_values.c scenario_programs.c scenario_states.c
  scenario_steps.c scenario_streams.c scenario_sweep.c scenario_top.c scenario_unroll.c scenario_values.c schema.c schema_kinds.c signal_names.c source.c step.c
  step_args.c suggest.c text.c)
target_link_libraries(seam_scenario PUBLIC seam_values seam_core PkgConfig::JANSSON PkgConfig::PCRE2)

foreach(test json_place suggest text scenario scenario_values scenario_mutation scenario_print scenario_print_names)
  seam_unit_test(${test}_test ${test}_test.c LIBS seam_scenario)
endforeach()
if(BUILD_TESTING)
  target_compile_definitions(scenario_mutation_test PRIVATE
                             SCENARIO_FILES="${PROJECT_SOURCE_DIR}/tests/scenario/valid")
  target_compile_definitions(scenario_print_test PRIVATE SCENARIO_TREE="${PROJECT_SOURCE_DIR}")
endif()
