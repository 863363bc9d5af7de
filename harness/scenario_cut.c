/* scenario_cut - the segmentation that a scenario asks for itself: its connections exist, its cuts stand in
 * what they send. */
#include <inttypes.h>
#include <string.h>

#include "harness/scenario_unroll.h"
#include "harness/segmentation.h"

/* Where the item of a connection begins in the id, of which segmentation_parse said that it is right. */
static size_t item_offset(const char *id, const char *connection)
{
    size_t length = strlen(connection);
    for (const char *item = id; item; item = strchr(item, ';')) {
        item += *item == ';';
        if (strncmp(item, connection, length) == 0 && item[length] == '@') {
            return (size_t)(item - id);
        }
    }
    return 0;
}

static bool parse(struct builder *b, struct node node, const char *id, struct segmentation *cut)
{
    struct seam_error error = {.column = 0};
    if (segmentation_parse(id, cut, &error) == 0) {
        return true;
    }
    size_t at = error.column > 0 ? (size_t)error.column - 1 : 0;
    tell(b->l, node_place_in_string(node, at, at), "%s", error.text);
    return false;
}

void build_cut(struct builder *b)
{
    struct node node = node_get(b->root, "cut");
    struct segmentation cut;
    if (node_is_absent(node)) {
        return;
    }
    const char *id = build_plain_string(b->top, node, "a segmentation (a string such as \"alice@17,18\")");
    if (!id || !parse(b, node, id, &cut)) {
        return;
    }
    for (size_t i = 0; i < cut.item_count; i++) {
        const char *name = cut.items[i].connection;
        const struct name *found = names_find(&b->shared_names, name, strlen(name));
        if (!found || found->kind != NAME_CONNECTION) {
            size_t at = item_offset(id, name);
            tell(b->l, node_place_in_string(node, at, at + strlen(name)), "there is no connection \"%s\"",
                 name);
        }
    }
    segmentation_close(&cut);
    b->scenario->cut = id;
    b->scenario->cut_place = node_place(node);
}

/* --- what is sent
 * ----------------------------------------------------------------------------------------------------- */

static void add(struct unroll *u, size_t connection, const struct data *data)
{
    struct sent *sent = &u->sent[connection];
    struct bytes bytes;
    struct seam_error error;
    if (sent->unknown || !data_is_known(data, &u->values)) {
        sent->unknown = true;
        return;
    }
    bytes_init(&bytes, DATA_EXPANDED_BYTES_MAX);
    const struct delimiter *delimiter = &u->b->connections[connection].delimiter;
    sent->unknown = data_expand(data, &u->values, delimiter, &bytes, &error) != 0;
    sent->bytes += bytes.length;
    bytes_free(&bytes);
}

void cut_follow(struct unroll *u, const struct step_node *node)
{
    const struct step_verb *verb = node->step.verb;
    if (!u->b->scenario->cut || u->ended || strcmp(verb->name, "send") != 0) {
        return;
    }
    size_t connection = *(const size_t *)((const char *)node->step.args + verb->args[0].offset);
    for (size_t i = 1; i < verb->arg_count; i++) {
        const void *value = (const char *)node->step.args + verb->args[i].offset;
        enum arg_kind kind = verb->args[i].kind;
        if (!node->arg_places[i].path) {
            continue;
        }
        if (kind == ARG_DATA || kind == ARG_LINE || kind == ARG_LINES) {
            add(u, connection, *(const struct data *const *)value);
        } else if (kind == ARG_SPLIT) {
            const struct split *split = *(const struct split *const *)value;
            for (size_t k = 0; k < split->item_count; k++) {
                add(u, connection, split->items[k]);
            }
        }
    }
}

void cut_check(struct unroll *u)
{
    struct builder *b = u->b;
    struct segmentation cut;
    struct seam_error error;
    if (!b->scenario->cut || u->ended || segmentation_parse(b->scenario->cut, &cut, &error) != 0) {
        return;
    }
    for (size_t i = 0; i < cut.item_count; i++) {
        const struct segmentation_item *item = &cut.items[i];
        const struct name *found = names_find(&b->shared_names, item->connection, strlen(item->connection));
        const struct sent *sent = &u->sent[found->index];
        uint64_t last = item->cut_count > 0 ? item->cuts[item->cut_count - 1] : 0;
        if (!sent->unknown && last > sent->bytes) { /* a cut at the end parts FIN from the last bytes */
            tell(b->l, b->scenario->cut_place,
                 "\"%s\" sends %" PRIu64 " bytes in all: the cut at %" PRIu64 " is out of range",
                 item->connection, sent->bytes, last);
        }
    }
    segmentation_close(&cut);
}
