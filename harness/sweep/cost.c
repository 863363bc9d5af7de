/*
 * cost - what a program spends: time per byte on a long line fed byte by byte, memory on a line that never
 * ends, descriptors and memory from one conversation to the next.
 *
 * A long line is a message of the scenario whose content is repeated, without its delimiter; only messages
 * that are lines are stretched. The processor time of the program's tree (schedstat) is read each kilobyte:
 * on a linear program each costs the same, one that scans what it has again and again spends ever more. All
 * of it runs alone, on one program, and what grows is measured once more before it is told.
 */
#include "harness/sweep/sweep_inside.h"

#include "harness/steps/args.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINE_BYTES = 4096,
    SLICE_BYTES = 512,
    SLICES_MIN = 4, /* before time ran out */
    PROBE_BYTES = 64,
    FLOOD_CHUNK_BYTES = 65536,
    FLOOD_BYTES = 4 << 20,
    FLOOD_SLICE_BYTES = 1 << 19,
    CONVERSATIONS = 12,
    CONVERSATIONS_WARM = 4,
    MEASUREMENTS_MAX = 4,
    MEASUREMENTS_ALIKE = 2, /* make a finding */
};
#define LINE_NS_MAX                   ((uint64_t)20000000000)
#define FLOOD_NS_MAX                  ((uint64_t)4000000000)
#define PROBE_NS_MAX                  ((uint64_t)1000000000)
#define TIME_GROWTH_MIN               1.8 /* the last three slices against the first three */
#define TIME_SLICE_MIN_NS             ((uint64_t)3000000)
#define MEMORY_SLICE_MIN_BYTES        ((uint64_t)FLOOD_SLICE_BYTES / 2)
#define MEMORY_BYTEWISE_MIN_BYTES     ((uint64_t)SLICE_BYTES * 32) /* of a slice sent byte by byte */
#define MEMORY_CONVERSATION_MIN_BYTES ((uint64_t)32768)

/* --- a scenario that sends one long line
 * ----------------------------------------------------------------------------- */

/* The first message that is a line: it ends with the delimiter, and has text before it. SIZE_MAX: none. */
static size_t find_line(const struct sweep *sweep)
{
    const struct layout *layout = &sweep->plain.layout;
    for (size_t i = 0; i < layout->message_count; i++) {
        const struct layout_message *m = &layout->messages[i];
        const struct delimiter *d = &sweep->scenario->connections[m->connection].delimiter;
        size_t length = (size_t)(m->end - m->begin);
        bool line = !m->fin && !m->waived && layout->varied[m->connection] &&
                    !sweep->scenario->connections[m->connection].reads_on_expect && length > d->length &&
                    memcmp(m->data + length - d->length, d->bytes, d->length) == 0;
        for (size_t k = 0; line && k < length - d->length; k++) {
            line = (unsigned char)m->data[k] >= ' ' && (unsigned char)m->data[k] < 0x7f;
        }
        if (line) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* The scenario up to that message, and then its content over and over, and no end. */
static void make_long_line(const struct sweep *sweep, size_t message, size_t bytes, struct subject *out)
{
    const struct layout_message *m = &sweep->plain.layout.messages[message];
    const struct delimiter *d = &sweep->scenario->connections[m->connection].delimiter;
    size_t content = (size_t)(m->end - m->begin) - d->length;
    subject_plain(&sweep->plain.scenario, out);
    char *line = arena_alloc(out->arena, bytes);
    for (size_t i = 0; i < bytes; i++) {
        line[i] = i < content ? m->data[i]
                              : m->data[content - 1]; /* its last byte: it may be all digits behind a verb */
    }
    struct data *data = arena_alloc(out->arena, sizeof *data);
    *data =
        (struct data){.kind = DATA_LITERAL, .literal = (const unsigned char *)line, .literal_length = bytes};
    struct send_args send = {.connection = m->connection, .data = data};
    struct script_entry *script = arena_alloc_array(out->arena, m->step + 2, sizeof *script);
    memcpy(script, sweep->plain.scenario.script, m->step * sizeof *script);
    script[m->step].step = step_new(out->arena, &step_send, &send, sizeof send,
                                    &sweep->plain.scenario.script[m->step].step->place);
    out->scenario.script = script;
    out->scenario.script_count = m->step + 1;
    struct connection *connections =
        arena_alloc_array(out->arena, out->scenario.connection_count, sizeof *connections);
    memcpy(connections, out->scenario.connections, out->scenario.connection_count * sizeof *connections);
    for (size_t c = 0; c < out->scenario.connection_count; c++) {
        connections[c].rest_ignored = true; /* a refusal is welcome */
    }
    out->scenario.connections = connections;
}

/* Sends it in chunks, with a checkpoint each slice. Returns how many slices there were; 0: the program
 * refused, or closed, or reads no more, so its cost is bounded; or it had too little time. */
static size_t run_long_line(struct sweep *sweep, size_t message, size_t bytes, uint64_t chunk, uint64_t slice,
                            uint64_t limit_ns, struct record *out)
{
    struct subject subject;
    struct segmentation segmentation = {0};
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_CALM);
    const struct layout_message *m = &sweep->plain.layout.messages[message];
    bool partial;
    options.checkpoint_bytes = slice;
    make_long_line(sweep, message, bytes, &subject);
    segmentation_set(&segmentation, sweep->plain.layout.names[m->connection],
                     chunk == 1 ? CUTS_EVERY_BYTE : CUTS_CHUNKS, chunk, NULL, 0);
    int stopped =
        sweep_run_bounded(sweep, &subject.scenario, &segmentation, &options, limit_ns, &partial, out);
    segmentation_close(&segmentation);
    subject_close(&subject);
    if (stopped) {
        return 0;
    }
    sweep_count(sweep, out, CASE_COST);
    const struct transcript_stream *said = &out->transcript.streams[2 * m->connection + 1];
    if (partial) {
        sweep_note(
            sweep,
            "a line of %zu bytes in chunks of %llu was not taken in %llu s: its cost is told from what was",
            bytes, (unsigned long long)chunk, (unsigned long long)(limit_ns / 1000000000));
    }
    bool taken = !out->failed && out->unsent_bytes == 0 && !said->ended && !said->reset;
    size_t slices = out->trace.checkpoint_count < bytes / slice ? out->trace.checkpoint_count : bytes / slice;
    if (!taken || (partial ? slices < SLICES_MIN : slices < bytes / slice)) {
        record_close(out);
        return 0;
    }
    return slices;
}

static const struct trace_checkpoint *last_checkpoints(const struct record *record, size_t count)
{
    return record->trace.checkpoints + (record->trace.checkpoint_count - count);
}

/* --- time
 * -----------------------------------------------------------------------------------------------------------
 */

static uint64_t median_of_three(const uint64_t *t)
{
    uint64_t low = t[0] < t[1] ? t[0] : t[1], high = t[0] < t[1] ? t[1] : t[0];
    return t[2] < low ? low : t[2] > high ? high : t[2];
}

/* How much more the last slices cost than the first ones; 0: too little to tell, or no steady growth: of all
 * pairs of slices hardly any may stand the other way round, which the noise of a busy machine does not bring
 * about. */
static double time_growth(const struct record *record, size_t slices, uint64_t *first_ns, uint64_t *last_ns)
{
    const struct trace_checkpoint *at = last_checkpoints(record, slices);
    uint64_t times[LINE_BYTES / SLICE_BYTES];
    size_t n = slices - 1, inversions = 0;
    for (size_t i = 0; i < n; i++) {
        times[i] = at[i + 1].cpu_ns - at[i].cpu_ns;
        for (size_t k = 0; k < i; k++) {
            inversions += times[i] < times[k];
        }
    }
    *first_ns = n >= 6 ? median_of_three(times) : times[0];
    *last_ns = n >= 6 ? median_of_three(times + n - 3) : times[n - 1];
    bool steady = inversions * 7 <= n * (n - 1) / 2;
    return steady && *first_ns > 0 && *last_ns >= TIME_SLICE_MIN_NS ? (double)*last_ns / (double)*first_ns
                                                                    : 0;
}

static void add_growth(struct sweep *sweep, enum oracle oracle, enum case_kind kind, size_t message,
                       const char *shape, char *text)
{
    struct sweep_case which = {.subject = &sweep->plain, .kind = kind, .id = "", .number = SIZE_MAX};
    struct judgement judgement = {
        .oracle = oracle, .oddity = ODDITY_GROWTH, .stream = SIZE_MAX, .text = text};
    struct finding *f = finding_add(sweep, &which, shape, &judgement, NULL, CONFIRM_REPEATS, CONFIRM_REPEATS);
    if (f) {
        f->message = message;
    }
    judgement_close(&judgement);
}

/* --- memory
 * ---------------------------------------------------------------------------------------------------------
 */

/* Does memory grow with each of the last slices? Returns by how much in all of them; 0: no. */
static uint64_t memory_growth(const struct record *record, size_t slices, uint64_t least)
{
    const struct trace_checkpoint *at = last_checkpoints(record, slices);
    for (size_t i = slices / 2; i < slices; i++) {
        if (at[i].memory_bytes < at[i - 1].memory_bytes + least) {
            return 0;
        }
    }
    return at[slices - 1].memory_bytes - at[0].memory_bytes;
}

/* --- a line fed byte by byte
 * ------------------------------------------------------------------------------------------- */

/* What one such run shows. */
struct bytewise {
    size_t bytes;
    double growth;
    uint64_t first_ns, last_ns, memory_bytes;
};

static bool feed_bytewise(struct sweep *sweep, size_t message, size_t bytes, struct bytewise *out)
{
    struct record record;
    size_t slices = run_long_line(sweep, message, bytes, 1, SLICE_BYTES, LINE_NS_MAX, &record);
    if (slices == 0) {
        return false;
    }
    out->bytes = slices * SLICE_BYTES;
    out->growth = time_growth(&record, slices, &out->first_ns, &out->last_ns);
    out->memory_bytes = memory_growth(&record, slices, MEMORY_BYTEWISE_MIN_BYTES);
    record_close(&record);
    return true;
}

/* The noise of a busy machine hides growth more often than it feigns it: such a one is measured once more. */
static bool may_have_grown(const struct bytewise *one)
{
    return one->memory_bytes > 0 || one->growth >= TIME_GROWTH_MIN ||
           (one->last_ns >= TIME_SLICE_MIN_NS && one->last_ns > one->first_ns + one->first_ns / 2);
}

static void measure_bytewise(struct sweep *sweep, size_t message)
{
    struct bytewise one;
    struct record probe;
    unsigned slower = 0, larger = 0; /* how many measurements showed it */
    char *text = NULL;
    /* one that takes a byte only now and then, at a timer, would take for ever */
    if (run_long_line(sweep, message, PROBE_BYTES, 1, PROBE_BYTES / SLICES_MIN, PROBE_NS_MAX, &probe) <
        SLICES_MIN) {
        return;
    }
    record_close(&probe);
    for (int i = 0; i < MEASUREMENTS_MAX && slower < MEASUREMENTS_ALIKE && larger < MEASUREMENTS_ALIKE; i++) {
        if (!feed_bytewise(sweep, message, LINE_BYTES, &one) || !may_have_grown(&one)) {
            return;
        }
        slower += one.growth >= TIME_GROWTH_MIN;
        larger += one.memory_bytes > 0;
    }
    if (slower == MEASUREMENTS_ALIKE &&
        asprintf(&text,
                 "a line fed byte by byte costs ever more: %.1f us a byte after 1 KiB, %.1f after %d KiB",
                 (double)one.first_ns / SLICE_BYTES / 1000, (double)one.last_ns / SLICE_BYTES / 1000,
                 (int)(one.bytes / 1024)) >= 0) {
        add_growth(sweep, ORACLE_COST, CASE_COST, message, "time per byte of a line", text);
    }
    if (larger == MEASUREMENTS_ALIKE &&
        asprintf(&text, "a line fed byte by byte takes %llu bytes of memory for each: %llu KiB after %d KiB",
                 (unsigned long long)one.memory_bytes / LINE_BYTES,
                 (unsigned long long)one.memory_bytes >> 10, LINE_BYTES / 1024) >= 0) {
        add_growth(sweep, ORACLE_COST, CASE_COST, message, "memory per byte of a line", text);
    }
}

static void measure_memory(struct sweep *sweep, size_t message)
{
    struct record record;
    char *text = NULL;
    size_t slices = run_long_line(sweep, message, FLOOD_BYTES, FLOOD_CHUNK_BYTES, FLOOD_SLICE_BYTES,
                                  FLOOD_NS_MAX, &record);
    if (slices == 0) {
        return;
    }
    uint64_t grown = memory_growth(&record, slices, MEMORY_SLICE_MIN_BYTES);
    record_close(&record);
    slices = grown == 0 ? 0
                        : run_long_line(sweep, message, 2 * FLOOD_BYTES, FLOOD_CHUNK_BYTES, FLOOD_SLICE_BYTES,
                                        FLOOD_NS_MAX, &record);
    if (slices == 0) {
        return;
    }
    uint64_t again = memory_growth(&record, slices, MEMORY_SLICE_MIN_BYTES);
    record_close(&record);
    if (again > grown &&
        asprintf(&text,
                 "a line that does not end is kept whole: %llu MiB more after %d MiB, and %llu MiB more "
                 "after %llu MiB",
                 (unsigned long long)grown >> 20, FLOOD_BYTES >> 20, (unsigned long long)again >> 20,
                 (unsigned long long)slices * FLOOD_SLICE_BYTES >> 20) >= 0) {
        add_growth(sweep, ORACLE_COST, CASE_COST, message, "memory of a line without end", text);
    }
}

void sweep_cost(struct sweep *sweep)
{
    size_t message = sweep->oracle_off[SCENARIO_ORACLE_COST] ? SIZE_MAX : find_line(sweep);
    if (message == SIZE_MAX || sweep_is_over(sweep) || sweep->scenario->program_count == 0) {
        return;
    }
    measure_bytewise(sweep, message);
    if (!sweep_is_over(sweep)) {
        measure_memory(sweep, message);
    }
}

/* --- from one conversation to the next
 * -------------------------------------------------------------------------------- */

struct conversations {
    struct sweep *sweep;
    struct run *host;
    size_t wanted, done;
    struct world_usage *usage; /* behind each */
    bool failed;
};

static bool conversation_next(void *context, struct fleet_job *out)
{
    struct conversations *c = context;
    if (c->done == c->wanted || c->failed || sweep_is_over(c->sweep)) {
        return false;
    }
    *out = (struct fleet_job){.scenario = &c->sweep->plain.scenario,
                              .segmentation = &c->sweep->plain.plan.lockstep,
                              .options = sweep_run_options(c->sweep, RUN_CHECKPOINTS_NONE)};
    return true;
}

static void conversation_ended(void *context, size_t tag, struct record *record, bool lost)
{
    struct conversations *c = context;
    (void)tag;
    c->failed |= lost || record->failed;
    /* the program has seen the end of it before what it holds is counted */
    for (int looks = 0; looks < 200 && !run_company_look(c->host); looks++) {
        uint64_t now_ns = c->sweep->world->ops->now_ns(c->sweep->world);
        c->sweep->world->ops->wait(c->sweep->world, now_ns + 200000);
    }
    c->failed |= !run_usage(c->host, &c->usage[c->done]);
    c->done++;
    record_close(record);
}

static bool hold_conversations(struct sweep *sweep, size_t count, struct world_usage *usage)
{
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
    struct record record;
    char *text;
    struct run *host =
        fleet_host_open(&sweep->plain.scenario, sweep->world, &options, sweep->options->stop, &text);
    free(text);
    if (!host) {
        return false;
    }
    struct conversations c = {.sweep = sweep, .host = host, .wanted = count, .usage = usage};
    struct fleet fleet = {.world = sweep->world,
                          .host = host,
                          .seats = 1,
                          .stop = sweep->options->stop,
                          .context = &c,
                          .next = conversation_next,
                          .ended = conversation_ended};
    bool host_ended;
    int result = fleet_drive(&fleet, &host_ended);
    fleet_host_close(host, sweep->world, &record);
    record_close(&record);
    return result == 0 && !c.failed && c.done == count;
}

static bool descriptors_grow(const struct world_usage *usage, size_t count)
{
    for (size_t i = CONVERSATIONS_WARM + 1; i < count; i++) {
        if (usage[i].descriptors <= usage[i - 1].descriptors) {
            return false;
        }
    }
    return true;
}

static bool memory_grows(const struct world_usage *usage, size_t count)
{
    if (usage[0].shadowed) {
        return false; /* a sanitizer keeps what was freed */
    }
    for (size_t i = CONVERSATIONS_WARM + 1; i < count; i++) {
        if (usage[i].memory_bytes < usage[i - 1].memory_bytes + MEMORY_CONVERSATION_MIN_BYTES) {
            return false;
        }
    }
    return true;
}

void sweep_health(struct sweep *sweep)
{
    struct world_usage usage[2 * CONVERSATIONS];
    char *text = NULL;
    if (sweep->oracle_off[SCENARIO_ORACLE_HEALTH] || sweep->seats == 0 || sweep_is_over(sweep) ||
        !hold_conversations(sweep, CONVERSATIONS, usage)) {
        return;
    }
    sweep->tried[CASE_HEALTH]++;
    bool descriptors = descriptors_grow(usage, CONVERSATIONS), memory = memory_grows(usage, CONVERSATIONS);
    size_t last = 2 * CONVERSATIONS - 1;
    if ((!descriptors && !memory) || !hold_conversations(sweep, 2 * CONVERSATIONS, usage)) {
        return;
    }
    if (descriptors && descriptors_grow(usage, 2 * CONVERSATIONS) &&
        asprintf(&text, "descriptors grow: %llu after %d conversations on one program, %llu after %zu",
                 (unsigned long long)usage[CONVERSATIONS_WARM].descriptors, CONVERSATIONS_WARM + 1,
                 (unsigned long long)usage[last].descriptors, last + 1) >= 0) {
        add_growth(sweep, ORACLE_HEALTH, CASE_HEALTH, SIZE_MAX, "descriptors", text);
    }
    if (memory && memory_grows(usage, 2 * CONVERSATIONS) &&
        asprintf(&text, "memory grows: %llu KiB after %d conversations on one program, %llu KiB after %zu",
                 (unsigned long long)usage[CONVERSATIONS_WARM].memory_bytes >> 10, CONVERSATIONS_WARM + 1,
                 (unsigned long long)usage[last].memory_bytes >> 10, last + 1) >= 0) {
        add_growth(sweep, ORACLE_HEALTH, CASE_HEALTH, SIZE_MAX, "memory", text);
    }
}
