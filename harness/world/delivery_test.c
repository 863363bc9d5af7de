/* delivery against sockets of this very process, which reads and closes when the test says so. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/world/delivery.h"
#include "harness/world/pair_fixture.h"

enum { LOOKS_MAX = 100000 }; /* packets on loopback may be a softirq late, never this late */

static struct sock_diag diag;

/* Looks until the state is no longer PENDING. */
static enum delivery_state settle_look(struct delivery *delivery)
{
    enum delivery_state state = DELIVERY_PENDING;

    for (int i = 0; i < LOOKS_MAX && state == DELIVERY_PENDING; i++)
        state = delivery_look(delivery, &diag);
    return state;
}

static void arrival_await(struct delivery *delivery)
{
    for (int i = 0; i < LOOKS_MAX && !delivery_arrived(delivery); i++)
        assert_int_not_equal(delivery_look(delivery, &diag), DELIVERY_UNKNOWN);
    assert_true(delivery_arrived(delivery));
}

static void read_whole_is_drained(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_DRAINED); /* nothing written, nothing unread */
    for (int i = 0; i < 3; i++) {
        pair_bytes_write(pair.ours, 10);
        delivery_wrote(&delivery, 10);
        arrival_await(&delivery);
        assert_int_equal(delivery_unread_bytes(&delivery), 10);
        pair_bytes_read(pair.theirs, 9);
        assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_PENDING);
        assert_int_equal(delivery_unread_bytes(&delivery), 1);
        pair_bytes_read(pair.theirs, 1);
        assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_DRAINED);
        assert_int_equal(delivery_unread_bytes(&delivery), 0);
        assert_true(delivery_accepted(&delivery));
    }
    pair_close(&pair);
}

static void one_look_proves_nothing(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    pair_bytes_write(pair.ours, 10);
    pair_bytes_read(pair.theirs, 10);
    delivery_wrote(&delivery, 10);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_PENDING); /* rqueue 0, all arrived: and yet */
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_DRAINED);
    pair_close(&pair);
}

static void bytes_on_their_way_are_not_read(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    delivery_wrote(&delivery, 10); /* counted, and nothing sent yet: rqueue is 0 all the time */
    for (int i = 0; i < 100; i++)
        assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_PENDING);
    assert_false(delivery_arrived(&delivery));
    assert_int_equal(delivery_unread_bytes(&delivery), 10);
    pair_close(&pair);
}

static void fin_counts_as_one(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;
    char byte;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    assert_int_equal(shutdown(pair.ours, SHUT_WR), 0);
    delivery_wrote(&delivery, 1);
    arrival_await(&delivery);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_PENDING);
    assert_int_equal(delivery_unread_bytes(&delivery), 1);
    assert_int_equal(recv(pair.theirs, &byte, 1, 0), 0);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_DRAINED);
    pair_close(&pair);
}

static void not_accepted_is_pending(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;

    pair_listen(&pair, AF_INET, false);
    delivery_begin(&delivery, pair.ours);
    pair_bytes_write(pair.ours, 4);
    delivery_wrote(&delivery, 4);
    arrival_await(&delivery);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_PENDING);
    assert_false(delivery_accepted(&delivery));
    pair_accept(&pair);
    pair_bytes_read(pair.theirs, 4);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_DRAINED);
    assert_true(delivery_accepted(&delivery));
    pair_close(&pair);
}

/* A peer that doesn't read: most of it stays in our socket, and yet nothing will wake the peer any more. */
static void held_back_is_not_on_its_way(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;
    char bytes[65536] = {0};
    uint64_t got = 0;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    for (ssize_t sent; (sent = send(pair.ours, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        delivery_wrote(&delivery, (uint64_t)sent);
    arrival_await(&delivery);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_PENDING);
    assert_true(delivery.facts.bytes_received < delivery.written);
    assert_int_equal(delivery_unread_bytes(&delivery), delivery.written);
    assert_true(delivery_output_complete(&delivery));
    for (ssize_t count; (count = recv(pair.theirs, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        got += (uint64_t)count; /* its window opens, and some of the rest leaves our socket */
    delivery_look(&delivery, &diag);
    assert_false(delivery_arrived(&delivery)); /* it may be on its way now */
    assert_false(delivery_output_complete(&delivery));
    while (got < delivery.written) {
        ssize_t count = recv(pair.theirs, bytes, sizeof bytes, 0);
        assert_true(count > 0);
        got += (uint64_t)count;
    }
    assert_int_equal(settle_look(&delivery), DELIVERY_DRAINED);
    pair_close(&pair);
}

static void reset_over_unread_bytes_is_closed(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;

    for (int read_before = 0; read_before < 2; read_before++) {
        pair_open(&pair);
        delivery_begin(&delivery, pair.ours);
        pair_bytes_write(pair.ours, 5);
        delivery_wrote(&delivery, 5);
        arrival_await(&delivery);
        if (read_before)
            pair_bytes_read(pair.theirs, 4);
        close(pair.theirs); /* over unread bytes: the kernel makes it a reset */
        pair.theirs = -1;
        assert_int_equal(settle_look(&delivery), DELIVERY_CLOSED);
        assert_int_equal(settle_look(&delivery), DELIVERY_CLOSED);
        char byte;
        assert_int_equal(recv(pair.ours, &byte, 1, 0), -1);
        assert_int_equal(errno, ECONNRESET); /* the look has not taken the error away */
        assert_int_equal(settle_look(&delivery), DELIVERY_CLOSED);
        pair_close(&pair);
    }
}

static void read_all_then_closed_is_drained(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    pair_bytes_write(pair.ours, 5);
    delivery_wrote(&delivery, 5);
    pair_bytes_read(pair.theirs, 5);
    close(pair.theirs); /* before a look could prove anything */
    pair.theirs = -1;
    assert_int_equal(settle_look(&delivery), DELIVERY_DRAINED);
    assert_true(delivery_output_complete(&delivery));
    shutdown(pair.ours, SHUT_WR); /* our FIN meets nobody who could read it, in order */
    delivery_wrote(&delivery, 1);
    assert_int_equal(settle_look(&delivery), DELIVERY_DRAINED);
    pair_close(&pair);
}

static void written_after_the_close_is_closed(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    close(pair.theirs);
    pair.theirs = -1;
    pair_readable_await(pair.ours);
    pair_bytes_write(pair.ours, 5); /* answered by a reset */
    delivery_wrote(&delivery, 5);
    assert_int_equal(settle_look(&delivery), DELIVERY_CLOSED);
    assert_true(delivery_arrived(&delivery)); /* nothing can reach it any more */
    pair_close(&pair);
}

static void half_close_then_peer_closes_is_drained(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;
    char byte;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    shutdown(pair.ours, SHUT_WR);
    delivery_wrote(&delivery, 1);
    assert_int_equal(recv(pair.theirs, &byte, 1, 0), 0);
    pair_bytes_write(pair.theirs, 3);
    close(pair.theirs); /* we closed first: the TIME_WAIT entry is on our side */
    pair.theirs = -1;
    assert_int_equal(settle_look(&delivery), DELIVERY_DRAINED);
    assert_true(delivery_output_complete(&delivery));
    pair_bytes_read(pair.ours, 3);
    assert_int_equal(recv(pair.ours, &byte, 1, 0), 0);
    pair_close(&pair);
}

static void drained_stays_when_the_peer_resets(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    pair_bytes_write(pair.ours, 5);
    delivery_wrote(&delivery, 5);
    pair_bytes_read(pair.theirs, 5);
    assert_int_equal(settle_look(&delivery), DELIVERY_DRAINED);
    pair_reset(pair.theirs);
    pair.theirs = -1;
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_DRAINED);
    pair_close(&pair);
}

static void output_is_complete_when_it_has_arrived(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;
    int small = 65536, written = 0;

    pair_listen(&pair, AF_INET, false);
    assert_int_equal(setsockopt(pair.ours, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    pair_accept(&pair);
    delivery_begin(&delivery, pair.ours);
    assert_false(delivery_output_complete(&delivery)); /* nobody has looked */
    delivery_look(&delivery, &diag);
    assert_true(delivery_output_complete(&delivery));
    char bytes[65536] = {0};
    for (ssize_t sent; (sent = send(pair.theirs, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
        written += (int)sent;
    delivery_look(&delivery, &diag);
    assert_false(delivery_output_complete(&delivery)); /* more than our buffer takes */
    for (int got = 0; got < written;) {
        ssize_t count = recv(pair.ours, bytes, sizeof bytes, 0);
        assert_true(count > 0);
        got += (int)count;
    }
    for (int i = 0; i < LOOKS_MAX && !delivery_output_complete(&delivery); i++)
        delivery_look(&delivery, &diag);
    assert_true(delivery_output_complete(&delivery));
    assert_int_equal(delivery_peer_sent_bytes(&delivery), written);
    shutdown(pair.theirs, SHUT_WR);
    pair_readable_await(pair.ours);
    delivery_look(&delivery, &diag);
    assert_true(delivery_output_complete(&delivery)); /* its FIN doesn't upset the count */
    pair_close(&pair);
}

static void no_connection_is_unknown(void **state)
{
    (void)state;
    struct delivery delivery;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    delivery_begin(&delivery, fd);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_UNKNOWN);
    assert_int_equal(delivery_error(&delivery), ENOTCONN);
    close(fd);
    struct pair pair;
    struct sock_diag closed = {.fd = -1};
    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    assert_int_equal(delivery_look(&delivery, &closed), DELIVERY_UNKNOWN);
    assert_int_equal(delivery_error(&delivery), EBADF);
    pair_close(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_whole_is_drained),
        cmocka_unit_test(one_look_proves_nothing),
        cmocka_unit_test(bytes_on_their_way_are_not_read),
        cmocka_unit_test(fin_counts_as_one),
        cmocka_unit_test(not_accepted_is_pending),
        cmocka_unit_test(held_back_is_not_on_its_way),
        cmocka_unit_test(reset_over_unread_bytes_is_closed),
        cmocka_unit_test(read_all_then_closed_is_drained),
        cmocka_unit_test(written_after_the_close_is_closed),
        cmocka_unit_test(half_close_then_peer_closes_is_drained),
        cmocka_unit_test(drained_stays_when_the_peer_resets),
        cmocka_unit_test(output_is_complete_when_it_has_arrived),
        cmocka_unit_test(no_connection_is_unknown),
    };
    if (sock_diag_open(&diag) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sock_diag_close(&diag);
    return failed;
}
