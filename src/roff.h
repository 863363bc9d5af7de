/*
 * roff - writes man pages: man(7) macros, and text in which every character stands for itself.
 *
 * Text is ASCII. Words between backquotes are set in bold, as the texts of tables have them; blanks and
 * newlines separate words, lines are filled. Whether writing worked is for whoever owns the stream to see.
 */
#ifndef SEAM_ROFF_H
#define SEAM_ROFF_H

#include <stdio.h>

struct roff_page {
    const char *name;    /* "chat-server" */
    int section;         /* 1 */
    const char *version; /* "0.1.0" */
    const char *about;   /* one clause, for the NAME section */
};

/* The title, with the date of SOURCE_DATE_EPOCH (seconds since 1970), without one when that is not set; and
 * the NAME section. */
void roff_begin(FILE *out, const struct roff_page *page);

void roff_section(FILE *out, const char *title);
void roff_subsection(FILE *out, const char *title);
void roff_text(FILE *out, const char *text);
/* Begins a paragraph; not the first one of a section. */
void roff_paragraph(FILE *out, const char *text);
/* Begins a paragraph with a line of its own: bold, then (when it is not NULL) argument in italics. roff_text
 * fills it. */
void roff_item(FILE *out, const char *bold, const char *argument);
/* Lines as they are, indented. */
void roff_example(FILE *out, const char *lines);

#endif
