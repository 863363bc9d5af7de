/* sock_diag and delivery against sockets of this very process, whose every state the test can set up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/world/delivery.h"
#include "harness/world/sock_diag.h"

enum { LOOKS_MAX = 100000 }; /* packets on loopback may be a softirq late, never this late */

static struct sock_diag diag;

struct pair {
    int listener, ours, theirs; /* theirs: the end that plays the program, -1 until pair_accept() */
};

static void pair_listen(struct pair *pair, int family, const char *v4_mapped)
{
    struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
    struct sockaddr_in *in = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
    socklen_t bytes = sizeof address;
    int off = 0;

    pair->theirs = -1;
    if (family == AF_INET)
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (!v4_mapped)
        in6->sin6_addr = in6addr_loopback;
    pair->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(pair->listener >= 0);
    if (family == AF_INET6)
        assert_int_equal(setsockopt(pair->listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off), 0);
    assert_int_equal(bind(pair->listener, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(listen(pair->listener, 8), 0);
    assert_int_equal(getsockname(pair->listener, (struct sockaddr *)&address, &bytes), 0);
    if (v4_mapped) {
        in_port_t port = in6->sin6_port;
        memset(&address, 0, sizeof address);
        in->sin_family = AF_INET;
        in->sin_port = port;
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        bytes = sizeof *in;
    }
    pair->ours = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(pair->ours >= 0);
    assert_int_equal(connect(pair->ours, (struct sockaddr *)&address, bytes), 0);
}

static void pair_accept(struct pair *pair)
{
    pair->theirs = accept4(pair->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(pair->theirs >= 0);
}

static void pair_open(struct pair *pair)
{
    pair_listen(pair, AF_INET, NULL);
    pair_accept(pair);
}

static void pair_close(struct pair *pair)
{
    if (pair->ours >= 0)
        close(pair->ours);
    if (pair->theirs >= 0)
        close(pair->theirs);
    if (pair->listener >= 0)
        close(pair->listener);
}

static void reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(fd);
}

static void readable_await(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&readable, 1, 5000), 1);
}

static void bytes_write(int fd, size_t count)
{
    static const char bytes[1000];

    assert_int_equal(send(fd, bytes, count, MSG_NOSIGNAL), count);
}

static void bytes_read(int fd, size_t count)
{
    char bytes[1000];

    assert_int_equal(recv(fd, bytes, count, MSG_WAITALL), count);
}

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

/* ---- sock_diag ---- */

static void kernel_is_probed(void **state)
{
    (void)state;
    assert_int_equal(sock_diag_probe(&diag), 0);
}

static void facts_follow_the_socket(void **state)
{
    (void)state;
    struct pair pair;
    struct sock_diag_key key;
    struct sock_diag_facts facts;

    pair_open(&pair);
    assert_int_equal(sock_diag_key_peer(&key, pair.ours), 0);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_int_equal(facts.state, TCP_ESTABLISHED);
    assert_true(facts.has_info);
    assert_int_equal(facts.bytes_received, 0);
    bytes_write(pair.ours, 7);
    readable_await(pair.theirs);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_int_equal(facts.rqueue, 7);
    assert_int_equal(facts.bytes_received, 7);
    bytes_read(pair.theirs, 3);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_int_equal(facts.rqueue, 4);
    bytes_write(pair.theirs, 11);
    readable_await(pair.ours);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_int_equal(facts.bytes_sent - facts.bytes_retrans, 11);
    assert_int_equal(facts.notsent, 0);
    pair_close(&pair);
}

static void ipv6_and_mapped_addresses_are_found(void **state)
{
    (void)state;
    struct sock_diag_key key;
    struct sock_diag_facts facts;
    struct pair pair;

    for (int mapped = 0; mapped < 2; mapped++) {
        pair_listen(&pair, AF_INET6, mapped ? "mapped" : NULL);
        pair_accept(&pair);
        bytes_write(pair.ours, 5);
        readable_await(pair.theirs);
        assert_int_equal(sock_diag_key_peer(&key, pair.ours), 0);
        assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
        assert_int_equal(facts.rqueue, 5);
        /* and from the side whose socket is IPv6 with mapped addresses */
        bytes_write(pair.theirs, 6);
        readable_await(pair.ours);
        assert_int_equal(sock_diag_key_peer(&key, pair.theirs), 0);
        assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
        assert_int_equal(facts.rqueue, 6);
        pair_close(&pair);
    }
}

static void accept_shows_in_the_inode(void **state)
{
    (void)state;
    struct pair pair;
    struct sock_diag_key key;
    struct sock_diag_facts facts;

    pair_listen(&pair, AF_INET, NULL);
    assert_int_equal(sock_diag_key_peer(&key, pair.ours), 0);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_int_equal(facts.inode, 0);
    pair_accept(&pair);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_int_not_equal(facts.inode, 0);
    pair_close(&pair);
}

static void gone_is_not_the_listener(void **state)
{
    (void)state;
    struct pair pair;
    struct sock_diag_key key, without;
    struct sock_diag_facts facts;

    pair_open(&pair);
    assert_int_equal(sock_diag_key_peer(&key, pair.ours), 0);
    without = key;
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_true(key.has_cookie);
    reset(pair.theirs);
    pair.theirs = -1;
    assert_int_equal(sock_diag_look(&diag, &key, &facts), -ENOENT);
    /* a first look after the end, with no cookie to tell by: the state must */
    assert_int_equal(sock_diag_look(&diag, &without, &facts), -ENOENT);
    assert_false(without.has_cookie);
    assert_false(sock_diag_time_wait(&diag, &without));
    pair_close(&pair);
}

static void gone_is_not_time_wait(void **state)
{
    (void)state;
    struct pair pair;
    struct sock_diag_key key, without;
    struct sock_diag_facts facts;

    pair_open(&pair);
    assert_int_equal(sock_diag_key_peer(&key, pair.ours), 0);
    without = key;
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    close(pair.theirs); /* FIN_WAIT2, which the kernel keeps as a TIME_WAIT entry */
    pair.theirs = -1;
    int rc = 0;
    for (int i = 0; i < LOOKS_MAX && rc == 0;
         i++) { /* FIN_WAIT1 until our kernel acknowledges, some 40 ms later */
        rc = sock_diag_look(&diag, &key, &facts);
        assert_true(rc != 0 || facts.inode == 0);
    }
    assert_int_equal(rc, -ENOENT);
    assert_int_equal(sock_diag_look(&diag, &without, &facts), -ENOENT);
    assert_true(sock_diag_time_wait(&diag, &without));
    shutdown(pair.ours, SHUT_WR); /* and now TIME_WAIT proper */
    assert_int_equal(sock_diag_look(&diag, &key, &facts), -ENOENT);
    assert_int_equal(sock_diag_look(&diag, &without, &facts), -ENOENT);
    pair_close(&pair);
}

struct wanted {
    in_port_t port;
    int family, hits;
    uint32_t inode;
};

static void listener_match(void *ctx, const struct sockaddr *address, socklen_t bytes, uint32_t inode)
{
    struct wanted *wanted = ctx;
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

    assert_int_equal(bytes, address->sa_family == AF_INET ? sizeof *in : sizeof *in6);
    if (address->sa_family != wanted->family)
        return;
    if ((wanted->family == AF_INET ? in->sin_port : in6->sin6_port) == wanted->port) {
        wanted->hits++;
        wanted->inode = inode;
    }
}

static void listeners_are_dumped(void **state)
{
    (void)state;

    for (int i = 0; i < 2; i++) {
        struct pair pair;
        struct sockaddr_in6 address;
        socklen_t bytes = sizeof address;
        struct wanted wanted = {.family = i ? AF_INET6 : AF_INET};
        pair_listen(&pair, wanted.family, NULL);
        assert_int_equal(getsockname(pair.listener, (struct sockaddr *)&address, &bytes), 0);
        wanted.port = address.sin6_port; /* at the same place in both families */
        assert_int_equal(sock_diag_listeners(&diag, listener_match, &wanted), 0);
        assert_int_equal(wanted.hits, 1);
        assert_int_not_equal(wanted.inode, 0);
        pair_close(&pair);
    }
}

static void a_left_over_reply_is_skipped(void **state)
{
    (void)state;
    struct pair pair;
    struct sock_diag_key key;
    struct sock_diag_facts facts;

    pair_open(&pair);
    assert_int_equal(sock_diag_key_peer(&key, pair.ours), 0);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    struct {
        uint32_t length;
        uint16_t type, flags;
        uint32_t sequence, pid;
    } junk = {16, 20, 1, 0, 0};
    assert_int_equal(send(diag.fd, &junk, sizeof junk, 0),
                     sizeof junk); /* answered by an error, sequence 0 */
    bytes_write(pair.ours, 9);
    readable_await(pair.theirs);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_int_equal(facts.rqueue, 9);
    pair_close(&pair);
}

static void keys_need_a_connection(void **state)
{
    (void)state;
    struct sock_diag_key key;
    int both[2];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(sock_diag_key_peer(&key, fd), -ENOTCONN);
    close(fd);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
    assert_int_equal(sock_diag_key_peer(&key, both[0]), -EAFNOSUPPORT);
    close(both[0]);
    close(both[1]);
}

/* ---- delivery ---- */

static void read_whole_is_drained(void **state)
{
    (void)state;
    struct pair pair;
    struct delivery delivery;

    pair_open(&pair);
    delivery_begin(&delivery, pair.ours);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_DRAINED); /* nothing written, nothing unread */
    for (int i = 0; i < 3; i++) {
        bytes_write(pair.ours, 10);
        delivery_wrote(&delivery, 10);
        arrival_await(&delivery);
        assert_int_equal(delivery_unread_bytes(&delivery), 10);
        bytes_read(pair.theirs, 9);
        assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_PENDING);
        assert_int_equal(delivery_unread_bytes(&delivery), 1);
        bytes_read(pair.theirs, 1);
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
    bytes_write(pair.ours, 10);
    bytes_read(pair.theirs, 10);
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

    pair_listen(&pair, AF_INET, NULL);
    delivery_begin(&delivery, pair.ours);
    bytes_write(pair.ours, 4);
    delivery_wrote(&delivery, 4);
    arrival_await(&delivery);
    assert_int_equal(delivery_look(&delivery, &diag), DELIVERY_PENDING);
    assert_false(delivery_accepted(&delivery));
    pair_accept(&pair);
    bytes_read(pair.theirs, 4);
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
        bytes_write(pair.ours, 5);
        delivery_wrote(&delivery, 5);
        arrival_await(&delivery);
        if (read_before)
            bytes_read(pair.theirs, 4);
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
    bytes_write(pair.ours, 5);
    delivery_wrote(&delivery, 5);
    bytes_read(pair.theirs, 5);
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
    readable_await(pair.ours);
    bytes_write(pair.ours, 5); /* answered by a reset */
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
    bytes_write(pair.theirs, 3);
    close(pair.theirs); /* we closed first: the TIME_WAIT entry is on our side */
    pair.theirs = -1;
    assert_int_equal(settle_look(&delivery), DELIVERY_DRAINED);
    assert_true(delivery_output_complete(&delivery));
    bytes_read(pair.ours, 3);
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
    bytes_write(pair.ours, 5);
    delivery_wrote(&delivery, 5);
    bytes_read(pair.theirs, 5);
    assert_int_equal(settle_look(&delivery), DELIVERY_DRAINED);
    reset(pair.theirs);
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

    pair_listen(&pair, AF_INET, NULL);
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
    readable_await(pair.ours);
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
        cmocka_unit_test(kernel_is_probed),
        cmocka_unit_test(facts_follow_the_socket),
        cmocka_unit_test(ipv6_and_mapped_addresses_are_found),
        cmocka_unit_test(accept_shows_in_the_inode),
        cmocka_unit_test(gone_is_not_the_listener),
        cmocka_unit_test(gone_is_not_time_wait),
        cmocka_unit_test(listeners_are_dumped),
        cmocka_unit_test(a_left_over_reply_is_skipped),
        cmocka_unit_test(keys_need_a_connection),
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
