/*
 * svg - lines, arrows and texts of a chart as SVG, and how wide texts are in a font of one width.
 *
 * Knows nothing of runs. Texts are UTF-8; what XML can't hold is written as its bytes, \xef\xbf\xbe. Lengths
 * are pixels. Classes are those of svg_begin's style sheet.
 */
#ifndef SEAM_HARNESS_EXCHANGE_SVG_H
#define SEAM_HARNESS_EXCHANGE_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "src/bytes.h"

enum { SVG_COLUMN = 72 /* tenths of a pixel: the width of a character of 12 pixels */ };

struct svg {
    struct bytes *out;
    bool full; /* something did not fit into out */
};

void svg_begin(struct svg *svg, struct bytes *out, int width, int height, const char *title);
void svg_end(struct svg *svg);
void svg_raw(struct svg *svg, const char *format, ...) __attribute__((format(printf, 2, 3)));
void svg_escaped(struct svg *svg, const char *text, size_t length);
enum svg_anchor { SVG_LEFT, SVG_RIGHT, SVG_MIDDLE };
void svg_text(struct svg *svg, const char *class, enum svg_anchor anchor, int x, int y, const char *text,
              size_t length);
void svg_line(struct svg *svg, const char *class, int x1, int y1, int x2, int y2);
/* A level arrow with its head at x2. */
void svg_arrow(struct svg *svg, const char *class, const char *head_class, int x1, int x2, int y);
void svg_cross(struct svg *svg, int x, int y);
void svg_scissors(struct svg *svg, int x, int y);

/* Columns that a visible text takes; wide characters take two. */
size_t svg_columns(const char *text, size_t length);
int svg_width(size_t columns);
/* The bytes of a line that takes at most so many columns, broken at a blank where there is one; 0 only of "".
 */
size_t svg_line_length(const char *text, size_t columns);
/* Bytes, visible and in quotes, in at most so many columns (20 or more): the middle of what is long is left
 * out, `"first" … "last"`. */
void svg_append_bytes(struct bytes *out, const void *data, size_t length, size_t columns);
/* A visible text, the end left out: `first …`. */
void svg_append_cut(struct bytes *out, const char *text, size_t columns);

#endif
