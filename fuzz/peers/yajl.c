/* yajl: a JSON text, comments allowed, fed in any chunks. */
#include <seam/fuzz.h>

#include <yajl/yajl_parse.h>

enum { MARK, NUMBER, STRING, KEY };
static const char *const kinds[] = {"mark", "number", "string", "key", NULL};

static int mark(void *events, const char *text)
{
    seam_fuzz_event(events, MARK, text, 1);
    return 1;
}

static int text(void *events, unsigned kind, const void *data, size_t length)
{
    seam_fuzz_event(events, kind, data, length);
    return 1;
}

static int on_null(void *events) { return mark(events, "n"); }
static int on_boolean(void *events, int yes) { return mark(events, yes ? "t" : "f"); }
static int on_number(void *events, const char *s, size_t n) { return text(events, NUMBER, s, n); }
static int on_string(void *events, const unsigned char *s, size_t n) { return text(events, STRING, s, n); }
static int on_key(void *events, const unsigned char *s, size_t n) { return text(events, KEY, s, n); }
static int on_open_map(void *events) { return mark(events, "{"); }
static int on_close_map(void *events) { return mark(events, "}"); }
static int on_open_array(void *events) { return mark(events, "["); }
static int on_close_array(void *events) { return mark(events, "]"); }
static const yajl_callbacks on = {on_null,     on_boolean, NULL,         NULL,          on_number,     on_string,
                                  on_open_map, on_key,     on_close_map, on_open_array, on_close_array};

static void *open_yajl(struct seam_fuzz_events *events)
{
    yajl_handle handle = yajl_alloc(&on, NULL, events);
    yajl_config(handle, yajl_allow_comments, 1);
    return handle;
}

static enum seam_fuzz_status as_status(yajl_status status)
{
    return status == yajl_status_ok ? SEAM_FUZZ_MORE : SEAM_FUZZ_FAILED;
}

static enum seam_fuzz_status feed_yajl(void *p, const void *s, size_t n) { return as_status(yajl_parse(p, s, n)); }
static enum seam_fuzz_status finish_yajl(void *p) { return as_status(yajl_complete_parse(p)); }
static void close_yajl(void *p) { yajl_free(p); }

#define B(text) SEAM_FUZZ_BYTES(text)
static const struct seam_fuzz_bytes ends[] = {B(","), B("\"\\u00e9\""), {NULL, 0}};
static const struct seam_fuzz_bytes words[] = {B("[1.5e+3,"),       B("{\"k\":"), B("/* c */"), B("// c\n"),
                                               B("\\ud83d\\ude00"), B("true"),    B("]"),       {NULL, 0}};
static const struct seam_fuzz_parser yajl = {"yajl",     open_yajl,           feed_yajl,          finish_yajl,
                                             close_yajl, .kind_names = kinds, .delimiters = ends, .words = words};
SEAM_FUZZ_TARGET(&yajl);
