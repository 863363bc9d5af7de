/* program - the command of a program, as it is typed, becomes one of a scenario. See conversation.h. */
#include "harness/exchange/conversation.h"

#include <string.h>
#include <sys/stat.h>

#include "harness/arena.h"
#include "harness/scenario_print.h"
#include "harness/scenario_print_values.h" /* print_relative */

struct command {
    struct arena *arena;
    const char *folder;
    char *word; /* as long as the command */
    struct seam_error *error;
};

/* --- words
 * ------------------------------------------------------------------------------------------------------ */

/* The word at *at, which is moved behind it; gone with the next one. NULL: there is none more, or, with
 * error, a quote has no end. */
static const char *next_word(const struct command *c, const char **at)
{
    const char *from = *at + strspn(*at, " \t\n");
    size_t length = 0;
    char quote = 0;
    if (!*from) {
        return NULL;
    }
    for (; *from && (quote || !strchr(" \t\n", *from)); from++) {
        if (quote ? *from == quote : *from == '\'' || *from == '"') {
            quote = quote ? 0 : *from;
        } else if (*from == '\\' && quote != '\'' && from[1] && (!quote || strchr("\"\\", from[1]))) {
            c->word[length++] = *++from;
        } else {
            c->word[length++] = *from;
        }
    }
    if (quote) {
        seam_error_set(c->error, "--program: a %c is missing", quote);
        return NULL;
    }
    c->word[length] = '\0';
    *at = from;
    return c->word;
}

/* --- paths
 * ------------------------------------------------------------------------------------------------------ */

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The way from the scenario's folder to a relative path. Links to the file itself stay what they are: a
 * program may look at its own name. NULL: its folder does not exist. */
static const char *way_to(const struct command *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = realpath(slash ? arena_copy(c->arena, path, (size_t)(slash - path)) : ".", NULL);
    const char *name = slash ? slash + 1 : path, *way = NULL;
    if (folder) {
        const char *to = arena_format(c->arena, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
        way = print_relative(c->arena, c->folder, to);
    }
    free(folder);
    return way;
}

/* A word of the command. The first is a program: one with a / is relative to the scenario, as it was to here;
 * others are files when there are such. */
static json_t *print_word(const struct command *c, const char *word, bool first)
{
    bool path = first ? strchr(word, '/') != NULL : is_file(word);
    const char *way = path && word[0] != '/' && !strstr(word, "${") ? way_to(c, word) : NULL;
    const char *before = !first ? "${here}/" : way && !strchr(way, '/') ? "./" : "";
    json_t *text = way ? scenario_print_bytes(way, strlen(way)) : json_string(word);
    if (!json_is_string(text)) {
        json_decref(text);
        seam_error_set(c->error, "--program: '%s' can't be written into a scenario", word);
        return NULL;
    }
    json_t *whole = way ? json_sprintf("%s%s", before, json_string_value(text)) : json_incref(text);
    json_decref(text);
    return whole;
}

json_t *program_print(const char *command, bool stdio, const char *folder, struct seam_error *error)
{
    struct command c = {.arena = arena_new(), .folder = folder, .error = error};
    json_t *words = json_array(), *program = NULL;
    const char *at = command;
    bool failed = false;
    c.word = arena_alloc(c.arena, strlen(command) + 1);
    error->text[0] = '\0';
    for (const char *word; !failed && (word = next_word(&c, &at));) {
        failed = json_array_append_new(words, print_word(&c, word, json_array_size(words) == 0)) != 0;
    }
    if (!failed && !error->text[0] && json_array_size(words) == 0) {
        seam_error_set(error, "--program: the command is empty");
    }
    if (!failed && !error->text[0]) {
        program = json_pack("{s:O, s:b}", "command", words, stdio ? "stdio" : "listens", 1);
    }
    if (!program && !error->text[0]) {
        seam_error_set(error, "out of memory");
    }
    json_decref(words);
    arena_free(c.arena);
    return program;
}
