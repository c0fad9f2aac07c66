// SPDX-License-Identifier: GPL-2.0-or-later
/* What the observers say becomes a hook record: lengths, spaces, addresses, reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#include "trace/observer_event.h"

/* A WRITE of 100 octets of payload: 12 octets of options stood there, 8 were reserved, 6 written. */
static struct observer_event_reports write_event(void)
{
    struct observer_event_reports event = {
        .event =
            {
                .time_ns = 5000,
                .duration_ns = 1000,
                .cookie = 77,
                .flags = OBSERVER_FULLSOCK | OBSERVER_HEADER | OBSERVER_ENTRY,
                .op = HOOK_WRITE_HDR_OPT,
                .family = AF_INET,
                .local_net = {htonl(0xc0000201)},
                .remote_net = {htonl(0xc0000202)},
                .local_port = 40000,
                .remote_port = 443,
                .seq_net = htonl(0x01020304),
                .ack_net = htonl(0x05060708),
                .window_net = htons(500),
                .skb_length = 140,
                .header_length = 40,
                .srtt_us_8 = 800,
                .options_before = 12,
                .space_before = 8,
                .space_after = 2,
                .options_length = 18,
                .options = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0xfd, 6, 0x4f, 0x43, 0, 1},
            },
    };
    return event;
}

static void a_written_header_has_its_parts(void **state)
{
    (void)state;
    struct observer_event_reports event = write_event();
    struct hook_record record;
    assert_true(observer_event_record(&event.event, sizeof(event.event), &record));
    assert_int_equal(record.seq, 0x01020304);
    assert_int_equal(record.ack, 0x05060708);
    assert_int_equal(record.window, 500);
    assert_int_equal(record.segment_length, 100);
    assert_int_equal(record.srtt_us, 100);
    assert_int_equal(record.duration_ns, 1000);
    assert_int_equal(record.reserved, 8);
    assert_int_equal(record.flags, HOOK_FLAG_FULLSOCK | HOOK_FLAG_HEADER | HOOK_FLAG_ENTRY |
                                       HOOK_FLAG_RESERVED | HOOK_FLAG_OUTGOING);
    size_t length;
    const uint8_t *written = hook_written(&record, &length);
    static const uint8_t option[] = {0xfd, 6, 0x4f, 0x43, 0, 1};
    assert_int_equal(length, sizeof(option));
    assert_memory_equal(written, option, sizeof(option));
    char text[ENDPOINT_TEXT_MAX];
    assert_string_equal(endpoint_text(&record.local, text), "192.0.2.1:40000");
    assert_string_equal(endpoint_text(&record.remote, text), "192.0.2.2:443");
}

static void an_ipv4_peer_of_an_ipv6_socket_is_ipv4(void **state)
{
    (void)state;
    struct observer_event_reports event = write_event();
    struct hook_record record;
    event.event.family = AF_INET6;
    memcpy(event.event.local_net, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
    memcpy(event.event.remote_net, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\5", 16);
    assert_true(observer_event_record(&event.event, sizeof(event.event), &record));
    char text[ENDPOINT_TEXT_MAX];
    assert_string_equal(endpoint_text(&record.local, text), "192.0.2.1:40000");
    assert_string_equal(endpoint_text(&record.remote, text), "[2001:db8::5]:443");
}

static void a_probe_is_marked_and_has_no_packet(void **state)
{
    (void)state;
    struct observer_event_reports event = write_event();
    struct hook_record record;
    event.event.op = HOOK_HDR_OPT_LEN;
    event.event.flags = OBSERVER_FULLSOCK | OBSERVER_ENTRY;
    event.event.options_length = 0;
    event.event.args[0] = 1;
    assert_true(observer_event_record(&event.event, sizeof(event.event), &record));
    assert_true(record.flags & HOOK_FLAG_PROBE);
    assert_false(record.flags & HOOK_FLAG_HEADER);
    assert_int_equal(record.reserved, 6);
    event.event.args[0] = 0;
    assert_true(observer_event_record(&event.event, sizeof(event.event), &record));
    assert_false(record.flags & HOOK_FLAG_PROBE);
}

static void in_a_received_header_nothing_was_written(void **state)
{
    (void)state;
    struct observer_event_reports event = write_event();
    struct hook_record record;
    event.event.op = HOOK_PARSE_HDR_OPT;
    event.event.flags &= (__u8)~OBSERVER_ENTRY;
    event.event.options_before = OBSERVER_UNKNOWN;
    assert_true(observer_event_record(&event.event, sizeof(event.event), &record));
    size_t length;
    hook_written(&record, &length);
    assert_int_equal(length, 0);
    assert_int_equal(record.options_length, 18);
    assert_false(record.flags & (HOOK_FLAG_OUTGOING | HOOK_FLAG_RESERVED));
}

static void reports_stand_in_for_an_entry_observer(void **state)
{
    (void)state;
    struct observer_event_reports event = write_event();
    struct hook_record record;
    event.event.flags = OBSERVER_FULLSOCK | OBSERVER_HEADER | OBSERVER_REPORTS;
    event.event.options_before = OBSERVER_UNKNOWN;
    event.event.n_actions = 2;
    event.actions[0] = (struct report_action){.kind = HOOK_ACTION_STORE,
                                              .value_length = 4,
                                              .value = {6},
                                              .program = "cc",
                                              .head = {0xfd, 6, 0x4f, 0x43, 0, 1}};
    event.actions[1] = (struct report_action){
        .kind = HOOK_ACTION_STORE, .result = -28, .value_length = 4, .value = {4}};
    assert_true(observer_event_record(&event, sizeof(event), &record));
    assert_int_equal(record.options_before, 12); /* only what was stored counts */
    assert_int_equal(record.n_actions, 2);
    assert_string_equal(record.actions[0].program, "cc");
    assert_int_equal(record.actions[1].result, -28);
    assert_false(record.flags & (HOOK_FLAG_ENTRY | HOOK_FLAG_RESERVED | HOOK_FLAG_REPORTS_LOST));

    event.event.op = HOOK_HDR_OPT_LEN;
    event.event.flags = OBSERVER_REPORTS;
    event.event.options_length = 0;
    event.event.n_actions = 20;
    event.actions[0].kind = HOOK_ACTION_RESERVE;
    assert_true(observer_event_record(&event, sizeof(event), &record));
    assert_int_equal(record.reserved, 6);
    assert_int_equal(record.n_actions, HOOK_ACTIONS_MAX);
    assert_true(record.flags & HOOK_FLAG_REPORTS_LOST);
}

static void without_an_entry_observer_the_kernels_own_options_stood_before(void **state)
{
    (void)state;
    struct observer_event_reports event = write_event();
    struct hook_record record;
    event.event.flags &= (__u8)~OBSERVER_ENTRY;
    event.event.options_before = OBSERVER_UNKNOWN;
    assert_true(observer_event_record(&event.event, sizeof(event.event), &record));
    assert_int_equal(record.options_before, 12);
    memcpy(&event.event.options[12], "\xfe\6\xf9\x89\1\2", 6); /* the kernel's Fast Open cookie */
    assert_true(observer_event_record(&event.event, sizeof(event.event), &record));
    assert_int_equal(record.options_before, 18);
    memcpy(event.event.options, "\x1e\x0", 2); /* an option without length ends the walk */
    assert_true(observer_event_record(&event.event, sizeof(event.event), &record));
    assert_int_equal(record.options_before, 0);
}

static void an_event_of_another_size_is_refused(void **state)
{
    (void)state;
    struct observer_event_reports event = write_event();
    struct hook_record record;
    assert_false(observer_event_record(&event, sizeof(event.event) - 8, &record));
    assert_false(observer_event_record(&event, 0, &record));
    /* Without room for reports none are read, whatever it says. */
    event.event.flags |= OBSERVER_REPORTS;
    event.event.n_actions = 3;
    assert_true(observer_event_record(&event, sizeof(event.event), &record));
    assert_int_equal(record.n_actions, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_header_has_its_parts),
        cmocka_unit_test(an_ipv4_peer_of_an_ipv6_socket_is_ipv4),
        cmocka_unit_test(a_probe_is_marked_and_has_no_packet),
        cmocka_unit_test(in_a_received_header_nothing_was_written),
        cmocka_unit_test(reports_stand_in_for_an_entry_observer),
        cmocka_unit_test(without_an_entry_observer_the_kernels_own_options_stood_before),
        cmocka_unit_test(an_event_of_another_size_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
