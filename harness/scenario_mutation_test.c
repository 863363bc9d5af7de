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
#include <jansson.h>

#include "harness/scenario_fixture_test.h"

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

/* --- changed values, in a file that stays JSON -----------------------------------------------------------
 */

static json_t *random_value(uint32_t *seed)
{
    static const char *const values[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.5",
        "3",
        "9223372036854775807",
        "\"\"",
        "\"a\"",
        "\"b\"",
        "\"server\"",
        "\"server.http\"",
        "\"server.log\"",
        "\"s\"",
        "\"nope\"",
        "\"${n}\"",
        "\"${i * i - 1}\"",
        "\"${1 / (count - 3)}\"",
        "\"${len(user)}\"",
        "\"${server.http.port}\"",
        "\"${\"",
        "\"(?<n>.)(\"",
        "\"(?<n>.)\"",
        "\"127.0.0.1:0\"",
        "\"parts/greet.part.json\"",
        "\"parts/nope\"",
        "\"steps.json\"",
        "\"a@1,99999\"",
        "[]",
        "{}",
        "[[]]",
        "[\"a\", 1]",
        "{\"text\": \"${i}\", \"times\": \"${n}\"}",
        "{\"hex\": \"0\"}",
        "{\"lines\": [\"x\", {\"file\": \"steps.json\"}]}",
        "{\"matches\": \"(?<m>\\\\d+)\"}",
        "{\"send\": \"b\", \"line\": \"x\"}",
        "{\"connect\": \"z\", \"to\": \"server.http\"}",
        "{\"close\": \"a\"}",
        "{\"repeat\": 3, \"as\": \"i\", \"steps\": [{\"settle\": \"server\"}]}",
        "{\"include\": \"steps.json\"}",
        "{\"command\": [\"x\"], \"listens\": [\"a\"]}",
    };
    json_t *value =
        json_loads(values[next_random(seed) % (sizeof values / sizeof values[0])], JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

/* The key of a random member; borrowed. */
static const char *random_key(json_t *object, uint32_t *seed)
{
    size_t skip = next_random(seed) % json_object_size(object);
    void *member = json_object_iter(object);
    while (skip-- > 0) {
        member = json_object_iter_next(object, member);
    }
    return json_object_iter_key(member);
}

static void change_member(json_t *object, uint32_t *seed)
{
    static const char *const keys[] = {
        "line",    "lines",   "data",    "send", "expect", "times", "steps", "matches", "why",   "as",
        "text",    "vars",    "each",    "part", "to",     "until", "cut",   "listens", "x",     "stdio",
        "address", "include", "barrier", "exit", "size",   "split", "stop",  "start",   "repeat"};
    char old[100];
    snprintf(old, sizeof old, "%s", random_key(object, seed));
    json_t *value = json_incref(json_object_get(object, old));
    switch (next_random(seed) % 4) {
    case 0:
        json_object_del(object, old);
        break;
    case 1: /* another name for it */
        json_object_del(object, old);
        json_object_set(object, keys[next_random(seed) % (sizeof keys / sizeof keys[0])], value);
        break;
    case 2: /* one more */
        json_object_set_new(object, keys[next_random(seed) % (sizeof keys / sizeof keys[0])],
                            random_value(seed));
        break;
    default:
        json_object_set_new(object, old, random_value(seed));
        break;
    }
    json_decref(value);
}

static void change_item(json_t *array, uint32_t *seed)
{
    size_t at = next_random(seed) % json_array_size(array), from = next_random(seed) % json_array_size(array);
    switch (next_random(seed) % 4) {
    case 0:
        json_array_remove(array, at);
        break;
    case 1:
        json_array_insert_new(array, at, json_deep_copy(json_array_get(array, from)));
        break;
    case 2:
        json_array_insert_new(array, at, random_value(seed));
        break;
    default:
        json_array_set_new(array, at, random_value(seed));
        break;
    }
}

/* Changes something in the value, at a random depth. */
static void change(json_t *json, uint32_t *seed)
{
    json_t *child = NULL;
    if (json_is_object(json) && json_object_size(json) > 0) {
        child = json_object_get(json, random_key(json, seed));
    } else if (json_is_array(json) && json_array_size(json) > 0) {
        child = json_array_get(json, next_random(seed) % json_array_size(json));
    } else {
        return;
    }
    if (next_random(seed) % 3 && (json_object_size(child) > 0 || json_array_size(child) > 0)) {
        change(child, seed);
    } else if (json_is_object(json)) {
        change_member(json, seed);
    } else {
        change_item(json, seed);
    }
}

static void test_changed_values(void **state)
{
    const struct corpus *corpus = *state;
    uint32_t seed = 4711;
    int rounds = getenv("SEAM_FULL") ? 20 * ROUNDS : ROUNDS;
    for (int round = 0; round < rounds; round++) {
        size_t i = next_random(&seed) % corpus->count;
        json_t *json = json_loadb(corpus->text[i], corpus->length[i], JSON_ALLOW_NUL, NULL);
        assert_non_null(json);
        for (uint32_t changes = 1 + next_random(&seed) % 2; changes > 0; changes--) {
            change(json, &seed);
        }
        char *text = json_dumps(json, JSON_INDENT(1));
        assert_non_null(text);
        load(corpus->path[i], text, strlen(text));
        free(text);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_beginning),
        cmocka_unit_test(test_mutated),
        cmocka_unit_test(test_changed_values),
    };
    return cmocka_run_group_tests(tests, read_corpus, NULL);
}
