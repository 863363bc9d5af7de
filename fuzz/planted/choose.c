/*
 * choose - one program holds all planted parsers; SEAM_PLANTED in its environment names the one to fuzz.
 *
 * With SEAM_PLANTED=list it prints them and ends: name, framing, limit, oracles that may see the bug
 * (none: it has none), the dictionary that says as much as the layer is told (tokens in libFuzzer's syntax),
 * and the bug in words.
 */
#include "fuzz/planted/planted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);

struct seam_fuzz_parser planted_chosen;

static void print_tokens(const struct seam_fuzz_bytes *list)
{
    for (; list && list->data; list++) {
        putchar('"');
        for (size_t i = 0; i < list->length; i++) {
            printf("\\x%02x", (unsigned char)list->data[i]);
        }
        fputs("\" ", stdout);
    }
}

static void print_oracles(unsigned seen_by)
{
    bool more = false;
    for (unsigned verdict = 0; verdict < 32; verdict++) {
        if (seen_by >> verdict & 1) {
            printf("%s%s", more ? " or " : "", seam_fuzz_verdict_name((enum seam_fuzz_verdict)verdict));
            more = true;
        }
    }
}

static void print_list(const struct planted *list)
{
    for (; list->parser; list++) {
        printf("%s\t%s\t%zu\t", list->parser->name, list->framing, list->limit);
        print_oracles(list->seen_by);
        putchar('\t');
        print_tokens(list->parser->delimiters);
        print_tokens(list->parser->words);
        printf("\t%s\n", list->what);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct planted *const lists[] = {planted_lines, planted_netstrings};
    const char *name = getenv("SEAM_PLANTED");
    (void)argc;
    for (size_t i = 0; name && i < sizeof lists / sizeof *lists; i++) {
        if (strcmp(name, "list") == 0) {
            print_list(lists[i]);
        }
        for (const struct planted *at = lists[i]; at->parser; at++) {
            if (strcmp(name, at->parser->name) == 0) {
                planted_chosen = *at->parser;
                return 0;
            }
        }
    }
    if (name && strcmp(name, "list") == 0) {
        exit(0);
    }
    fprintf(stderr, "%s: SEAM_PLANTED must be \"list\" or the name of a parser\n", (*argv)[0]);
    exit(2);
}
