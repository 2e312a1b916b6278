#include "net/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct mes_guard nothing_allowed;

/* A kind, or "" for an address that may be called; the first and the last of each network, and beyond. */
static const struct {
    const char *address;
    const char *kind;
} addresses[] = {
    {"0.0.0.0", "unspecified"},
    {"0.255.255.255", "unspecified"},
    {"1.0.0.0", ""},
    {"9.255.255.255", ""},
    {"10.0.0.0", "private"},
    {"10.255.255.255", "private"},
    {"11.0.0.0", ""},
    {"100.63.255.255", ""},
    {"100.64.0.0", "shared (CGNAT)"},
    {"100.100.100.200", "shared (CGNAT)"},
    {"100.127.255.255", "shared (CGNAT)"},
    {"100.128.0.0", ""},
    {"126.255.255.255", ""},
    {"127.0.0.1", "loopback"},
    {"127.255.255.255", "loopback"},
    {"128.0.0.0", ""},
    {"168.63.129.16", "cloud metadata"},
    {"168.63.129.17", ""},
    {"169.253.255.255", ""},
    {"169.254.169.254", "link-local"},
    {"169.255.0.0", ""},
    {"172.15.255.255", ""},
    {"172.16.0.0", "private"},
    {"172.31.255.255", "private"},
    {"172.32.0.0", ""},
    {"192.0.0.8", "protocol assignments"},
    {"192.0.1.0", ""},
    {"192.0.2.1", "documentation"},
    {"192.88.99.1", "6to4 relay"},
    {"192.167.255.255", ""},
    {"192.168.0.0", "private"},
    {"192.168.255.255", "private"},
    {"192.169.0.0", ""},
    {"198.17.255.255", ""},
    {"198.18.0.0", "benchmarking"},
    {"198.19.255.255", "benchmarking"},
    {"198.20.0.0", ""},
    {"198.51.100.7", "documentation"},
    {"203.0.113.7", "documentation"},
    {"223.255.255.255", ""},
    {"224.0.0.1", "multicast"},
    {"239.255.255.255", "multicast"},
    {"240.0.0.0", "reserved"},
    {"255.255.255.254", "reserved"},
    {"255.255.255.255", "broadcast"},
    {"::", "unspecified"},
    {"::1", "loopback"},
    {"::2", "IPv4-compatible"},
    {"::127.0.0.1", "IPv4-compatible"},
    {"::ffff:127.0.0.1", "IPv4-mapped"},
    {"::ffff:8.8.8.8", "IPv4-mapped"},
    {"::ffff:0:127.0.0.1", "IPv4-translated"},
    {"64:ff9b::7f00:1", "NAT64"},
    {"64:ff9b:1::10.0.0.1", "NAT64"},
    {"64:ff9b:2::1", "reserved"},
    {"100::1", "discard"},
    {"200::1", "reserved"},
    {"1fff:ffff::1", "reserved"},
    {"2001::1", "Teredo"},
    {"2001:1::1", "protocol assignments"},
    {"2001:2::1", "benchmarking"},
    {"2001:20::1", "protocol assignments"},
    {"2001:1ff:ffff::1", "protocol assignments"},
    {"2001:200::1", ""},
    {"2001:db8::1", "documentation"},
    {"2001:db9::1", ""},
    {"2002:7f00:1::1", "6to4"},
    {"2003::1", ""},
    {"2606:4700::5efe:a00:1", "ISATAP"},
    {"2606:4700::200:5efe:7f00:1", "ISATAP"},
    {"2606:4700::300:5efe:7f00:1", ""},
    {"2606:4700:4700::1111", ""},
    {"3fff:fff::1", "documentation"},
    {"3fff:1000::1", ""},
    {"4000::1", "reserved"},
    {"5f00::1", "reserved"},
    {"fbff::1", "reserved"},
    {"fc00::1", "unique local"},
    {"fd00:ec2::254", "unique local"},
    {"fe00::1", "reserved"},
    {"fe80::1", "link-local"},
    {"febf::1", "link-local"},
    {"fec0::1", "site-local"},
    {"feff::1", "site-local"},
    {"ff02::1", "multicast"},
};

static void F08_every_kind_of_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct mes_address address;
        assert_true(mes_address_parse(addresses[i].address, &address));
        const char *kind = mes_guard_refuses(&nothing_allowed, &address);
        if (strcmp(kind == NULL ? "" : kind, addresses[i].kind) != 0)
            fail_msg("%s is \"%s\"", addresses[i].address, kind == NULL ? "" : kind);
    }
}

static void F08_a_family_that_is_not_ip(void **state)
{
    struct mes_address address = {.socket.any.sa_family = AF_UNIX};
    (void)state;
    assert_string_equal(mes_guard_refuses(&nothing_allowed, &address), "unknown family");
}

static const char *const loopback_hosts[] = {
    "127.0.0.1", "127.0.0.1.", "127.1",      "127.0.1",       "0x7f.1",       "0X7F.0x0.0.1",
    "0177.1",    "0177.0.0.1", "2130706433", "2130706433.",   "0x7f000001",   "017700000001",
    "127.65535", "localhost",  "LocalHost.", "a.b.localhost", "127.0.0x0.01", "0x7f.0x000001",
    "[::1]",     "::1",        "[0:0::0:1]", "[::1].",
};

static void F08_every_notation_of_a_host(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof loopback_hosts / sizeof loopback_hosts[0]; i++) {
        const char *kind = mes_guard_refuses_host(&nothing_allowed, mes_str_of(loopback_hosts[i]));
        if (kind == NULL || strcmp(kind, "loopback") != 0)
            fail_msg("%s is \"%s\"", loopback_hosts[i], kind == NULL ? "" : kind);
    }
    assert_string_equal(mes_guard_refuses_host(&nothing_allowed, MES_STR("[::ffff:127.0.0.1]")),
                        "IPv4-mapped");
    assert_string_equal(mes_guard_refuses_host(&nothing_allowed, MES_STR("[fe80::1%1]")), "link-local");
    assert_string_equal(mes_guard_refuses_host(&nothing_allowed, MES_STR("0")), "unspecified");
    assert_string_equal(mes_guard_refuses_host(&nothing_allowed, MES_STR("0x")), "unspecified");
    assert_string_equal(mes_guard_refuses_host(&nothing_allowed, MES_STR("10.1")), "private");
    assert_string_equal(mes_guard_refuses_host(&nothing_allowed, MES_STR("4294967295")), "broadcast");
}

static void names_and_public_addresses_are_let_through(void **state)
{
    static const char *const names[] = {"",
                                        "example.com",
                                        "8.8.8.8",
                                        "134744072",
                                        "[2606:4700::1]",
                                        "127.0.0.1.example.com",
                                        "1.2.3.4.5",
                                        "4294967296",
                                        "256.1.1.1",
                                        "08.8.8.8",
                                        "0xg",
                                        "localhosts",
                                        "x127.1",
                                        "127..1"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_null(mes_guard_refuses_host(&nothing_allowed, mes_str_of(names[i])));
}

static const char *kind_of(const struct mes_guard *guard, const char *text)
{
    struct mes_address address;
    assert_true(mes_address_parse(text, &address));
    return mes_guard_refuses(guard, &address);
}

static void chosen_networks_are_allowed(void **state)
{
    struct mes_guard guard = {0};
    (void)state;
    assert_int_equal(mes_guard_allow(&guard, MES_STR("10.8.0.0/13"), NULL), 0);
    assert_int_equal(mes_guard_allow(&guard, MES_STR("127.0.0.1"), NULL), 0);
    assert_int_equal(mes_guard_allow(&guard, MES_STR("fd12::/16"), NULL), 0);
    assert_null(kind_of(&guard, "10.8.0.0"));
    assert_null(kind_of(&guard, "10.15.255.255"));
    assert_string_equal(kind_of(&guard, "10.16.0.0"), "private");
    assert_null(kind_of(&guard, "127.0.0.1"));
    assert_null(mes_guard_refuses_host(&guard, MES_STR("localhost")));
    assert_string_equal(kind_of(&guard, "127.0.0.2"), "loopback");
    assert_string_equal(kind_of(&guard, "::ffff:127.0.0.1"), "IPv4-mapped");
    assert_null(kind_of(&guard, "fd12:ffff::1"));
    assert_string_equal(kind_of(&guard, "fd13::1"), "unique local");
    assert_int_equal(mes_guard_allow(&guard, MES_STR("0.0.0.0/0"), NULL), 0);
    assert_null(kind_of(&guard, "255.255.255.255"));
    assert_string_equal(kind_of(&guard, "::1"), "loopback");
}

static void what_is_no_network_is_refused(void **state)
{
    static const char *const wrong[] = {"",       "10.0.0.0/",   "10.0.0.0/33", "10.0.0.1/8",
                                        "10/8",   "10.0.0.0/8/", "fd00::/129",  "fd00::1/64",
                                        "office", "10.0.0.0/-1", "/8"};
    struct mes_guard guard = {0};
    struct mes_error error;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(mes_guard_allow(&guard, mes_str_of(wrong[i]), &error), MES_E_CONFIG);
    for (size_t i = 0; i < MES_GUARD_NETWORKS; i++)
        assert_int_equal(mes_guard_allow(&guard, MES_STR("10.0.0.0/8"), &error), 0);
    assert_int_equal(mes_guard_allow(&guard, MES_STR("10.0.0.0/8"), &error), MES_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F08_every_kind_of_address),
        cmocka_unit_test(F08_a_family_that_is_not_ip),
        cmocka_unit_test(F08_every_notation_of_a_host),
        cmocka_unit_test(names_and_public_addresses_are_let_through),
        cmocka_unit_test(chosen_networks_are_allowed),
        cmocka_unit_test(what_is_no_network_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
