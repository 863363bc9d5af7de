// A user's parser in C++ (C++11), with <seam/fuzz.h> as it is installed: the unit test, and the target by its macro.
#include <seam/fuzz.h>

#include <cstdio>
#include <cstring>
#include <new>
#include <string>

namespace {

struct Splitter {
    seam_fuzz_events *events;
    std::string line;
};

void *open_splitter(seam_fuzz_events *events) { return new (std::nothrow) Splitter{events, {}}; }

seam_fuzz_status feed_splitter(void *parser, const void *data, size_t length)
{
    auto *splitter = static_cast<Splitter *>(parser);
    for (size_t i = 0; i < length; i++) {
        char c = static_cast<const char *>(data)[i];
        if (c == '\n') {
            seam_fuzz_event(splitter->events, 0, splitter->line.data(), splitter->line.size());
            splitter->line.clear();
        } else {
            splitter->line += c;
        }
    }
    return SEAM_FUZZ_MORE;
}

// As above, but takes each chunk for the start of a line.
seam_fuzz_status feed_forgetful(void *parser, const void *data, size_t length)
{
    if (length) {
        static_cast<Splitter *>(parser)->line.clear();
    }
    return feed_splitter(parser, data, length);
}

void close_splitter(void *parser) { delete static_cast<Splitter *>(parser); }

const seam_fuzz_bytes delimiters[] = {SEAM_FUZZ_BYTES("\n"), {nullptr, 0}};

seam_fuzz_parser describe(seam_fuzz_status (*feed)(void *, const void *, size_t))
{
    seam_fuzz_parser parser = {};
    parser.name = "splitter";
    parser.open = open_splitter;
    parser.feed = feed;
    parser.close = close_splitter;
    parser.delimiters = delimiters;
    return parser;
}

const seam_fuzz_parser right = describe(feed_splitter), wrong = describe(feed_forgetful);

} // namespace

SEAM_FUZZ_TARGET(&right, &wrong);

int main()
{
    static uint64_t memory[SEAM_FUZZ_WORKSPACE_BYTES_MIN / 8];
    const seam_fuzz_workspace workspace = {memory, sizeof memory};
    char report[1024];
    const char stream[] = "one\ntwo\n\nthree";
    if (seam_fuzz_exhaust(&right, stream, sizeof stream - 1, 2, &workspace, report, sizeof report) != SEAM_FUZZ_CLEAN) {
        std::puts(report);
        return 1;
    }
    if (seam_fuzz_exhaust(&wrong, stream, sizeof stream - 1, 2, &workspace, report, sizeof report) !=
        SEAM_FUZZ_INVARIANCE) {
        std::puts("the planted bug was not seen");
        return 1;
    }
    uint8_t input[64] = {0};
    size_t size = seam_fuzz_mutate(seam_fuzz_target_here, input, 2, sizeof input, 1);
    return size > 0 ? LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>("\0\0ab\n"), 5) : 1;
}
