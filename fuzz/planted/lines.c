/* lines - the toy readers of lines: what each is called, which bug it has, and which oracles may see it. */
#include "fuzz/planted/lines.h"

/* Framings: delimiter, its length, style, whether an overlong line fails the stream. */
#define LF       "\n", 1, CR_TOLERANT, false
#define LF_FAILS "\n", 1, CR_TOLERANT, true
#define CRLF     "\r\n", 2, PLAIN, false
#define MAIL     "\r\n.\r\n", 5, PLAIN, false
#define ANY      "\n", 1, ANY_END, false

static const char title_LF[] = "LF or CR LF", title_LF_FAILS[] = "LF, overlong fails", title_CRLF[] = "CR LF",
                  title_MAIL[] = "CR LF . CR LF", title_ANY[] = "CR, LF or CR LF";
static const struct seam_fuzz_bytes ends_LF[] = {SEAM_FUZZ_BYTES("\n"), SEAM_FUZZ_BYTES("\r\n"), {NULL, 0}},
                                    ends_CRLF[] = {SEAM_FUZZ_BYTES("\r\n"), {NULL, 0}},
                                    ends_MAIL[] = {SEAM_FUZZ_BYTES("\r\n.\r\n"), {NULL, 0}},
                                    ends_ANY[] = {SEAM_FUZZ_BYTES("\r"),
                                                  SEAM_FUZZ_BYTES("\n"),
                                                  SEAM_FUZZ_BYTES("\r\n"),
                                                  {NULL, 0}};
#define ends_LF_FAILS ends_LF

/* Name, framing, limit, bug, the oracles that may see it, and the bug in words. */
#define ALL_LINES(X)                                                                                         \
    X(right_lf, LF, 64, NO_BUG, 0, "none")                                                                   \
    X(right_lf_512, LF, 512, NO_BUG, 0, "none")                                                              \
    X(right_lf_fails, LF_FAILS, 64, NO_BUG, 0, "none")                                                       \
    X(right_crlf, CRLF, 64, NO_BUG, 0, "none")                                                               \
    X(right_mail, MAIL, 512, NO_BUG, 0, "none")                                                              \
    X(right_any_end, ANY, 64, NO_BUG, 0, "none")                                                             \
    X(cr_in_earlier_chunk, LF, 64, CR_IN_EARLIER_CHUNK, PLANTED_BY(INVARIANCE),                              \
      "the CR before the LF is content when it came in an earlier chunk")                                    \
    X(rest_lost, LF, 64, REST_LOST, PLANTED_BY(INVARIANCE),                                                  \
      "behind a line that was begun earlier, the rest of the chunk is lost")                                 \
    X(full_at_chunk_start, LF, 64, FULL_AT_CHUNK_START, PLANTED_BY(INVARIANCE),                              \
      "a line of exactly the limit is refused when its LF comes in the next chunk")                          \
    X(full_at_chunk_start_512, LF, 512, FULL_AT_CHUNK_START, PLANTED_BY(INVARIANCE), "the same")             \
    X(full_with_cr, CRLF, 64, FULL_WITH_CR, PLANTED_BY(INVARIANCE),                                          \
      "a line of exactly the limit is refused when CR and LF are split")                                     \
    X(full_with_cr_512, CRLF, 512, FULL_WITH_CR, PLANTED_BY(INVARIANCE), "the same")                         \
    X(partial_of_last_chunk, LF, 64, PARTIAL_OF_LAST_CHUNK, PLANTED_BY(INVARIANCE),                          \
      "at the end of the stream, of an unfinished line only the last chunk is told")                         \
    X(stale_after_overlong, LF, 64, STALE_AFTER_OVERLONG, PLANTED_BY(INVARIANCE),                            \
      "behind an overlong line over chunks, the next line is skipped too")                                   \
    X(stale_after_overlong_512, LF, 512, STALE_AFTER_OVERLONG, PLANTED_BY(INVARIANCE), "the same")           \
    X(counted_again, LF, 64, COUNTED_AGAIN, PLANTED_BY(INVARIANCE),                                          \
      "each chunk counts what is buffered once more against the limit")                                      \
    X(counted_again_512, LF, 512, COUNTED_AGAIN, PLANTED_BY(INVARIANCE), "the same")                         \
    X(pointer_kept, LF, 64, POINTER_KEPT, PLANTED_BY(INVARIANCE) | PLANTED_BY(DIFFERENTIAL),                 \
      "an unfinished line stays a pointer into a chunk that is gone")                                        \
    X(told_late, LF, 64, TOLD_LATE, PLANTED_BY(PROGRESS),                                                    \
      "a line over chunks that ends with its chunk is told when the next one comes")                         \
    X(empty_ends, LF, 64, EMPTY_ENDS, PLANTED_BY(EMPTY_FEED), "a feed of 0 bytes in a line ends it")         \
    X(more_after_failure, LF_FAILS, 64, MORE_AFTER_FAILURE, PLANTED_BY(STICKY),                              \
      "behind an overlong line, the next feed says that all is well")                                        \
    X(more_after_failure_512, LF_FAILS, 512, MORE_AFTER_FAILURE, PLANTED_BY(STICKY), "the same")             \
    X(lines_after_failure, LF_FAILS, 64, LINES_AFTER_FAILURE, PLANTED_BY(AFTER_END),                         \
      "behind an overlong line, the next chunk's lines are told")                                            \
    X(lines_after_failure_512, LF_FAILS, 512, LINES_AFTER_FAILURE, PLANTED_BY(AFTER_END), "the same")        \
    X(grows, LF, 64, GROWS, PLANTED_BY(MEMORY), "an overlong line that is skipped is kept in memory")        \
    X(grows_512, LF, 512, GROWS, PLANTED_BY(MEMORY), "the same")                                             \
    X(rescans, LF, 64, RESCANS, PLANTED_BY(WORK), "each chunk has what is buffered searched again")          \
    X(rescans_512, LF, 512, RESCANS, PLANTED_BY(WORK), "the same")                                           \
    X(restart_lost, CRLF, 64, RESTART_LOST, PLANTED_BY(DIFFERENTIAL),                                        \
      "CR CR LF ends no line, however it is cut")                                                            \
    X(restart_lost_at_chunk, CRLF, 64, RESTART_LOST_AT_CHUNK, PLANTED_BY(INVARIANCE),                        \
      "CR CR LF ends no line when cut behind the first CR")                                                  \
    X(mail_restart_lost_at_chunk, MAIL, 512, RESTART_LOST_AT_CHUNK, PLANTED_BY(INVARIANCE),                  \
      "CR LF CR LF . CR LF ends no message when cut in the middle of the first")                             \
    X(swallows_in_chunk_only, ANY, 64, SWALLOWS_IN_CHUNK_ONLY, PLANTED_BY(INVARIANCE),                       \
      "CR LF ends two lines when it is split")

#define PARSER(id, framing, most, planted_bug, oracles, what)                                                \
    static const struct options options_##id = {framing, most, planted_bug};                                 \
    static const size_t limits_##id[] = {most, 0};                                                           \
    static void *open_##id(struct seam_fuzz_events *events)                                                  \
    {                                                                                                        \
        return lines_open(events, &options_##id);                                                            \
    }                                                                                                        \
    static enum seam_fuzz_status feed_##id(void *parser, const void *data, size_t length)                    \
    {                                                                                                        \
        return lines_feed(parser, data, length, &options_##id);                                              \
    }                                                                                                        \
    static enum seam_fuzz_status finish_##id(void *parser)                                                   \
    {                                                                                                        \
        return lines_finish(parser, &options_##id);                                                          \
    }                                                                                                        \
    static enum seam_fuzz_status feed_naive_##id(void *parser, const void *data, size_t length)              \
    {                                                                                                        \
        return naive_lines_feed(parser, data, length, &options_##id);                                        \
    }                                                                                                        \
    static enum seam_fuzz_status finish_naive_##id(void *parser)                                             \
    {                                                                                                        \
        return naive_lines_finish(parser, &options_##id);                                                    \
    }                                                                                                        \
    static const struct seam_fuzz_parser naive_##id = {.name = "naive",                                      \
                                                       .open = naive_lines_open,                             \
                                                       .feed = feed_naive_##id,                              \
                                                       .finish = finish_naive_##id,                          \
                                                       .close = naive_lines_close};                          \
    static const struct seam_fuzz_parser id = {.name = #id,                                                  \
                                               .open = open_##id,                                            \
                                               .feed = feed_##id,                                            \
                                               .finish = finish_##id,                                        \
                                               .close = lines_close,                                         \
                                               .kind_names = kind_names,                                     \
                                               .delimiters = ends_##framing,                                 \
                                               .limits = limits_##id,                                        \
                                               .memory_used = lines_memory_used,                             \
                                               .memory_bytes_max = 2 * (most),                               \
                                               .work_done = lines_work_done,                                 \
                                               .work_per_byte_max = 4,                                       \
                                               .work_per_feed_max = 8,                                       \
                                               .reference = &naive_##id};
#define ROW(id, framing, most, planted_bug, oracles, what) {title_##framing, most, oracles, what, &id},

static const char *const kind_names[] = {"line", "overlong", "partial", NULL};
ALL_LINES(PARSER)
const struct planted planted_lines[] = {ALL_LINES(ROW){NULL, 0, 0, NULL, NULL}};
