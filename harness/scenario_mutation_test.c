/*
 * scenario_mutation - loading takes every file without a crash, a hang or a leak: each beginning of the right
 * files, and mutated ones.
 *
 * What it answers is not judged here but for one rule: NULL exactly when there is an error. Meant for builds
 * with sanitizers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <dirent.h>
#include <stdlib.h>
#include <cmocka.h>

#include "harness/scenario_fixture.h"

enum { ROUNDS = 4000, TEXT_BYTES_MAX = 8192, FILES_MAX = 64 };

struct corpus {
    char path[FILES_MAX][512];
    char text[FILES_MAX][TEXT_BYTES_MAX];
    size_t length[FILES_MAX];
    size_t count;
};

static void load(const char *path, const char *text, size_t length)
{
    struct error_list errors = {0};
    struct scenario_file *file =
        scenario_load_text(path, text, length, &(struct scenario_options){.bin = "/"}, &errors);
    assert_int_equal(file == NULL, errors.error_count > 0);
    scenario_file_free(file);
    error_list_close(&errors);
}

/* The files whose names don't begin with "limit": those are about size. */
static int read_corpus(void **state)
{
    static struct corpus corpus;
    DIR *folder = opendir(SCENARIO_FILES);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strstr(entry->d_name, ".json") || strncmp(entry->d_name, "limit", 5) == 0) {
            continue;
        }
        assert_true(corpus.count < FILES_MAX);
        size_t i = corpus.count++;
        snprintf(corpus.path[i], sizeof corpus.path[i], "%s/%s", SCENARIO_FILES, entry->d_name);
        FILE *file = fopen(corpus.path[i], "r");
        assert_non_null(file);
        corpus.length[i] = fread(corpus.text[i], 1, TEXT_BYTES_MAX, file);
        fclose(file);
        assert_in_range(corpus.length[i], 1, TEXT_BYTES_MAX - 1);
    }
    closedir(folder);
    assert_true(corpus.count >= 5);
    *state = &corpus;
    return 0;
}

static void test_each_beginning(void **state)
{
    const struct corpus *corpus = *state;
    for (size_t i = 0; i < corpus->count; i++) {
        for (size_t length = 0; length <= corpus->length[i]; length++) {
            load(corpus->path[i], corpus->text[i], length);
        }
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13; /* xorshift32 */
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Where a JSON token begins or ends, often: changes there keep the file parseable. */
static size_t near_a_quote(const char *text, size_t length, uint32_t *seed)
{
    size_t at = next_random(seed) % length;
    const char *quote = next_random(seed) % 4 ? memchr(text + at, '"', length - at) : NULL;
    return quote ? (size_t)(quote - text) : at;
}

static size_t mutate(char *text, size_t length, uint32_t *seed)
{
    static const char bytes[] = "\"{}[]:,.$%\\(+-*/ 019aZ_?<>\n\0\xc3\xff";
    static const char *const words[] = {"null",
                                        "-1",
                                        "1.5",
                                        "true",
                                        "\"\"",
                                        "{}",
                                        "[]",
                                        "\"${i}\"",
                                        "\"a\"",
                                        "\"${n * n}\"",
                                        "{\"times\":3,\"text\":\"${k}\"}",
                                        "99999"};
    size_t at = near_a_quote(text, length, seed), from = near_a_quote(text, length, seed), n;
    const char *word;
    switch (next_random(seed) % 5) {
    case 0:
        text[at] = bytes[next_random(seed) % (sizeof bytes - 1)];
        return length;
    case 1:
        memmove(text + at, text + at + 1, length - at - 1);
        return length - 1;
    case 2: /* a value in place of what stands between two quotes */
        word = words[next_random(seed) % (sizeof words / sizeof words[0])];
        n = strlen(word);
        from = at + 1 < length && memchr(text + at + 1, '"', length - at - 1)
                   ? (size_t)((char *)memchr(text + at + 1, '"', length - at - 1) - text) + 1
                   : at;
        if (from == at || length - (from - at) + n >= TEXT_BYTES_MAX) {
            return length;
        }
        memmove(text + at + n, text + from, length - from);
        memcpy(text + at, word, n);
        return length - (from - at) + n;
    default: /* a piece copied elsewhere */
        n = 1 + next_random(seed) % 40;
        n = n > length - from ? length - from : n;
        n = n > length - at ? length - at : n;
        memmove(text + at, text + from, n);
        return length;
    }
}

static void test_mutated(void **state)
{
    const struct corpus *corpus = *state;
    uint32_t seed = 77;
    int rounds = getenv("SEAM_FULL") ? 20 * ROUNDS : ROUNDS;
    for (int round = 0; round < rounds; round++) {
        char text[TEXT_BYTES_MAX];
        size_t i = next_random(&seed) % corpus->count, length = corpus->length[i];
        memcpy(text, corpus->text[i], length);
        for (uint32_t changes = 1 + next_random(&seed) % 3; changes > 0 && length > 1; changes--) {
            length = mutate(text, length, &seed);
        }
        load(corpus->path[i], text, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_beginning),
        cmocka_unit_test(test_mutated),
    };
    return cmocka_run_group_tests(tests, read_corpus, NULL);
}
