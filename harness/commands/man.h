/*
 * man - the man pages of `seam help --man`: one line per page in commands/man_pages.def.
 *
 * They are made of the tables that the program itself reads, so they say what it does; only what no table
 * knows is written in them.
 */
#ifndef SEAM_HARNESS_COMMANDS_MAN_H
#define SEAM_HARNESS_COMMANDS_MAN_H

#include <stdio.h>

#define MAN_PAGE(name, page) void man_##name(FILE *out);
#include "harness/commands/man_pages.def"
#undef MAN_PAGE

#endif
