/* html_parts - see html_parts.h. */
#include "harness/reports/html_parts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/xml.h"

enum { LINES_BEFORE = 6, LINES_BEHIND = 3, LINE_BYTES_MAX = 2000 };

/* --- the source
 * ------------------------------------------------------------------------------------------------ */

/* A tab is one column here, so that the caret stands where it belongs. */
static void append_line(struct bytes *out, int number, char *line, size_t length, bool here)
{
    struct bytes visible;
    bool cut = length > LINE_BYTES_MAX;

    for (length = cut ? LINE_BYTES_MAX : length; cut && ((unsigned char)line[length] & 0xc0) == 0x80;)
        length--;
    for (char *tab = line; (tab = memchr(tab, '\t', length - (size_t)(tab - line)));)
        *tab = ' ';
    bytes_init(&visible, (size_t)1 << 16);
    bytes_append_visible(&visible, line, length, BYTES_VISIBLE_TEXT);
    bytes_append_format(out, "<span%s><span class=\"n\">%d</span>", here ? " class=\"here\"" : "", number);
    xml_append(out, bytes_text(&visible), visible.length);
    bytes_append_text(out, cut ? " \xe2\x80\xa6</span>" : "</span>");
    bytes_free(&visible);
}

static void append_caret(struct bytes *out, int column)
{
    bytes_append_text(out, "<span class=\"caret\"><span class=\"n\"></span>");
    for (int i = 1; i < column && i < LINE_BYTES_MAX; i++)
        bytes_append_text(out, " ");
    bytes_append_text(out, "^</span>");
}

void html_append_source(struct bytes *out, const struct result *result)
{
    const char *path = result->file ? result->file : result->path;
    FILE *file = path && result->line > 0 ? fopen(path, "re") : NULL;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    if (!file)
        return;
    bytes_append_text(out, "<h3>");
    xml_append(out, path, strlen(path));
    bytes_append_text(out, "</h3><pre class=\"src\">");
    for (int number = 1;
         number <= result->line + LINES_BEHIND && (length = getline(&line, &capacity, file)) >= 0; number++) {
        bool here = number == result->line;
        if (number < result->line - LINES_BEFORE)
            continue;
        length -= length > 0 && line[length - 1] == '\n';
        append_line(out, number, line, (size_t)length, here);
        if (here && result->column > 0)
            append_caret(out, result->column);
    }
    bytes_append_text(out, "</pre>");
    free(line);
    fclose(file);
}

/* --- charts
 * ---------------------------------------------------------------------------------------------------- */

static void append_chart(struct bytes *out, const char *title, const char *svg, bool *styled)
{
    const char *style = *styled ? strstr(svg, "<style>") : NULL;
    const char *behind = style ? strstr(style, "</style>") : NULL;

    bytes_append_text(out, "<figure><figcaption>");
    xml_append(out, title, strlen(title));
    bytes_append_text(out, "</figcaption><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
    xml_append(out, title, strlen(title));
    bytes_append_text(out, "\">");
    if (behind) {
        bytes_append(out, svg, (size_t)(style - svg));
        svg = behind + strlen("</style>");
    }
    *styled = true;
    bytes_append_text(out, svg);
    bytes_append_text(out, "</div></figure>");
}

void html_append_charts(struct bytes *out, const char *charts, bool *styled)
{
    json_t *json = json_loads(charts, 0, NULL), *one;
    size_t i;

    if (json_array_size(json) > 0)
        bytes_append_text(out, json_array_size(json) > 1 ? "<div class=\"pair\">" : "<div>");
    json_array_foreach(json, i, one)
    {
        const char *title = json_string_value(json_object_get(one, "title"));
        const char *svg = json_string_value(json_object_get(one, "svg"));
        if (title && svg)
            append_chart(out, title, svg, styled);
    }
    if (json_array_size(json) > 0)
        bytes_append_text(out, "</div>");
    json_decref(json);
}

/* --- the map of a stream
 * --------------------------------------------------------------------------------------- */

/* By the letters of harness/sweep/map.h. */
static const struct {
    char letter;
    const char *class, *words;
} outcomes[] = {
    {'x', "x", "odd when its message is cut here"},
    {'j', "j", "odd when it is not cut here: two messages in one write"},
    {'m', "m", "odd when its message is cut here and elsewhere"},
    {'?', "q", "odd once, and not again"},
    {'o', "o", "a cut here alone: no difference"},
    {',', "w", "cut with others: no difference"},
    {'.', "t", "not tried"},
};
enum { OUTCOME_COUNT = sizeof outcomes / sizeof *outcomes };

static int outcome_of(char letter)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (outcomes[i].letter == letter)
            return i;
    }
    return -1;
}

static int nibble(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static void append_byte(struct bytes *out, const char *hex)
{
    unsigned char byte = (unsigned char)(nibble(hex[0]) * 16 + nibble(hex[1]));
    char text = (char)byte;
    if (byte > ' ' && byte < 0x7f) {
        bytes_append_text(out, "<u>");
        xml_append(out, &text, 1);
    } else if (byte == '\n' || byte == '\r' || byte == '\t') {
        bytes_append_format(out, "<u class=\"h\">\\%c", byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't');
    } else if (byte == ' ') {
        bytes_append_text(out, "<u class=\"h\">\xe2\x90\xa3");
    } else {
        bytes_append_format(out, "<u class=\"h\">%.2s", hex);
    }
    bytes_append_text(out, "</u>");
}

static void append_legend(struct bytes *out, const char *cells)
{
    bytes_append_text(out, "<p>");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        size_t count = 0;
        for (const char *c = cells; *c; c++)
            count += *c == outcomes[i].letter;
        if (count > 0)
            bytes_append_format(out, "<span class=\"key %s\"></span>%s (%zu)", outcomes[i].class,
                                outcomes[i].words, count);
    }
    bytes_append_text(out, "</p>");
}

/* "3, 17-20": for those who don't see colours. */
static void append_odd_places(struct bytes *out, const char *cells)
{
    size_t length = strlen(cells);
    const char *separator = "<p>Odd at byte ";
    for (size_t at = 0; at < length; at++) {
        size_t end = at;
        while (cells[end] == 'x')
            end++;
        if (end == at)
            continue;
        bytes_append_format(out, end - at > 1 ? "%s%zu\xe2\x80\x93%zu" : "%s%zu", separator, at, end - 1);
        separator = ", ";
        at = end;
    }
    bytes_append_text(out, *separator == '<' ? "" : ".</p>");
}

static void append_stream(struct bytes *out, json_t *stream)
{
    const char *name, *hex, *cells;
    json_t *ends;
    json_int_t left_out = 0;
    if (json_unpack(stream, "{s:s, s:s, s:s, s:o, s?I}", "connection", &name, "hex", &hex, "cells", &cells,
                    "ends", &ends, "left_out", &left_out) != 0)
        return;
    bytes_append_text(out, "<h3>Where a cut of \xe2\x80\x9c");
    xml_append(out, name, strlen(name));
    bytes_append_text(out, "\xe2\x80\x9d matters</h3>");
    append_legend(out, cells);
    append_odd_places(out, cells);
    bytes_append_text(out, "<div class=\"map\" role=\"img\" aria-label=\"map of the stream\">");
    for (size_t at = 0, end = 0; cells[at]; at++) {
        int outcome = outcome_of(cells[at]);
        json_int_t next = json_integer_value(json_array_get(ends, end));
        bool last = (json_int_t)at + 1 == next;
        bytes_append_format(out, "<b%s>", last ? " class=\"end\"" : "");
        if (outcome >= 0)
            bytes_append_format(out, "<i class=\"%s\" title=\"byte %zu: %s\"></i>", outcomes[outcome].class,
                                at, outcomes[outcome].words);
        else
            bytes_append_text(out, "<i></i>");
        if (hex[2 * at])
            append_byte(out, hex + 2 * at);
        else
            bytes_append_text(out, "<u class=\"h\">FIN</u>");
        bytes_append_text(out, "</b>");
        end += last;
        if (!hex[2 * at])
            break;
    }
    bytes_append_text(out, "</div>");
    if (left_out > 0)
        bytes_append_format(out, "<p>%lld bytes more are not drawn.</p>", (long long)left_out);
}

void html_append_map(struct bytes *out, const char *map)
{
    json_t *json = json_loads(map, 0, NULL), *stream;
    size_t i;
    json_array_foreach(json, i, stream)
    {
        append_stream(out, stream);
    }
    json_decref(json);
}
