/* rot13 - see rot13.h. session->state: 1 behind the upgrade. */
#include "tests/sweep/upgrade/rot13.h"

#include <string.h>

void rot13(char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char letter = (char)(bytes[i] | 0x20);
        if (letter >= 'a' && letter <= 'z') {
            bytes[i] = (char)(bytes[i] + (letter < 'n' ? 13 : -13));
        }
    }
}

void rot13_answer(struct session *session, const char *line, size_t length)
{
    char answer[256] = "ok ";
    length = length > 250 ? 250 : length;
    memcpy(answer + 3, line, length);
    if (session->state) {
        rot13(answer, length + 3);
    }
    session_answer(session, "", answer, length + 3, "\n");
}

bool rot13_is_upgrade(const struct session *session, const char *line, size_t length)
{
    return !session->state && length == 7 && memcmp(line, "UPGRADE", 7) == 0;
}
