/* nghttp2: a server session, fed in any chunks. DATA comes in pieces, so it is merged. */
#include <seam/fuzz.h>

#include <nghttp2/nghttp2.h>

enum { HEADER, DATA, FRAME };
static const char *const kinds[] = {"header", "data", "frame", NULL};
#define UNUSED __attribute__((unused))

static int on_header(UNUSED nghttp2_session *session, UNUSED const nghttp2_frame *frame, const uint8_t *s, size_t n,
                     const uint8_t *value, size_t value_n, UNUSED uint8_t flags, void *events)
{
    seam_fuzz_event(events, HEADER, s, n);
    seam_fuzz_event(events, HEADER, value, value_n);
    return 0;
}

static int on_data(UNUSED nghttp2_session *session, UNUSED uint8_t flags, UNUSED int32_t id, const uint8_t *s,
                   size_t n, void *events)
{
    return seam_fuzz_event(events, DATA, s, n), 0;
}
/* What follows a GOAWAY is read only if it came in the same chunk: end there. */
static int on_frame(UNUSED nghttp2_session *session, const nghttp2_frame *frame, void *events)
{
    seam_fuzz_number(events, FRAME, (uint64_t)frame->hd.type << 32 | (uint32_t)frame->hd.stream_id);
    return frame->hd.type == NGHTTP2_GOAWAY ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static void *open_session(struct seam_fuzz_events *events)
{
    nghttp2_session *session = NULL;
    nghttp2_session_callbacks *callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_server_new(&session, callbacks, events);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

static enum seam_fuzz_status feed_session(void *session, const void *data, size_t length)
{
    return nghttp2_session_mem_recv(session, data, length) < 0 ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
}

static void close_session(void *session) { nghttp2_session_del(session); }

#define B(text) SEAM_FUZZ_BYTES(text)
static const struct seam_fuzz_bytes words[] = {B("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"),
                                               B("\0\0\4\1\5\0\0\0\1\x82\x84\x86\x87"),
                                               B("\0\0\4\1\4\0\0\0\1\x82\x84\x86\x87"),
                                               B("\0\0\5\0\1\0\0\0\1hello"),
                                               {NULL, 0}};
/* By its API a failed session must be terminated. */
static const struct seam_fuzz_parser nghttp2 = {
    "nghttp2", open_session, feed_session, NULL, close_session, SEAM_FUZZ_ENDS_AT_ONCE,
    1 << DATA, kinds,        NULL,         NULL, words};
SEAM_FUZZ_TARGET(&nghttp2);
