/* One CONTINUATION frame, in chunks of each size: a session must take it in any. Build: cc nghttp2-continuation.c
 * -lnghttp2 */
#include <nghttp2/nghttp2.h>
#include <stdio.h>

/* HEADERS without END_HEADERS (:method GET, :path /), then a CONTINUATION with it (:scheme http, :authority x). */
static const unsigned char stream[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                                      "\0\0\0\4\0\0\0\0\0"
                                      "\0\0\2\1\1\0\0\0\1\x82\x84"
                                      "\0\0\4\x9\4\0\0\0\1\x86\x41\1x";

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *requests)
{
    (void)session;
    *(int *)requests += frame->hd.type == NGHTTP2_HEADERS;
    return 0;
}

int main(void)
{
    int failed = 0;
    for (size_t chunk = 1; chunk < sizeof stream; chunk++) {
        int requests = 0;
        ssize_t n = 0;
        nghttp2_session_callbacks *callbacks;
        nghttp2_session *session;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_server_new(&session, callbacks, &requests);
        for (size_t at = 0; at < sizeof stream - 1 && n >= 0; at += chunk) {
            size_t left = sizeof stream - 1 - at;
            n = nghttp2_session_mem_recv(session, stream + at, left < chunk ? left : chunk);
        }
        if (requests != 1) {
            printf("chunks of %zu bytes: %d requests: %s\n", chunk, requests,
                   n < 0 ? nghttp2_strerror((int)n) : "no error");
            failed = 1;
        }
        nghttp2_session_del(session);
        nghttp2_session_callbacks_del(callbacks);
    }
    return failed;
}
