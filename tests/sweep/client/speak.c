/* speak - see speak.h. */
#include "tests/sweep/client/speak.h"

#include "tests/sweep/serve.h"

#include <stdio.h>
#include <string.h>

static bool begins(const char *line, size_t length, const char *word)
{
    return length >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

static void say(int fd, const char *text)
{
    char line[SPEAK_BYTES_MAX + 16];
    int n = snprintf(line, sizeof line, "%s\r\n", text);
    write_all(fd, line, (size_t)n);
}

static void show(const char *word, const char *text, size_t length)
{
    printf("%s%.*s\n", word, (int)length, text);
    fflush(stdout);
}

bool speak_line(int fd, const char *line, size_t length)
{
    char answer[SPEAK_BYTES_MAX];
    if (begins(line, length, "101 ")) {
        snprintf(answer, sizeof answer, "hi %.*s", (int)length - 4, line + 4);
        say(fd, answer);
    } else if (begins(line, length, "SAY ")) {
        show("heard ", line + 4, length - 4);
        snprintf(answer, sizeof answer, "ack %zu", length - 4);
        say(fd, answer);
    } else if (length == 3 && begins(line, length, "BYE")) {
        show("bye", "", 0);
        say(fd, "bye");
        return false;
    } else {
        show("what", "", 0);
        say(fd, "what");
    }
    return true;
}

long speak_find_end(const char *bytes, size_t length)
{
    const char *end = memmem(bytes, length, "\r\n", 2);
    return end ? end - bytes : -1;
}
