/* Ports are found by whose descriptors they are, and free ones are free, apart, and not the kernel's to give
 * away. */
#include "harness/world/ports.h"
#include "harness/world/sock_diag.h"
#include "tests/process/process_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { FOUND_MAX = 8 };

static size_t ports_of(const struct process *process, struct port_found found[FOUND_MAX])
{
    struct sock_diag diag;
    pid_t roots[PROCESS_ROOTS_MAX];
    assert_int_equal(sock_diag_open(&diag), 0);
    size_t roots_count = process_roots(process, roots, PROCESS_ROOTS_MAX);
    ssize_t count = ports_of_tree(&diag, roots, roots_count, found, FOUND_MAX);
    sock_diag_close(&diag);
    assert_true(count >= 0);
    return (size_t)count;
}

static struct process *start_up(struct process *process)
{
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(process_stdout_fd(process), text, "up");
    return process;
}

static void assert_address(const struct port_found *found, const char *wanted)
{
    char text[INET6_ADDRSTRLEN];
    int family = found->address.ss_family;
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&found->address;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&found->address;
    assert_non_null(inet_ntop(family, family == AF_INET ? (const void *)&ipv4->sin_addr : &ipv6->sin6_addr,
                              text, sizeof text));
    assert_string_equal(text, wanted);
    assert_int_equal(ntohs(family == AF_INET ? ipv4->sin_port : ipv6->sin6_port), found->port);
}

static void test_no_listener_no_port(void **state)
{
    (void)state;
    struct process *process = start_up(FIXTURE_START("listen"));
    struct port_found found[FOUND_MAX];
    assert_int_equal(ports_of(process, found), 0);
    process_free(process);
}

static void test_ports_come_in_order_of_creation(void **state)
{
    (void)state;
    struct process *process = start_up(FIXTURE_START("listen", "127.0.0.1", "::1", "0.0.0.0", "127.0.0.2"));
    struct port_found found[FOUND_MAX];
    assert_int_equal(ports_of(process, found), 4);
    assert_address(&found[0], "127.0.0.1");
    assert_address(&found[1], "::1");
    assert_address(&found[2], "0.0.0.0");
    assert_address(&found[3], "127.0.0.2");
    process_free(process);
}

/* A pre-forking server: the socket is in two processes, and the child has one of its own. */
static void test_forks_share_a_port(void **state)
{
    (void)state;
    struct process *process = start_up(FIXTURE_START("listen", "127.0.0.1", "fork", "127.0.0.3"));
    struct port_found found[FOUND_MAX];
    assert_int_equal(ports_of(process, found), 2);
    assert_address(&found[0], "127.0.0.1");
    assert_address(&found[1], "127.0.0.3");
    assert_int_not_equal(found[0].inode, found[1].inode);
    process_free(process);
}

static void test_same_number_elsewhere_does_not_count(void **state)
{
    (void)state;
    struct process *process = start_up(FIXTURE_START("listen", "127.0.0.1"));
    struct port_found found[FOUND_MAX], again[FOUND_MAX];
    assert_int_equal(ports_of(process, found), 1);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&found[0].address, sizeof(struct sockaddr_in)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(ports_of(process, again), 1);
    assert_int_equal(again[0].inode, found[0].inode);
    close(fd);
    process_free(process);
}

static void test_found_is_bounded(void **state)
{
    (void)state;
    struct process *process = start_up(FIXTURE_START("listen", "127.0.0.1", "127.0.0.1", "127.0.0.1"));
    struct sock_diag diag;
    struct port_found found[2];
    pid_t root = process_pid(process);
    assert_int_equal(sock_diag_open(&diag), 0);
    assert_int_equal(ports_of_tree(&diag, &root, 1, found, 2), 2);
    assert_int_equal(ports_of_tree(&diag, &root, 0, found, 2), 0);
    sock_diag_close(&diag);
    assert_true(ports_of_tree(&diag, &root, 1, found, 2) < 0);
    process_free(process);
}

static void test_free_ports_are_free_and_apart(void **state)
{
    (void)state;
    enum { PORTS = 300 };
    unsigned low = 0, high = 0;
    FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    assert_non_null(range);
    assert_int_equal(fscanf(range, "%u %u", &low, &high), 2);
    fclose(range);
    bool seen[PORT_FREE_MAX + 1] = {false};
    for (int i = 0; i < PORTS; i++) {
        int port = port_free_five_digits();
        assert_in_range(port, PORT_FREE_MIN, PORT_FREE_MAX);
        if (low > PORT_FREE_MIN || high < PORT_FREE_MAX)
            assert_false((unsigned)port >= low && (unsigned)port <= high);
        assert_false(seen[port]);
        seen[port] = true;
    }
}

static void test_used_ports_are_passed_over(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.1", "0.0.0.0"};
    for (int i = 0; i < 3; i++) {
        struct sockaddr_in ipv4 = {.sin_family = AF_INET};
        struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
        /* The next one in the row, taken before it can be offered. */
        int next = port_free_five_digits() + 1;
        int fd = socket(i < 2 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ipv4.sin_port = ipv6.sin6_port = htons((uint16_t)next);
        int bound;
        if (i < 2) {
            inet_pton(AF_INET, addresses[i], &ipv4.sin_addr);
            bound = bind(fd, (struct sockaddr *)&ipv4, sizeof ipv4);
        } else {
            bound = bind(fd, (struct sockaddr *)&ipv6, sizeof ipv6);
        }
        if (bound == 0)
            assert_int_not_equal(port_free_five_digits(), next);
        close(fd);
    }
}

/* Neighbouring workers must not be given the same ports at the same time. */
static void test_worker_processes_get_other_ports(void **state)
{
    (void)state;
    enum { WORKERS = 16, EACH = 20 };
    static bool seen[PORT_FREE_MAX + 1];
    memset(seen, 0, sizeof seen);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    port_free_five_digits(); /* the parent's row must not be inherited */
    for (int i = 0; i < WORKERS; i++) {
        if (fork() == 0) {
            int ports[EACH];
            for (int j = 0; j < EACH; j++)
                ports[j] = port_free_five_digits();
            _exit(write(ends[1], ports, sizeof ports) == sizeof ports ? 0 : 1);
        }
    }
    for (int i = 0; i < WORKERS; i++) {
        int ports[EACH];
        assert_int_equal(read(ends[0], ports, sizeof ports), sizeof ports);
        for (int j = 0; j < EACH; j++) {
            assert_false(seen[ports[j]]);
            seen[ports[j]] = true;
        }
        assert_true(wait(NULL) > 0);
    }
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_no_listener_no_port, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_ports_come_in_order_of_creation, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_forks_share_a_port, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_same_number_elsewhere_does_not_count, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_found_is_bounded, fixture_kill_leftovers),
        cmocka_unit_test(test_free_ports_are_free_and_apart),
        cmocka_unit_test(test_used_ports_are_passed_over),
        cmocka_unit_test(test_worker_processes_get_other_ports),
    };
    return fixture_run_in_each_containment("ports", tests, sizeof tests / sizeof *tests);
}
