/*
 * driver - runs a fuzz target without a fuzzing engine: under gcc, in ctest, in a debugger.
 *
 *     TARGET FILE|FOLDER...                    each input once, as it is
 *     TARGET -runs=N [-seed=S] [FILE|FOLDER...] then N inputs made from those by the target's mutator
 *
 * Files of a folder are taken in the order of their names; those of its folders too. Exit: 0 all were judged
 * clean; 1 a file could not be read; 2 bad usage; a failure aborts, as it does under an engine.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                                                     unsigned seed);
__attribute__((weak)) size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                                                       const uint8_t *data2, size_t size2, uint8_t *out,
                                                       size_t max_out, unsigned seed);

enum { INPUT_BYTES_MAX = 1 << 24, MADE_BYTES_MAX = 1 << 12, FOLDERS_DEEP_MAX = 16, CHAIN_MAX = 64 };

/* Those that were read, to make others from. */
struct input {
    uint8_t *data;
    size_t size;
};
static struct input *inputs;
static size_t input_count, input_capacity;

static int complain(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 1;
}

static int keep(uint8_t *data, size_t size)
{
    if (input_count == input_capacity) {
        size_t capacity = input_capacity ? 2 * input_capacity : 64;
        struct input *more = realloc(inputs, capacity * sizeof *more);
        if (!more) {
            return -1;
        }
        inputs = more;
        input_capacity = capacity;
    }
    inputs[input_count++] = (struct input){data, size};
    return 0;
}

/* The place is exactly as long as the input, so that a read past its end is seen. */
static void judge(const uint8_t *data, size_t size)
{
    uint8_t *place = malloc(size ? size : 1);
    if (place) {
        if (size) {
            memcpy(place, data, size);
        }
        LLVMFuzzerTestOneInput(place, size);
    }
    free(place);
}

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = file ? malloc(INPUT_BYTES_MAX) : NULL;
    if (!data) {
        if (file) {
            fclose(file);
        }
        return complain(path);
    }
    size_t size = fread(data, 1, INPUT_BYTES_MAX, file);
    int failed = ferror(file) ? complain(path) : 0;
    fclose(file);
    uint8_t *fitted = realloc(data, size ? size : 1);
    data = fitted ? fitted : data;
    if (!failed) {
        fprintf(stderr, "%s\n", path); /* before: an abort then follows its input's name */
        judge(data, size);
    }
    if (failed || keep(data, size) < 0) {
        free(data);
    }
    return failed;
}

static int run_path(const char *path, int deep)
{
    struct stat status;
    struct dirent **names;
    if (stat(path, &status) < 0) {
        return complain(path);
    }
    if (!S_ISDIR(status.st_mode)) {
        return run_file(path);
    }
    int count = deep < FOLDERS_DEEP_MAX ? scandir(path, &names, NULL, alphasort) : (errno = ELOOP, -1),
        failed = 0;
    if (count < 0) {
        return complain(path);
    }
    for (int i = 0; i < count; i++) {
        char *inside = NULL;
        if (names[i]->d_name[0] != '.' && asprintf(&inside, "%s/%s", path, names[i]->d_name) >= 0) {
            failed |= run_path(inside, deep + 1);
            free(inside);
        }
        free(names[i]);
    }
    free(names);
    return failed;
}

/* --- inputs that are made
 * ------------------------------------------------------------------------------------------- */

static uint64_t draw(uint64_t *state) /* xorshift64*: see fuzz/layer/mutate.c */
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

/* Chains of changes, each from an input that was read or from nothing; every link is judged. */
static void make_inputs(unsigned long runs, unsigned seed)
{
    uint64_t random = (uint64_t)seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    uint8_t made[MADE_BYTES_MAX], crossed[MADE_BYTES_MAX];
    size_t size = 0, left = 0;
    for (; runs > 0; runs--, left--) {
        if (left == 0) {
            const struct input *from = input_count ? &inputs[draw(&random) % input_count] : NULL;
            size = from && from->size <= sizeof made ? from->size : 0;
            if (size) {
                memcpy(made, from->data, size);
            }
            left = 1 + draw(&random) % CHAIN_MAX;
        }
        if (LLVMFuzzerCustomCrossOver && input_count && draw(&random) % 8 == 0) {
            const struct input *with = &inputs[draw(&random) % input_count];
            size = LLVMFuzzerCustomCrossOver(made, size, with->data, with->size, crossed, sizeof crossed,
                                             (unsigned)draw(&random));
            memcpy(made, crossed, size);
        } else {
            size = LLVMFuzzerCustomMutator(made, size, sizeof made, (unsigned)draw(&random));
        }
        judge(made, size);
    }
}

static int bad_usage(const char *program, const char *argument)
{
    fprintf(stderr, "%s: %s: not an option; usage: %s [-runs=N] [-seed=S] FILE|FOLDER...\n", program,
            argument, program);
    return 2;
}

int main(int argc, char **argv)
{
    unsigned long runs = 0, seed = 1;
    int failed = 0;
    if (LLVMFuzzerInitialize) {
        LLVMFuzzerInitialize(&argc, &argv);
    }
    for (int i = 1; i < argc; i++) {
        char *end = NULL;
        if (argv[i][0] != '-') {
            continue;
        }
        bool is_runs = strncmp(argv[i], "-runs=", 6) == 0, is_seed = strncmp(argv[i], "-seed=", 6) == 0;
        unsigned long value = is_runs || is_seed ? strtoul(argv[i] + 6, &end, 10) : 0;
        if (!end || *end || end == argv[i] + 6) {
            return bad_usage(argv[0], argv[i]);
        }
        *(is_runs ? &runs : &seed) = value;
    }
    for (int i = 1; i < argc; i++) {
        failed |= argv[i][0] == '-' ? 0 : run_path(argv[i], 0);
    }
    if (runs && LLVMFuzzerCustomMutator) {
        make_inputs(runs, (unsigned)seed);
    }
    fprintf(stderr, "%zu files, %lu made inputs: clean\n", input_count, LLVMFuzzerCustomMutator ? runs : 0);
    for (size_t i = 0; i < input_count; i++) {
        free(inputs[i].data);
    }
    free(inputs);
    return failed;
}
