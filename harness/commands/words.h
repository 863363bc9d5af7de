/*
 * words - what the values of options and operands may be, where they are words: for those who read the
 * command line, and for completions. Each list ends with NULL.
 */
#ifndef SEAM_HARNESS_COMMANDS_WORDS_H
#define SEAM_HARNESS_COMMANDS_WORDS_H

extern const char *const words_color[], *const words_evidence[], *const words_line_end[], *const words_play[];
extern const char *const words_report[];                        /* FORMAT of FORMAT=PATH */
extern const char *const words_export[], *const words_import[]; /* formats, kinds */
extern const char *const words_target[];                        /* Seam's own; there may be others */
extern const char *const words_command[], *const words_verb[];
extern const char *const words_page[], *const words_shell[];

/* The index of a word, or -1. */
int word_find(const char *const *words, const char *text);

#endif
