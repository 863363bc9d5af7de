/*
 * sanitizer - finds what AddressSanitizer and its siblings said about a program, to be quoted.
 *
 * Knows no process: it reads text that somebody else collected, and log files in a folder. The programs write
 * logs there when they are started with the environment of sanitizer_environment(). Formats: compiler-rt and
 * libsanitizer as of clang 14 and gcc 12.
 */
#ifndef SEAM_HARNESS_WORLD_SANITIZER_H
#define SEAM_HARNESS_WORLD_SANITIZER_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SANITIZER_KIND_BYTES_MAX = 128,
    SANITIZER_QUOTE_BYTES_MAX = 1024,
    SANITIZER_LOG_BYTES_MAX = 1 << 20, /* of one log file; what follows is not read */
    SANITIZER_VARIABLES = 5,           /* ASAN_OPTIONS, LSAN_, MSAN_, TSAN_, UBSAN_ */
};

struct sanitizer_report {
    char kind[SANITIZER_KIND_BYTES_MAX];   /* "AddressSanitizer: heap-buffer-overflow" */
    char quote[SANITIZER_QUOTE_BYTES_MAX]; /* the line that names the error, the first frame, the summary */
};

/* Looks for the first report in text. Fills *report and returns true if there is one. */
bool sanitizer_find_in_text(const char *text, size_t text_bytes, struct sanitizer_report *report);

/*
 * Looks through the log files "sanitizer.*" in folder (in the order of their names) for the first report.
 * Returns 1 with *report filled, 0 when there is none, -1 with errno when the folder cannot be read.
 */
int sanitizer_find_in_folder(const char *folder, struct sanitizer_report *report);

/*
 * Variables to put in a program's environment so that its reports go to log files in folder:
 * "ASAN_OPTIONS=..." and so on, NULL after the last. What envp (NULL-terminated) has in a variable is kept in
 * front; a log_path there is the user's wish and wins: that variable is passed on as it is. Returns 0, or -1
 * when out of memory. Free with sanitizer_environment_free.
 */
int sanitizer_environment(const char *folder, const char *const *envp,
                          char *variables[SANITIZER_VARIABLES + 1]);
void sanitizer_environment_free(char *variables[SANITIZER_VARIABLES + 1]);

#endif
