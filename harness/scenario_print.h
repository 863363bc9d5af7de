/*
 * scenario_print - a scenario in memory, written down again as one file that stands alone.
 *
 * The script is walked as a run would walk it. What is known before a run (vars, rows, --define, counters,
 * what includes hand over) is printed as its value, so the printed file has no includes, tables, repeats or
 * variables; what only a run knows (captures, ports, private folders) is printed as ${...}. The printed file
 * loads again and does the same. Its text is meant for people: it is the reproduction of a finding.
 *
 * Not printed: xfail, cut, tags, sweep and $schema, which are the caller's to add; programs that no printed
 * step and no printed text names; what is written at a `repeat` or an `include` itself.
 *
 * Limits: a capture keeps its name, so captures of several parts may share one only as long as each use means
 * the last of them; a variable that an include makes of a capture is put in where it is used, as long as the
 * capture is still the same. What can't be said in one file is an error, never printed wrong.
 */
#ifndef SEAM_HARNESS_SCENARIO_PRINT_H
#define SEAM_HARNESS_SCENARIO_PRINT_H

#include <jansson.h>

#include "harness/scenario.h"

#define SCENARIO_PRINT_FILE_BYTES_MAX ((size_t)4096) /* longer files stay {"file": ...} */
enum { SCENARIO_PRINT_RUN_BYTES_MIN = 64 };          /* so many equal bytes are written with "times" */

/*
 * folder: the absolute folder in which the file will stand; paths are written relative to it. It need not
 * exist yet. The scenario is borrowed during the call; its script, steps and connections may be a changed
 * copy.
 *
 * Answers an object that the caller owns (json_decref), or NULL with error filled: its place is that of the
 * step, as far as that has one. "out of memory" only says that of the JSON: the printer's own memory is an
 * arena.
 */
json_t *scenario_print(const struct scenario *scenario, const char *folder, struct seam_error *error);

/*
 * The text of it, laid out as the scenarios of the repository: one line per key, program and step, more for a
 * long program; `programs` and `steps` last, whatever was added behind them. Ends with a newline;
 * the caller frees it. NULL: out of memory.
 */
char *scenario_print_text(const json_t *json);

/*
 * The data that stands for these bytes, as a person would write it: a string when they are text that can be
 * seen (with \n, \r, \t), {"bytes": ...} when not, {"text" or "bytes", "times"} for long runs of one byte, a
 * list of these when mixed. The caller owns it; NULL: out of memory.
 */
json_t *scenario_print_bytes(const void *data, size_t length);

#endif
