/* chat_help - what `--help` and `--man` of the chat programs print, from one set of tables. */
#ifndef SEAM_CHAT_HELP_H
#define SEAM_CHAT_HELP_H

#include "src/chat_turns.h"

#include <stdio.h>

void chat_help_print(FILE *out, enum chat_role role);
/* The page chat-server.1 or chat-client.1, as man(7) reads it. */
void chat_help_print_man(FILE *out, enum chat_role role);

#endif
