/* load - see load.h. */
#include "harness/commands/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/commands/diagnose.h"

/* ${bin}: where this program is, absolute; caller frees. */
static char *own_folder(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    if (length <= 0)
        return strdup("/");
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    slash[slash == path] = '\0';
    return strdup(path);
}

/* All mistakes of one file as a text, as they stand on stderr. */
static char *error_lines(const struct error_list *errors)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    if (!out)
        return NULL;
    diagnose_list(out, errors, false);
    fclose(out);
    return text;
}

static void describe_invalid(const char *path, const struct error_list *errors, struct result *out)
{
    const struct error_list_item *first = NULL;

    for (size_t i = 0; !first && i < errors->count; i++)
        first = errors->items[i].warning ? NULL : &errors->items[i];
    *out = (struct result){.status = RESULT_INVALID};
    out->path = strdup(path);
    out->name = strdup("invalid file");
    if (first) {
        out->line = first->error.line;
        out->column = first->error.column;
        out->message = strdup(first->error.text);
        if (strcmp(first->error.path, path) != 0)
            out->file = strdup(first->error.path);
    }
    if (errors->error_count > 1)
        out->detail = error_lines(errors);
    result_make_visible(out);
}

char *load_options(const struct options *options, struct scenario_options *out)
{
    char *bin = own_folder();
    *out = (struct scenario_options){
        .bin = bin,
        .defines = options->defines,
        .define_count = options->define_count,
        .allow_outside = options->allow_outside,
        .allow_remote = options->allow_remote,
    };
    return bin;
}

int load_files(const struct selected_files *selected, const struct options *options, struct loaded *out)
{
    *out = (struct loaded){0};
    out->bin = load_options(options, &out->options);
    out->files = calloc(selected->count + 1, sizeof(struct scenario_file *));
    out->invalid = calloc(selected->count + 1, sizeof *out->invalid);
    if (!out->bin || !out->files || !out->invalid)
        return -1;
    for (size_t i = 0; i < selected->count; i++) {
        struct error_list errors = {0};
        struct scenario_file *file = scenario_load(selected->paths[i], &out->options, &errors);
        diagnose_list(stderr, &errors, !options->quiet);
        if (file)
            out->files[out->count++] = file;
        else
            describe_invalid(selected->paths[i], &errors, &out->invalid[out->invalid_count++]);
        error_list_close(&errors);
    }
    return 0;
}

void loaded_close(struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->count; i++)
        scenario_file_free(loaded->files[i]);
    for (size_t i = 0; i < loaded->invalid_count; i++)
        result_close(&loaded->invalid[i]);
    free(loaded->files);
    free(loaded->invalid);
    free(loaded->bin);
    *loaded = (struct loaded){0};
}

const char *loaded_unused_define(const struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->options.define_count; i++) {
        if (!loaded->options.defines[i].used)
            return loaded->options.defines[i].name;
    }
    return NULL;
}
