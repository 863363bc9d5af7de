/* svg - see svg.h. */
#include "harness/exchange/svg.h"

#include "harness/xml.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Pairs of a light and a dark value; variables of CSS are not known to all who draw SVG. */
static const char style[] =
    ".seam-chart text{font:12px ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace;white-space:pre;"
    "direction:ltr;unicode-bidi:bidi-override;fill:#1f2328}"
    ".seam-chart .bg{fill:#fff}.seam-chart text.dim{fill:#656d76}.seam-chart text.small{font-size:10px;"
    "fill:#656d76}"
    ".seam-chart text.title{font-size:16px;font-weight:bold}.seam-chart text.bold{font-weight:bold}"
    ".seam-chart line{stroke-width:1}.seam-chart .life{stroke:#d0d7de}.seam-chart .alive{stroke:#8c959f;"
    "stroke-width:3}.seam-chart .rule{stroke:#eaeef2}"
    ".seam-chart .box{fill:#f6f8fa;stroke:#afb8c1}"
    ".seam-chart .sent{stroke:#0969da;stroke-width:1.6}.seam-chart .paced{stroke-dasharray:7 3}"
    ".seam-chart .unproved{stroke-dasharray:2 3}.seam-chart .undue{stroke-width:1}"
    ".seam-chart .senthead{fill:#0969da}.seam-chart text.sentword{fill:#0969da;font-size:10px}"
    ".seam-chart .got{stroke:#1a7f37;stroke-width:1.6}.seam-chart .gothead{fill:#1a7f37}"
    ".seam-chart .open{stroke:#656d76}.seam-chart .openhead{fill:#656d76}"
    ".seam-chart .cut{stroke:#9a6700;fill:none;stroke-width:1.2}.seam-chart .cutline{stroke:#9a6700;"
    "stroke-dasharray:4 3}.seam-chart text.cutword{fill:#9a6700;font-size:10px}"
    ".seam-chart .bad{stroke:#cf222e;stroke-width:1.8}.seam-chart .badhead{fill:#cf222e}"
    ".seam-chart .badbox{fill:#ffebe9;stroke:#cf222e}.seam-chart text.badword{fill:#a40e26;font-weight:bold}"
    ".seam-chart .goodbox{fill:#dafbe1;stroke:#1a7f37}.seam-chart text.goodword{fill:#116329;"
    "font-weight:bold}"
    ".seam-chart .event{fill:#8250df}.seam-chart .gap{fill:#fff8c5;stroke:#d4a72c;stroke-dasharray:3 3}"
    "@media (prefers-color-scheme:dark){"
    ".seam-chart text{fill:#e6edf3}.seam-chart .bg{fill:#0d1117}.seam-chart text.dim{fill:#8d96a0}"
    ".seam-chart text.small{fill:#8d96a0}.seam-chart .life{stroke:#30363d}.seam-chart .alive{stroke:#6e7681}"
    ".seam-chart .rule{stroke:#21262d}.seam-chart .box{fill:#161b22;stroke:#484f58}"
    ".seam-chart .sent{stroke:#4493f8}.seam-chart .senthead{fill:#4493f8}.seam-chart text.sentword{"
    "fill:#4493f8}"
    ".seam-chart .got{stroke:#3fb950}.seam-chart .gothead{fill:#3fb950}.seam-chart .open{stroke:#8d96a0}"
    ".seam-chart .openhead{fill:#8d96a0}.seam-chart .cut{stroke:#d29922}.seam-chart .cutline{stroke:#d29922}"
    ".seam-chart text.cutword{fill:#d29922}.seam-chart .bad{stroke:#f85149}.seam-chart .badhead{fill:#f85149}"
    ".seam-chart .badbox{fill:#3c1618;stroke:#f85149}.seam-chart text.badword{fill:#ff9492}"
    ".seam-chart .goodbox{fill:#12261e;stroke:#3fb950}.seam-chart text.goodword{fill:#56d364}"
    ".seam-chart .event{fill:#a371f7}.seam-chart .gap{fill:#272115;stroke:#9e6a03}}";

/* --- elements
 * --------------------------------------------------------------------------------------------------- */

void svg_raw(struct svg *svg, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    svg->full |= length < 0 || (size_t)length >= sizeof text || bytes_append_text(svg->out, text) != BYTES_OK;
}

static void put(struct svg *svg, const char *text, size_t length)
{
    svg->full |= bytes_append(svg->out, text, length) != BYTES_OK;
}

void svg_escaped(struct svg *svg, const char *text, size_t length)
{
    svg->full |= xml_append(svg->out, text, length) != BYTES_OK;
}

void svg_begin(struct svg *svg, struct bytes *out, int width, int height, const char *title)
{
    *svg = (struct svg){.out = out};
    svg_raw(svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"seam-chart\" role=\"img\" "
            "xml:space=\"preserve\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n<title>",
            width, height, width, height);
    svg_escaped(svg, title, strlen(title));
    put(svg, "</title>\n<style>", 16);
    put(svg, style, sizeof style - 1);
    svg_raw(svg, "</style>\n<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n", width, height);
}

void svg_end(struct svg *svg)
{
    put(svg, "</svg>\n", 7);
}

void svg_text(struct svg *svg, const char *class, enum svg_anchor anchor, int x, int y, const char *text,
              size_t length)
{
    static const char *const anchors[] = {"", " text-anchor=\"end\"", " text-anchor=\"middle\""};
    svg_raw(svg, "<text class=\"%s\"%s x=\"%d\" y=\"%d\">", class, anchors[anchor], x, y);
    svg_escaped(svg, text, length);
    put(svg, "</text>\n", 8);
}

void svg_line(struct svg *svg, const char *class, int x1, int y1, int x2, int y2)
{
    svg_raw(svg, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", class, x1, y1, x2, y2);
}

void svg_arrow(struct svg *svg, const char *class, const char *head_class, int x1, int x2, int y)
{
    int back = x2 > x1 ? -9 : 9;
    svg_line(svg, class, x1, y, x2 + back, y);
    svg_raw(svg, "<path class=\"%s\" d=\"M%d %dl%d -4v8z\"/>\n", head_class, x2, y, back);
}

void svg_cross(struct svg *svg, int x, int y)
{
    svg_raw(svg, "<path class=\"bad\" d=\"M%d %dl10 10m0 -10l-10 10\"/>\n", x - 5, y - 5);
}

/* Two rings and two blades; x, y is where the blades meet the line. */
void svg_scissors(struct svg *svg, int x, int y)
{
    svg_raw(
        svg,
        "<path class=\"cut\" d=\"M%d %dl-9 6m0 -6l9 6\"/><circle class=\"cut\" cx=\"%d\" cy=\"%d\" r=\"2\"/>"
        "<circle class=\"cut\" cx=\"%d\" cy=\"%d\" r=\"2\"/>\n",
        x, y - 3, x - 11, y - 4, x - 11, y + 4);
}

/* --- texts
 * ------------------------------------------------------------------------------------------------------ */

/* The character at text, of at most `length` bytes: how many it has, and its columns. */
static size_t character(const char *text, size_t length, size_t *columns)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t bytes = *at < 0xc0 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    bytes = bytes < length ? bytes : length;
    /* From Hangul on, scripts of East Asia and pictures; a little much is no harm. */
    *columns = bytes == 4 || (bytes == 3 && (*at >= 0xe2 && (*at > 0xe2 || at[1] >= 0xba))) ? 2 : 1;
    if (length >= 3 && memcmp(text, "\xef\xbf", 2) == 0 && *(at + 2) >= 0xbe) {
        *columns = 12; /* xml_append makes it three bytes in hexadecimal */
    }
    return bytes;
}

size_t svg_columns(const char *text, size_t length)
{
    size_t total = 0;
    for (size_t at = 0; at < length;) {
        size_t columns = 1;
        at += character(text + at, length - at, &columns);
        total += columns;
    }
    return total;
}

int svg_width(size_t columns)
{
    return (int)((columns * SVG_COLUMN + 9) / 10);
}

size_t svg_line_length(const char *text, size_t columns)
{
    size_t length = strlen(text), at = 0, blank = 0, used = 0;
    while (at < length) {
        size_t more = 1, bytes = character(text + at, length - at, &more);
        if (used + more > columns && at > 0) {
            return blank > 0 ? blank : at;
        }
        used += more;
        at += bytes;
        blank = text[at - 1] == ' ' ? at : blank;
    }
    return at;
}

void svg_append_cut(struct bytes *out, const char *text, size_t columns)
{
    size_t length = strlen(text), at = 0, used = 0, fits = 0;
    while (at < length) {
        size_t more = 1, bytes = character(text + at, length - at, &more);
        used += more;
        if (used > columns) {
            bytes_append(out, text, fits);
            bytes_append_text(out, "\xe2\x80\xa6");
            return;
        }
        at += bytes;
        fits = used < columns ? at : fits;
    }
    bytes_append(out, text, length);
}

/* Appends characters from data on, while they take at most so many columns; how many bytes those were. */
static size_t append_while(struct bytes *out, const char *data, size_t length, size_t columns)
{
    struct bytes shown;
    size_t at = 0;
    bytes_init(&shown, 256);
    while (at < length) {
        size_t ignored = 0, bytes = character(data + at, length - at, &ignored);
        bytes_clear(&shown);
        bytes_append_visible(&shown, data + at, bytes, BYTES_VISIBLE_QUOTED);
        size_t used = svg_columns(bytes_text(&shown), shown.length);
        if (used > columns) {
            break;
        }
        bytes_append(out, bytes_text(&shown), shown.length);
        columns -= used;
        at += bytes;
    }
    bytes_free(&shown);
    return at;
}

/* Where the last characters begin that take at most so many columns. */
static size_t tail_start(const char *data, size_t length, size_t columns)
{
    struct bytes shown;
    size_t start = length;
    bytes_init(&shown, 256);
    while (start > 0) {
        size_t from = start - 1;
        while (from > 0 && start - from < 4 && ((unsigned char)data[from] & 0xc0) == 0x80) {
            from--;
        }
        bytes_clear(&shown);
        bytes_append_visible(&shown, data + from, start - from, BYTES_VISIBLE_QUOTED);
        size_t used = svg_columns(bytes_text(&shown), shown.length);
        if (used > columns) {
            break;
        }
        columns -= used;
        start = from;
    }
    bytes_free(&shown);
    return start;
}

void svg_append_bytes(struct bytes *out, const void *data, size_t length, size_t columns)
{
    struct bytes text;
    size_t room = columns - 2;
    bytes_init(&text, 4096);
    if (append_while(&text, data, length, room) == length) {
        bytes_append_format(out, "\"%s\"", bytes_text(&text));
    } else {
        size_t tail = room / 3, head = room - tail - 5; /* 5: `" … "` between them */
        bytes_clear(&text);
        size_t taken = append_while(&text, data, length, head), start = tail_start(data, length, tail);
        bytes_append_format(out, "\"%s\" \xe2\x80\xa6 \"", bytes_text(&text));
        start = start > taken ? start : taken;
        bytes_append_visible(out, (const char *)data + start, length - start, BYTES_VISIBLE_QUOTED);
        bytes_append_text(out, "\"");
    }
    bytes_free(&text);
}
