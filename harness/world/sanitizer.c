#include "harness/world/sanitizer.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char LOG_NAME[] = "sanitizer";

struct line {
    const char *start; /* NULL: no line */
    size_t bytes;
};

static struct line line_at(const char *start, const char *end)
{
    const char *newline = memchr(start, '\n', (size_t)(end - start));
    return (struct line){start, (size_t)((newline != NULL ? newline : end) - start)};
}

static const char *line_find(struct line line, const char *text)
{
    return memmem(line.start, line.bytes, text, strlen(text));
}

/*
 * Where the name of the error starts in a report's first line, or NULL. A report begins with "==123==ERROR:
 * XSanitizer: ", with "WARNING: XSanitizer: " (thread and memory), or has "file:line:column: runtime error: "
 * (undefined behaviour).
 */
static const char *line_error_name(struct line line)
{
    static const char *const marks[] = {"ERROR: ", "WARNING: ", "FATAL: "};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *mark = line_find(line, marks[i]);
        if (mark == NULL)
            continue;
        const char *name = mark + strlen(marks[i]);
        struct line rest = {name, (size_t)(line.start + line.bytes - name)};
        size_t letters = 0;
        while (letters < rest.bytes && ((name[letters] | 32) >= 'a' && (name[letters] | 32) <= 'z'))
            letters++;
        struct line word = {name, letters};
        if (letters > strlen("Sanitizer") && line_find(word, "Sanitizer") != NULL)
            return name;
    }
    return line_find(line, ": runtime error: ") != NULL ? line.start : NULL;
}

/* "AddressSanitizer: heap-buffer-overflow on address 0x..." -> "AddressSanitizer: heap-buffer-overflow" */
static void report_set_kind(struct sanitizer_report *report, struct line line, const char *name)
{
    const char *end = line.start + line.bytes;
    if (name == line.start && line_find(line, "runtime error: ") != NULL) {
        const char *text = line_find(line, "runtime error: ") + strlen("runtime error: ");
        snprintf(report->kind, sizeof report->kind, "UndefinedBehaviorSanitizer: %.*s", (int)(end - text),
                 text);
        return;
    }
    static const char *const tails[] = {" on ", " (pid", " of ", " 0x"};
    struct line rest = {name, (size_t)(end - name)};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        const char *tail = line_find(rest, tails[i]);
        if (tail != NULL)
            rest.bytes = (size_t)(tail - rest.start);
    }
    snprintf(report->kind, sizeof report->kind, "%.*s", (int)rest.bytes, rest.start);
}

static void report_quote(struct sanitizer_report *report, struct line line)
{
    size_t used = strlen(report->quote);
    snprintf(report->quote + used, sizeof report->quote - used, "%s%.*s", used > 0 ? "\n" : "",
             (int)line.bytes, line.start);
}

bool sanitizer_find_in_text(const char *text, size_t text_bytes, struct sanitizer_report *report)
{
    const char *end = text + text_bytes;
    bool found = false;
    bool framed = false;
    for (const char *at = text; at < end;) {
        struct line line = line_at(at, end);
        at = line.start + line.bytes + 1;
        const char *name = line_error_name(line);
        if (name != NULL && found)
            break; /* the next report */
        if (name != NULL) {
            found = true;
            *report = (struct sanitizer_report){.kind = ""};
            report_set_kind(report, line, name);
            report_quote(report, line);
        } else if (found && !framed && line_find(line, "    #0 ") == line.start) {
            framed = true;
            report_quote(report, line);
        } else if (found && line_find(line, "SUMMARY: ") == line.start) {
            report_quote(report, line);
            break;
        }
    }
    return found;
}

static int is_log(const struct dirent *entry)
{
    size_t name_bytes = sizeof LOG_NAME - 1;
    return strncmp(entry->d_name, LOG_NAME, name_bytes) == 0 && entry->d_name[name_bytes] == '.';
}

static bool log_find(const char *folder, const char *name, struct sanitizer_report *report)
{
    char *path = NULL;
    bool found = false;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return false;
    FILE *file = fopen(path, "re");
    char *text = file != NULL ? malloc(SANITIZER_LOG_BYTES_MAX) : NULL;
    if (text != NULL)
        found = sanitizer_find_in_text(text, fread(text, 1, SANITIZER_LOG_BYTES_MAX, file), report);
    free(text);
    if (file != NULL)
        fclose(file);
    free(path);
    return found;
}

int sanitizer_find_in_folder(const char *folder, struct sanitizer_report *report)
{
    struct dirent **logs;
    int count = scandir(folder, &logs, is_log, alphasort);
    if (count < 0)
        return -1;
    bool found = false;
    for (int i = 0; i < count; i++) {
        found = found || log_find(folder, logs[i]->d_name, report);
        free(logs[i]);
    }
    free(logs);
    return found ? 1 : 0;
}

static const char *environment_value(const char *const *envp, const char *name)
{
    size_t name_bytes = strlen(name);
    for (; *envp != NULL; envp++) {
        if (strncmp(*envp, name, name_bytes) == 0 && (*envp)[name_bytes] == '=')
            return *envp + name_bytes + 1;
    }
    return "";
}

int sanitizer_environment(const char *folder, const char *const *envp,
                          char *variables[SANITIZER_VARIABLES + 1])
{
    static const char *const names[SANITIZER_VARIABLES] = {"ASAN_OPTIONS", "LSAN_OPTIONS", "MSAN_OPTIONS",
                                                           "TSAN_OPTIONS", "UBSAN_OPTIONS"};
    memset(variables, 0, (SANITIZER_VARIABLES + 1) * sizeof *variables);
    for (int i = 0; i < SANITIZER_VARIABLES; i++) {
        const char *old = environment_value(envp, names[i]);
        int bytes;
        if (strstr(old, "log_path=") != NULL)
            bytes = asprintf(&variables[i], "%s=%s", names[i], old);
        else /* quoted: a ':' or a space in the folder's name would end the value */
            bytes = asprintf(&variables[i], "%s=%s%slog_path=\"%s/%s\"", names[i], old,
                             *old != '\0' ? ":" : "", folder, LOG_NAME);
        if (bytes < 0) {
            variables[i] = NULL;
            sanitizer_environment_free(variables);
            return -1;
        }
    }
    return 0;
}

void sanitizer_environment_free(char *variables[SANITIZER_VARIABLES + 1])
{
    for (int i = 0; i < SANITIZER_VARIABLES; i++) {
        free(variables[i]);
        variables[i] = NULL;
    }
}
