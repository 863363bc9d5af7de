/*
 * python_script - a scenario as the script that export_python writes: the head, SCENARIO, the part that plays
 * it.
 *
 * The script is walked as a run would walk it, with the values that are known before one; what only a run
 * knows is the name of a variable in SCENARIO. Names, patterns and bytes stand in literals only. What can't
 * be said is refused with its place, never left out. Files that the scenario names are read; nothing is
 * started.
 */
#ifndef SEAM_HARNESS_EXCHANGE_PYTHON_SCRIPT_H
#define SEAM_HARNESS_EXCHANGE_PYTHON_SCRIPT_H

#include "harness/exchange/python_literal.h"
#include "harness/scenario.h"
#include "harness/segmentation.h"
#include "harness/step.h"

struct script_flow {                      /* one connection on the walk */
    const struct segmentation_item *item; /* NULL: as written */
    size_t next;                          /* of its listed cuts */
    bool open;                            /* a burst is, under another rule than as written */
    bool unproved, proved;                /* sends of the burst are */
    uint64_t begin;                       /* of the burst; bytes sent on the connection, FIN counted */
    struct bytes bytes;                   /* of the burst */
    const struct step *first;
};

struct script {
    const struct scenario *scenario;
    struct values values;
    struct segmentation cut;
    struct script_flow *flows;
    struct bytes *out;
    const struct place *place; /* of what is being walked */
    const char **variables;    /* by slot: names in the script */
    char why_not[300];         /* ""; it can be said */
};

/* False: why_not says why. The script goes to out. */
bool python_script(const struct scenario *scenario, struct bytes *out, char why_not[300]);

/* --- inside: python_script.c, python_values.c, python_steps.c, python_send.c */

void script_refuse(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool script_refused(const struct script *s);
void script_say(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void script_say_text(struct script *s, const char *text); /* as a literal */

const char *script_variable(const struct script *s, size_t slot); /* its name in the script */
void script_forget(struct script *s, size_t slot);                /* only a run knows it from here on */
void script_bind(struct script *s, const struct scenario_var *vars, size_t count);
void script_flatten(struct script *s, const struct data *data, const struct delimiter *delimiter,
                    struct python_parts *out);
void script_flatten_text(struct script *s, const struct text *text, struct python_parts *out);
int64_t script_number(struct script *s, const struct number *number);
void script_say_data(struct script *s, const struct data *data, const struct delimiter *delimiter);
void script_say_words(struct script *s, const struct text *text);
void script_say_pattern(struct script *s, const struct pattern *pattern); /* and forgets what it captures */

void script_say_programs(struct script *s);
void script_say_connections(struct script *s);
void script_say_step(struct script *s, size_t at);
void script_begin_step(struct script *s, const struct step *step, const char *verb);
void script_send(struct script *s, size_t at);
bool script_close_write(struct script *s, size_t at, size_t connection); /* the FIN has been said */
void script_check_cuts(struct script *s);

#endif
