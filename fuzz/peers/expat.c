/* expat: XML_Parse() fed in any chunks. Character data come in pieces of any size, so they are merged. */
#include <seam/fuzz.h>

#include <expat.h>
#include <string.h>

enum { START, END, TEXT, COMMENT };
static const char *const kinds[] = {"start", "end", "text", "comment", NULL};

static void on_start(void *events, const XML_Char *name, const XML_Char **attributes)
{
    seam_fuzz_event(events, START, name, strlen(name));
    for (; *attributes; attributes++) {
        seam_fuzz_event(events, START, *attributes, strlen(*attributes));
    }
}

static void on_end(void *events, const XML_Char *name) { seam_fuzz_event(events, END, name, strlen(name)); }
static void on_text(void *events, const XML_Char *s, int n) { seam_fuzz_event(events, TEXT, s, (size_t)n); }
static void on_comment(void *events, const XML_Char *s) { seam_fuzz_event(events, COMMENT, s, strlen(s)); }

static void *open_expat(struct seam_fuzz_events *events)
{
    XML_Parser parser = XML_ParserCreate(NULL);
    XML_SetUserData(parser, events);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetCommentHandler(parser, on_comment);
    return parser;
}

static enum seam_fuzz_status parse(XML_Parser parser, const char *data, size_t length, int last)
{
    return XML_Parse(parser, data, (int)length, last) == XML_STATUS_ERROR ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status feed_expat(void *p, const void *data, size_t n) { return parse(p, data, n, 0); }
static enum seam_fuzz_status finish_expat(void *p) { return parse(p, "", 0, 1); }
static void close_expat(void *parser) { XML_ParserFree(parser); }

#define B(text) SEAM_FUZZ_BYTES(text)
static const struct seam_fuzz_bytes ends[] = {B("<a b='c'>"), B("</a>"), B("\r\n"), {NULL, 0}};
static const struct seam_fuzz_bytes words[] = {
    B("<!--"),      B("-->"),
    B("<![CDATA["), B("]]>"),
    B("&#13;"),     B("&amp;"),
    B("\xff\xfe"),  B("\xfe\xff"),
    B("<?p q?>"),   B("<!DOCTYPE a [<!ENTITY e 'x&#10;y'><!ATTLIST a b CDATA 'd'>]>"),
    B("&e;"),       B("<?xml version='1.0' encoding='utf-16'?>"),
    {NULL, 0}};
/* A failed parser may only be freed, and text just before an error may be lost. With reparse deferral (2.6.0, and
 * Debian's 2.5.0) a token that is not whole is looked at again when there is enough more. */
static const struct seam_fuzz_parser expat = {
    "expat",      open_expat,  feed_expat,
    finish_expat, close_expat, SEAM_FUZZ_MAY_HOLD_BACK | SEAM_FUZZ_ENDS_AT_ONCE | SEAM_FUZZ_FAILURE_DROPS,
    1 << TEXT,    kinds,       ends,
    NULL,         words};
SEAM_FUZZ_TARGET(&expat);
