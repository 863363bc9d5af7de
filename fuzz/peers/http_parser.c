/* http-parser: requests and responses, fed in any chunks. Its data come in pieces, so they are merged. */
#include <seam/fuzz.h>

#include <http_parser.h>
#include <stdlib.h>

enum { URL, FIELD, VALUE, HEADERS, BODY, COMPLETE };
static const char *const kinds[] = {"url", "field", "value", "headers", "body", "complete", NULL};

#define DATA(name, kind)                                                                                             \
    static int name(http_parser *p, const char *s, size_t n) { return seam_fuzz_event(p->data, kind, s, n), 0; }
#define NOTE(name, kind, number)                                                                                     \
    static int name(http_parser *p) { return seam_fuzz_number(p->data, kind, number), 0; }
DATA(on_url, URL)
DATA(on_field, FIELD)
DATA(on_value, VALUE)
DATA(on_body, BODY)
NOTE(on_headers, HEADERS, p->status_code + 1000u * p->method)
static int on_complete(http_parser *p) { return seam_fuzz_number(p->data, COMPLETE, 0), p->upgrade; }
static const http_parser_settings on = {NULL,       on_url,  NULL,        on_field, on_value,
                                        on_headers, on_body, on_complete, NULL,     NULL};

static void *open_http(struct seam_fuzz_events *events)
{
    http_parser *parser = malloc(sizeof *parser);
    http_parser_init(parser, HTTP_BOTH);
    parser->data = events;
    return parser;
}

static enum seam_fuzz_status feed_http(void *p, const void *data, size_t length)
{
    http_parser *parser = p;
    http_parser_execute(parser, &on, data, length);
    return HTTP_PARSER_ERRNO(parser) ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
}
static enum seam_fuzz_status finish_http(void *parser) { return feed_http(parser, NULL, 0); }

#define B(text) SEAM_FUZZ_BYTES(text)
static const struct seam_fuzz_bytes ends[] = {B("\r\n"), B("\r\n\r\n"), {NULL, 0}};
static const struct seam_fuzz_bytes words[] = {B("GET / HTTP/1.1\r\n"),
                                               B("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"),
                                               B("5\r\nhello\r\n"),
                                               B("Content-Length: 3\r\n"),
                                               B("Connection: upgrade\r\nUpgrade: x\r\n"),
                                               {NULL, 0}};
/* http_parser.h: a length of 0 is the end; after an error, and with an upgrade, it is done; pieces end where chunks
 * do. */
static const struct seam_fuzz_parser http = {"http_parser",
                                             open_http,
                                             feed_http,
                                             finish_http,
                                             free,
                                             SEAM_FUZZ_EMPTY_ENDS | SEAM_FUZZ_ENDS_AT_ONCE | SEAM_FUZZ_FAILURE_DROPS,
                                             1 << URL | 1 << FIELD | 1 << VALUE | 1 << BODY,
                                             kinds,
                                             ends,
                                             NULL,
                                             words};
SEAM_FUZZ_TARGET(&http);
