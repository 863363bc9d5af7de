/* A program with one mistake of each kind, for real sanitizers to report: sanitizer_subject MISTAKE. */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int shared;

static void *race(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100000; i++)
        shared++;
    return NULL;
}

static int held[2];

/* Only this thread's stack knows the memory: no leak, but to a sanitizer that cannot find the thread. */
static void *hold(void *unused)
{
    void *volatile memory = malloc(23);
    if (write(held[1], "", 1) == 1)
        pause();
    (void)unused;
    return memory;
}

static int overflow(const char *text)
{
    char *bytes = calloc(1, strlen(text));
    volatile char last = bytes[strlen(text)];
    free(bytes);
    return last == 'x';
}

int main(int argc, char **argv)
{
    const char *mistake = argc > 1 ? argv[1] : "none";
    if (strcmp(mistake, "overflow") == 0)
        return overflow(mistake);
    if (strcmp(mistake, "signed") == 0) {
        int most = INT_MAX - 2 + argc;
        printf("%d\n", most + argc);
    }
    if (strcmp(mistake, "leak") == 0) {
        /* Many, as a register or the stack may keep the last one alive. */
        void *volatile lost;
        for (int i = 0; i < 10; i++)
            lost = malloc(17);
        (void)lost;
    }
    if (strcmp(mistake, "none") == 0) {
        pthread_t other;
        char byte;
        if (pipe(held) == 0 && pthread_create(&other, NULL, hold, NULL) == 0)
            return read(held[0], &byte, 1) == 1 ? 0 : 1;
    }
    if (strcmp(mistake, "race") == 0) {
        pthread_t other;
        pthread_create(&other, NULL, race, NULL);
        race(NULL);
        pthread_join(other, NULL);
    }
    return 0;
}
