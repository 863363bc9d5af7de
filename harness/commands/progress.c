/* progress - see progress.h. */
#include "harness/commands/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void progress_begin(struct progress *progress, size_t total, bool wanted, uint64_t now_ns)
{
    const char *term = getenv("TERM");

    *progress = (struct progress){
        .on = wanted && isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0),
        .total = total,
        .began_ns = now_ns,
    };
}

void progress_show(struct progress *progress, size_t ended, size_t failed, uint64_t now_ns)
{
    if (!progress->on)
        return;
    uint64_t elapsed_ms = (now_ns - progress->began_ns) / 1000000;
    fprintf(stderr, "\r\033[K[%zu/%zu]", ended, progress->total);
    if (failed > 0)
        fprintf(stderr, " %zu failed", failed);
    uint64_t rate = elapsed_ms > 0 ? ended * 1000 / elapsed_ms : 0;
    if (rate > 0)
        fprintf(stderr, " %llu/s", (unsigned long long)rate);
    if (rate > 0 && progress->total > ended)
        fprintf(stderr, " %llu s left", (unsigned long long)((progress->total - ended + rate - 1) / rate));
    fflush(stderr);
    progress->shown = true;
}

void progress_hide(struct progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->shown = false;
}
