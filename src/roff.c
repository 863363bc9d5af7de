/* roff - see roff.h. */
#include "src/roff.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROFF_COLUMNS = 78 };

/* What would be an escape, or be set as another character than the one that is meant. */
static const char *roff_escape(char c)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '"':
        return "\\(dq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    default:
        return NULL;
    }
}

static void roff_char(FILE *out, char c)
{
    const char *escape = roff_escape(c);
    assert(isprint((unsigned char)c)); /* the tables are ours */
    if (escape)
        fputs(escape, out);
    else
        fputc(c, out);
}

/* A point at the begin of a line would be a request; an apostrophe is escaped anyway. */
static void roff_line(FILE *out, const char *text, size_t length)
{
    if (length > 0 && text[0] == '.')
        fputs("\\&", out);
    for (size_t i = 0; i < length; i++)
        roff_char(out, text[i]);
}

void roff_text(FILE *out, const char *text)
{
    size_t column = 0;
    bool bold = false;
    while (*(text += strspn(text, " \n"))) {
        size_t length = strcspn(text, " \n");
        if (column > 0 && column + 1 + length > ROFF_COLUMNS) {
            fputc('\n', out);
            column = 0;
        } else if (column > 0) {
            fputc(' ', out);
            column++;
        }
        if (column == 0 && *text == '.')
            fputs("\\&", out);
        for (size_t i = 0; i < length; i++) {
            if (text[i] != '`') {
                roff_char(out, text[i]);
                continue;
            }
            bold = !bold;
            fputs(bold ? "\\fB" : "\\fR", out);
        }
        column += length;
        text += length;
    }
    fputc('\n', out);
}

static void roff_date(char date[16])
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL;
    struct tm day;
    time_t seconds = epoch && *epoch ? (time_t)strtoll(epoch, &end, 10) : 0;
    date[0] = '\0';
    if (end && !*end && gmtime_r(&seconds, &day))
        strftime(date, 16, "%Y-%m-%d", &day);
}

void roff_begin(FILE *out, const struct roff_page *page)
{
    char date[16];
    roff_date(date);
    fputs(".TH ", out);
    for (const char *at = page->name; *at; at++)
        roff_char(out, (char)toupper((unsigned char)*at));
    fprintf(out, " %d \"%s\" \"Seam %s\" \"Seam manual\"\n", page->section, date, page->version);
    fputs(".nh\n.ad l\n", out); /* an option must not be parted */
    roff_section(out, "NAME");
    roff_line(out, page->name, strlen(page->name));
    fputs(" \\- ", out);
    roff_text(out, page->about);
}

void roff_section(FILE *out, const char *title)
{
    fprintf(out, ".SH %s\n", title);
}

void roff_subsection(FILE *out, const char *title)
{
    fputs(".SS \"", out);
    roff_line(out, title, strlen(title));
    fputs("\"\n", out);
}

void roff_paragraph(FILE *out, const char *text)
{
    fputs(".PP\n", out);
    roff_text(out, text);
}

void roff_item(FILE *out, const char *bold, const char *argument)
{
    fputs(".TP\n\\fB", out);
    roff_line(out, bold, strlen(bold));
    fputs("\\fR", out);
    if (argument) {
        fputs(" \\fI", out);
        roff_line(out, argument, strlen(argument));
        fputs("\\fR", out);
    }
    fputc('\n', out);
}

void roff_example(FILE *out, const char *lines)
{
    fputs(".PP\n.RS 4\n.EX\n", out);
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        roff_line(out, lines, length);
        fputc('\n', out);
        lines += length + (lines[length] == '\n');
    }
    fputs(".EE\n.RE\n", out);
}
