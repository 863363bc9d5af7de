/*
 * finding - groups of cases with one cause: their shape in words, and which class of real bugs it looks like.
 *
 * The shape is what was done to the stream: "single cut inside the delimiter". Expectation and invariance see
 * the same differences, so they share groups; a stall is another thing than other bytes.
 */
#include "harness/sweep/sweep_inside.h"

#include <stdlib.h>
#include <string.h>

/* Which message a case cuts or joins, and what its first cut parts. */
void finding_shape(const struct sweep *sweep, const struct sweep_case *which, char shape[80], size_t *message,
                   enum place_kind *place)
{
    const struct plan_case *planned = which->planned;
    const char *word = case_kind_words[which->kind];
    (void)sweep;
    *message = planned ? planned->message : SIZE_MAX;
    *place = PLACE_MESSAGES;
    if (planned && planned->cut_count && planned->message != SIZE_MAX) {
        size_t cut_message = planned->message;
        const struct layout *layout = &which->subject->layout;
        while (cut_message + 1 < layout->message_count &&
               planned->cuts[0] > layout->messages[cut_message].end) {
            cut_message++;
        }
        *place = layout_place_kind(layout, &which->subject->scenario, cut_message, planned->cuts[0]);
    }
    if (which->kind == CASE_CUT) {
        snprintf(shape, 80, "%s %s", word, place_words(*place));
    } else if (which->subject->kind == SUBJECT_PIPELINED) {
        snprintf(shape, 80, "pipelined, %s", word);
    } else {
        snprintf(shape, 80, "%s", word);
    }
}

static enum oracle merged(enum oracle oracle)
{
    return oracle == ORACLE_EXPECTATION ? ORACLE_INVARIANCE : oracle;
}

struct finding *finding_like(struct sweep *sweep, enum oracle oracle, const char *shape)
{
    for (size_t i = 0; i < sweep->finding_count; i++) {
        struct finding *f = &sweep->findings[i];
        if (merged(f->oracle) == merged(oracle) && strcmp(f->shape, shape) == 0) {
            return f;
        }
    }
    return NULL;
}

void finding_add_case(struct finding *finding, const struct sweep_case *which)
{
    if (finding->cases < FINDING_IDS_MAX && which->id) {
        finding->ids[finding->cases] = strdup(which->id);
    }
    finding->cases++;
}

struct finding *finding_add(struct sweep *sweep, const struct sweep_case *which, const char *shape,
                            struct judgement *judgement, struct record *record, unsigned repeats,
                            unsigned tries)
{
    if (sweep->finding_count == FINDINGS_MAX) {
        return NULL;
    }
    struct finding *f = &sweep->findings[sweep->finding_count++];
    *f = (struct finding){.oracle = judgement->oracle,
                          .oddity = judgement->oddity,
                          .subject = which->subject,
                          .kind = which->kind,
                          .as_written = !which->segmentation,
                          .judgement = *judgement,
                          .repeats = repeats,
                          .tries = tries,
                          .found_after = sweep->cases_run};
    judgement->text = NULL;
    snprintf(f->shape, sizeof f->shape, "%s", shape);
    if (which->planned) {
        char same[80];
        finding_shape(sweep, which, same, &f->message, &f->place);
    } else {
        f->message = SIZE_MAX;
    }
    if (which->segmentation) {
        segmentation_copy(which->segmentation, &f->segmentation);
    }
    if (record) {
        f->odd = *record;
        f->has_odd = true;
    }
    finding_add_case(f, which);
    map_note(sweep, which, MAP_ODD);
    f->class_letter = finding_class(f);
    sweep->failed_fast = sweep->failed_fast || !sweep->options->keep_going;
    return f;
}

void finding_close(struct finding *finding)
{
    segmentation_close(&finding->segmentation);
    judgement_close(&finding->judgement);
    if (finding->has_odd) {
        record_close(&finding->odd);
    }
    for (size_t i = 0; i < FINDING_IDS_MAX; i++) {
        free(finding->ids[i]);
    }
    free(finding->charts[0]);
    free(finding->charts[1]);
    free(finding->picture);
    free(finding->repro_path);
    free(finding->key);
    free(finding->note);
}

/* --- classes
 * -------------------------------------------------------------------------------------------------------- */

static bool has_nul(const struct finding *f, const struct layout *layout)
{
    for (size_t i = 0; i < layout->message_count; i++) {
        const struct layout_message *m = &layout->messages[i];
        bool near = f->message == SIZE_MAX || i == f->message || i == f->message + 1;
        if (near && !m->fin && memchr(m->data, 0, (size_t)(m->end - m->begin))) {
            return true;
        }
    }
    return false;
}

/* Is the message as long as any, and much longer than most? Then a limit is likely to be near. */
static bool is_longest(const struct finding *f, const struct layout *layout)
{
    uint64_t own = 0, others = 0, count = 0;
    for (size_t i = 0; f->message != SIZE_MAX && i < layout->message_count; i++) {
        uint64_t length = layout->messages[i].end - layout->messages[i].begin;
        if (i == f->message) {
            own = length;
        } else if (!layout->messages[i].fin) {
            others += length;
            count++;
        }
    }
    return own >= 32 && (count == 0 || own > 3 * (others / count));
}

static char finding_class_of(const struct finding *f, const struct layout *layout)
{
    if (f->oracle == ORACLE_COST) {
        return 'N';
    }
    if (f->oracle == ORACLE_INJECTION || f->kind == CASE_BARRIER) {
        return 'K';
    }
    if (f->oracle == ORACLE_HEALTH) {
        return 'I';
    }
    if (f->kind == CASE_SLOW) {
        return 'M';
    }
    if (f->kind == CASE_FIN || f->subject->kind == SUBJECT_FIN) {
        return 'L';
    }
    bool joined = f->kind == CASE_JOIN || f->kind == CASE_JOIN_CUT || f->kind == CASE_COALESCED;
    if (has_nul(f, layout) && (joined || f->place == PLACE_NUL)) {
        return 'O';
    }
    if (f->oddity == ODDITY_STALL || f->oddity == ODDITY_UNREAD) {
        return 'E';
    }
    if (f->place == PLACE_CHARACTER) {
        return 'J';
    }
    if (f->place == PLACE_DELIMITER) {
        return 'B';
    }
    if (is_longest(f, layout)) {
        return joined ? 'H' : 'G';
    }
    if (joined) {
        return f->oddity == ODDITY_LESS || f->kind == CASE_JOIN ? 'D' : 'F';
    }
    return f->kind == CASE_CUT ? 'A' : f->kind == CASE_PAIR || f->kind == CASE_TRIPLE ? 'C' : 'F';
}

char finding_class(const struct finding *f)
{
    return finding_class_of(f, &f->subject->layout);
}

/* --- by what is left
 * ------------------------------------------------------------------------------------------------ */

/* One sign for bytes that are alike to a parser, so that "o" and "e" are one shape. */
static char sign_of(unsigned char c)
{
    return c >= 0x80 ? 'u' : c > ' ' && c < 0x7f ? 'a' : (char)c;
}

static char *key_of(const struct finding *f, const struct specimen *specimen)
{
    struct bytes key;
    bytes_init(&key, (size_t)1 << 24);
    bytes_append_format(&key, "%d %d;", (int)merged(f->oracle), (int)f->subject->kind);
    for (size_t i = 0; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        if (op->off || op->kind != OP_MESSAGE) {
            continue;
        }
        bytes_append_format(&key, "%zu:", op->connection);
        size_t cut = 0;
        char last = 0;
        for (size_t k = 0; k < op->length; k++) {
            bool here = cut < op->cut_count && op->cuts[cut] == k;
            char sign = sign_of((unsigned char)op->bytes[k]);
            cut += here;
            if (here) {
                bytes_append_text(&key, "|");
            }
            if (here || sign != last || (sign != 'a' && sign != 'u')) {
                bytes_append(&key, &sign, 1);
            }
            last = sign;
        }
        bytes_append_format(&key, "%s%s;", op->fin ? "FIN" : "", op->joined ? "+" : "");
    }
    struct bytes text; /* a C string, so that NULs count */
    bytes_init(&text, (size_t)1 << 25);
    bytes_append_visible(&text, bytes_text(&key), key.length, BYTES_VISIBLE_QUOTED);
    char *copy = strdup(bytes_text(&text));
    bytes_free(&key);
    bytes_free(&text);
    return copy;
}

/* The first message with a cut of its own, in the layout of the run with each message alone. */
static void find_first_cut(struct finding *f, const struct specimen *specimen, const struct shown *shown,
                           size_t *message_cuts, size_t *joins)
{
    size_t message = 0;
    *message_cuts = *joins = 0;
    f->message = SIZE_MAX;
    for (size_t i = 0; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        if (op->off || op->kind != OP_MESSAGE) {
            continue;
        }
        if (op->cut_count && *message_cuts == 0 && message < shown->subject.layout.message_count) {
            f->message = message;
            f->place = layout_place_kind(&shown->subject.layout, &shown->subject.scenario, message,
                                         shown->subject.layout.messages[message].begin + op->cuts[0]);
        }
        *message_cuts += op->cut_count;
        *joins += op->joined && specimen_next_in_burst(specimen, i) != SIZE_MAX;
        message++;
    }
}

void finding_reshape(struct finding *f, const struct specimen *specimen, const struct shown *shown)
{
    size_t cuts, joins;
    free(f->key);
    f->key = key_of(f, specimen);
    if (specimen_is_special(specimen) || f->kind == CASE_FIN || f->subject->kind == SUBJECT_FIN) {
        return;
    }
    find_first_cut(f, specimen, shown, &cuts, &joins);
    f->kind = joins == 0 ? (cuts == 1 ? CASE_CUT : CASE_PAIR) : cuts == 0 ? CASE_JOIN : CASE_JOIN_CUT;
    if (cuts == 1 && joins == 0) {
        snprintf(f->shape, sizeof f->shape, "one cut %s", place_words(f->place));
    } else if (joins == 0) {
        snprintf(f->shape, sizeof f->shape, "%zu cuts, the first %s", cuts, place_words(f->place));
    } else if (cuts == 0) {
        snprintf(f->shape, sizeof f->shape, "%zu messages in one write", joins + 1);
    } else {
        snprintf(f->shape, sizeof f->shape, "%zu messages joined, and cut %s", joins + 1,
                 place_words(f->place));
    }
    f->class_letter = finding_class_of(f, &shown->subject.layout);
}

const char *class_words(char letter)
{
    static const char *const words[] = {
        "one read is taken as one message",
        "a delimiter of several bytes is missed or counted twice when a read ends in it",
        "a partial match over reads is resumed wrongly",
        "what follows the first message of a read is dropped",
        "what has come is not handled until more comes",
        "parser state is not kept, or not reset, over a read",
        "a limit gives another verdict with other fragments",
        "the state that discards an overlong line ends too early, too late, or never",
        "a buffer index is wrong when the data ends at one special byte",
        "bytes are decoded read by read, and a character is cut in two",
        "bytes from before a barrier are used behind it",
        "lines are lost, or run, when the end of the stream comes with them",
        "a partial write is lost or never resumed",
        "time or memory grows with the length of a line",
        "a NUL or a lone CR hides what follows in the same read",
    };
    return letter >= 'A' && letter <= 'O' ? words[letter - 'A'] : "of no known class";
}
