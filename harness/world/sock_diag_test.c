/* sock_diag against sockets of this very process, whose every state the test can set up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/world/pair_fixture.h"
#include "harness/world/sock_diag.h"

enum { LOOKS_MAX = 100000 }; /* packets on loopback may be a softirq late, never this late */

static struct sock_diag diag;

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
    pair_bytes_write(pair.ours, 7);
    pair_readable_await(pair.theirs);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_int_equal(facts.rqueue, 7);
    assert_int_equal(facts.bytes_received, 7);
    pair_bytes_read(pair.theirs, 3);
    assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
    assert_int_equal(facts.rqueue, 4);
    pair_bytes_write(pair.theirs, 11);
    pair_readable_await(pair.ours);
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
        pair_listen(&pair, AF_INET6, mapped != 0);
        pair_accept(&pair);
        pair_bytes_write(pair.ours, 5);
        pair_readable_await(pair.theirs);
        assert_int_equal(sock_diag_key_peer(&key, pair.ours), 0);
        assert_int_equal(sock_diag_look(&diag, &key, &facts), 0);
        assert_int_equal(facts.rqueue, 5);
        /* and from the side whose socket is IPv6 with mapped addresses */
        pair_bytes_write(pair.theirs, 6);
        pair_readable_await(pair.ours);
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

    pair_listen(&pair, AF_INET, false);
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
    pair_reset(pair.theirs);
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
        pair_listen(&pair, wanted.family, false);
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
    pair_bytes_write(pair.ours, 9);
    pair_readable_await(pair.theirs);
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
    };
    if (sock_diag_open(&diag) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sock_diag_close(&diag);
    return failed;
}
