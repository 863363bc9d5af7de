/* either_order - a control: each line is answered by a thread of its own that takes up to DELAY_MS_MAX, so
 * the answers to lines under way together come in any order, another one in each run. */
#include "tests/sweep/serve.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { DELAY_MS_MAX = 15, LINE_BYTES_MAX = 1024, JOBS_MAX = 64 };

struct job {
    pthread_t thread;
    int fd;
    char answer[LINE_BYTES_MAX + 8];
};

static void *work(void *argument)
{
    struct job *job = argument;
    unsigned char dice = 0;
    getrandom(&dice, 1, 0);
    poll(NULL, 0, dice % (DELAY_MS_MAX + 1));
    write_all(job->fd, job->answer, strlen(job->answer)); /* one write: lines stay whole */
    return NULL;
}

static void client(int fd)
{
    struct job *jobs = malloc(JOBS_MAX * sizeof *jobs);
    char bytes[LINE_BYTES_MAX], *newline;
    size_t length = 0, count = 0;
    ssize_t n;
    while (jobs && (n = read(fd, bytes + length, sizeof bytes - length)) > 0) {
        length += (size_t)n;
        while ((newline = memchr(bytes, '\n', length)) != NULL && count < JOBS_MAX) {
            size_t line = (size_t)(newline - bytes);
            struct job *job = &jobs[count];
            job->fd = fd;
            snprintf(job->answer, sizeof job->answer, "ok %.*s\n", (int)line, bytes);
            count += pthread_create(&job->thread, NULL, work, job) == 0;
            length -= line + 1;
            memmove(bytes, newline + 1, length);
        }
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(jobs[i].thread, NULL);
    }
    free(jobs);
}

int main(void)
{
    return serve_threads(client);
}
