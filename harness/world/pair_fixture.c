/* pair_fixture - see pair_fixture.h. */
#include "harness/world/pair_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void pair_listen(struct pair *pair, int family, bool v4_mapped)
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

void pair_accept(struct pair *pair)
{
    pair->theirs = accept4(pair->listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(pair->theirs >= 0);
}

void pair_open(struct pair *pair)
{
    pair_listen(pair, AF_INET, false);
    pair_accept(pair);
}

void pair_close(struct pair *pair)
{
    if (pair->ours >= 0)
        close(pair->ours);
    if (pair->theirs >= 0)
        close(pair->theirs);
    if (pair->listener >= 0)
        close(pair->listener);
}

void pair_reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(fd);
}

void pair_readable_await(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&readable, 1, 5000), 1);
}

void pair_bytes_write(int fd, size_t count)
{
    static const char bytes[1000];

    assert_int_equal(send(fd, bytes, count, MSG_NOSIGNAL), count);
}

void pair_bytes_read(int fd, size_t count)
{
    char bytes[1000];

    assert_int_equal(recv(fd, bytes, count, MSG_WAITALL), count);
}
