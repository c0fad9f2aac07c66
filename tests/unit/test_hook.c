/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_hook.c - hook and clock records: layout, round trips, tags, and octets nobody should trust. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "fixture.h"
#include "wire/hook.h"

enum { FIXED = 172, ACTION = 52 }; /* as docs/hook-record.md has them */

static void random_octets(GRand *random, void *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)g_rand_int(random);
}

static void random_endpoint(GRand *random, struct endpoint *e)
{
    static const uint8_t families[] = {0, 4, 6};
    e->family = families[g_rand_int_range(random, 0, 3)];
    e->port = (uint16_t)g_rand_int(random);
    memset(e->address, 0, 16);
    random_octets(random, e->address, e->family == 6 ? 16 : e->family);
    e->zero = 0;
}

/* Any contents, in the form that a decoder gives: what is not in use is zero. */
static void random_record(GRand *random, struct hook_record *r)
{
    memset(r, 0, sizeof(*r));
    random_octets(random, r, offsetof(struct hook_record, options));
    r->options_before = (uint8_t)g_rand_int_range(random, 0, 41);
    r->options_length = (uint8_t)g_rand_int_range(random, 0, 41);
    random_octets(random, r->options, r->options_length);
    random_endpoint(random, &r->local);
    random_endpoint(random, &r->remote);
    r->n_actions = (uint8_t)g_rand_int_range(random, 0, HOOK_ACTIONS_MAX + 1);
    for (unsigned i = 0; i < r->n_actions; i++) {
        struct hook_action *a = &r->actions[i];
        a->kind = (uint8_t)g_rand_int(random);
        random_octets(random, a->head, HOOK_HEAD);
        g_snprintf(a->program, sizeof(a->program), "program_%u", g_rand_int(random));
        a->result = (int32_t)g_rand_int(random);
        a->level = (int32_t)g_rand_int(random);
        a->name = (int32_t)g_rand_int(random);
        a->value_length = (uint8_t)g_rand_int_range(random, 0, HOOK_VALUE + 1);
        random_octets(random, a->value, a->value_length);
    }
}

/* Field by field: the struct's padding is nobody's. */
static void assert_same(const struct hook_record *a, const struct hook_record *b)
{
#define SAME(field) assert_memory_equal(&a->field, &b->field, sizeof(a->field))
    SAME(time_ns);
    SAME(monotonic_ns);
    SAME(id);
    SAME(cookie);
    SAME(cgroup_id);
    SAME(netns);
    SAME(op);
    SAME(args);
    SAME(reply);
    SAME(flags);
    SAME(local);
    SAME(remote);
    SAME(token);
    SAME(seq);
    SAME(ack);
    SAME(snd_nxt);
    SAME(rcv_nxt);
    SAME(segment_length);
    SAME(cwnd);
    SAME(srtt_us);
    SAME(mss);
    SAME(duration_ns);
    SAME(state);
    SAME(window);
    SAME(cpu);
    SAME(reserved);
    SAME(tcp_flags);
    SAME(options_before);
    SAME(options_length);
    SAME(options);
    SAME(n_actions);
#undef SAME
    for (unsigned i = 0; i < a->n_actions; i++) {
        const struct hook_action *x = &a->actions[i], *y = &b->actions[i];
        assert_int_equal(x->kind, y->kind);
        assert_memory_equal(x->head, y->head, HOOK_HEAD);
        assert_string_equal(x->program, y->program);
        assert_int_equal(x->result, y->result);
        assert_int_equal(x->level, y->level);
        assert_int_equal(x->name, y->name);
        assert_int_equal(x->value_length, y->value_length);
        assert_memory_equal(x->value, y->value, HOOK_VALUE);
    }
}

/* Encodes, unwraps, and gives the record's octets on the heap, exactly as long as they are. */
static uint8_t *encoded(const struct hook_record *record, size_t *length)
{
    uint8_t out[HOOK_ENCODED_MAX];
    const uint8_t *payload;
    size_t n = hook_encode(record, out);
    assert_true(n <= sizeof(out));
    assert_int_equal(hook_unwrap(out, n, &payload, length), HOOK_KIND_RECORD);
    assert_ptr_equal(payload + *length, out + n);
    return g_memdup2(payload, *length);
}

static void test_any_record_survives_the_round_trip(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(6994);
    for (unsigned i = 0; i < 5000; i++) {
        struct hook_record record, back;
        size_t length;
        random_record(random, &record);
        g_autofree uint8_t *octets = encoded(&record, &length);
        assert_int_equal(hook_decode(octets, length, &back), 0);
        assert_same(&record, &back);
    }
}

static struct hook_record write_record(void)
{
    return (struct hook_record){
        .time_ns = 0x0102030405060708,
        .id = 7,
        .op = HOOK_WRITE_HDR_OPT,
        .flags = HOOK_FLAG_HEADER | HOOK_FLAG_OUTGOING,
        .local = {.address = {192, 0, 2, 1}, .port = 40000, .family = 4},
        .remote = {.address = {198, 51, 100, 2}, .port = 443, .family = 4},
        .seq = 0x11223344,
        .reserved = 6,
        .options_before = 12,
        .options_length = 18,
        .options = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 0xfd, 6, 0x4f, 0x43, 0, 2},
        .n_actions = 1,
        .actions = {{.kind = HOOK_ACTION_STORE,
                     .head = {0xfd, 6, 0x4f, 0x43, 0, 2},
                     .program = "cc",
                     .result = -28,
                     .value_length = 4,
                     .value = {6}}},
    };
}

static void test_the_layout_is_the_documented_one(void **state)
{
    (void)state;
    struct hook_record record = write_record();
    size_t length;
    g_autofree uint8_t *o = encoded(&record, &length);
    assert_int_equal(length, FIXED + 4 + 18 + 4 + ACTION);
    assert_memory_equal(o, "\1\0\xac\0\x0f\0\0\0\x08\7\6\5\4\3\2\1", 16);
    assert_memory_equal(o + 24, "\7\0\0\0\0\0\0\0", 8);
    assert_memory_equal(o + 80, "\xc0\0\2\1\0\0\0\0", 8);
    assert_memory_equal(o + 96, "\xc6\x33\x64\2\0\0\0\0", 8);
    assert_memory_equal(o + 112, "\x40\x9c\xbb\1\4\4\0\x0c", 8);
    assert_memory_equal(o + 124, "\x44\x33\x22\x11", 4);
    assert_memory_equal(o + 168, "\6\0\0\0", 4);
    assert_memory_equal(o + FIXED, "\1\0\x12\0\1\1\x08\x0a", 8);
    assert_memory_equal(o + FIXED + 4 + 18, "\2\0\x34\0\2\4\xfd\6\x4f\x43\0\2\xe4\xff\xff\xff", 16);
}

static void test_the_tags_say_who_talks_to_whom(void **state)
{
    (void)state;
    static const char sent[] = "\0\x0c\0\x0coptrail.hook"
                               "\0\x14\0\4\xc0\0\2\1\0\x15\0\4\xc6\x33\x64\2"
                               "\0\x18\0\4\0\0\0\2\0\x19\0\4\0\0\x9c\x40\0\x1a\0\4\0\0\1\xbb"
                               "\0\0\0\0";
    static const char received[] = "\0\x0c\0\x0coptrail.hook"
                                   "\0\x14\0\4\xc6\x33\x64\2\0\x15\0\4\xc0\0\2\1"
                                   "\0\x18\0\4\0\0\0\2\0\x19\0\4\0\0\1\xbb\0\x1a\0\4\0\0\x9c\x40"
                                   "\0\0\0\0";
    uint8_t out[HOOK_ENCODED_MAX];
    struct hook_record record = write_record();
    hook_encode(&record, out);
    assert_memory_equal(out, sent, sizeof(sent) - 1);
    record.op = HOOK_PARSE_HDR_OPT;
    record.flags = HOOK_FLAG_HEADER;
    hook_encode(&record, out);
    assert_memory_equal(out, received, sizeof(received) - 1);
    record.local.family = record.remote.family = 6;
    hook_encode(&record, out);
    assert_memory_equal(out + 16, "\0\x16\0\x10\xc6\x33\x64\2", 8);
}

static void test_items_that_are_not_known_are_skipped(void **state)
{
    (void)state;
    struct hook_record record = write_record(), back;
    size_t length;
    uint8_t *o = encoded(&record, &length);
    GByteArray *longer = g_byte_array_new();
    /* A later writer: four octets more of fixed part, an item of type 9, a longer action. */
    g_byte_array_append(longer, o, FIXED);
    g_byte_array_append(longer, (const uint8_t *)"more", 4);
    longer->data[2] = FIXED + 4;
    g_byte_array_append(longer, (const uint8_t *)"\x09\0\3\0abc", 7);
    g_byte_array_append(longer, o + FIXED, (guint)(length - FIXED));
    longer->data[FIXED + 4 + 7 + 4 + 18 + 2] = ACTION + 5;
    g_byte_array_append(longer, (const uint8_t *)"extra", 5);
    assert_int_equal(hook_decode(longer->data, longer->len, &back), 0);
    assert_same(&record, &back);
    g_byte_array_unref(longer);
    g_free(o);
}

static void test_contradictions_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t at;
        uint8_t value;
    } faults[] = {
        {"another version", 0, 2},
        {"a fixed part that is too short", 2, FIXED - 1},
        {"a fixed part longer than the record", 3, 0x10},
        {"a family that is none", 116, 5},
        {"more options before than fit in a header", 119, 41},
        {"options beyond the record", FIXED + 3, 1},
        {"more options than fit in a header", FIXED + 2, 41},
        {"options of no octets", FIXED + 2, 0},
        {"an action that is too short", FIXED + 22 + 2, ACTION - 1},
        {"an action beyond the record", FIXED + 22 + 2, ACTION + 1},
        {"a value longer than its room", FIXED + 22 + 5, HOOK_VALUE + 1},
    };
    struct hook_record record = write_record(), back;
    size_t length;
    g_autofree uint8_t *o = encoded(&record, &length);
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree uint8_t *bad = g_memdup2(o, length);
        bad[faults[i].at] = faults[i].value;
        if (hook_decode(bad, length, &back) != -EBADMSG)
            fail_msg("%s was accepted", faults[i].what);
    }
    g_autofree uint8_t *twice = g_malloc(length + 22);
    memcpy(twice, o, length);
    memcpy(twice + length, o + FIXED, 22); /* a second list of options */
    assert_int_equal(hook_decode(twice, length + 22, &back), -EBADMSG);
}

static void test_a_record_cut_anywhere_is_refused_or_a_prefix(void **state)
{
    (void)state;
    struct hook_record record = write_record(), back;
    size_t length;
    g_autofree uint8_t *o = encoded(&record, &length);
    for (size_t cut = 0; cut < length; cut++) {
        g_autofree uint8_t *part = g_memdup2(o, cut);
        bool whole_items = cut == FIXED || cut == FIXED + 22;
        assert_int_equal(hook_decode(part, cut, &back), whole_items ? 0 : -EBADMSG);
    }
}

static void test_more_actions_than_there_is_room_for_are_marked(void **state)
{
    (void)state;
    struct hook_record record = write_record(), back;
    size_t length;
    uint8_t *o = encoded(&record, &length);
    GByteArray *many = g_byte_array_new();
    g_byte_array_append(many, o, (guint)length);
    for (unsigned i = 0; i < HOOK_ACTIONS_MAX; i++)
        g_byte_array_append(many, o + FIXED + 22, 4 + ACTION);
    assert_int_equal(hook_decode(many->data, many->len, &back), 0);
    assert_int_equal(back.n_actions, HOOK_ACTIONS_MAX);
    assert_true(back.flags & HOOK_FLAG_REPORTS_LOST);
    g_byte_array_unref(many);
    g_free(o);
}

static void test_a_number_is_written_into_an_encoded_record(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(11);
    struct hook_record in, out;
    uint8_t octets[HOOK_ENCODED_MAX];
    const uint8_t *payload;
    size_t length;
    for (unsigned i = 0; i < 100; i++) {
        random_record(random, &in);
        size_t size = hook_encode(&in, octets);
        assert_true(hook_renumber(octets, size, 0x0102030405060708u + i));
        assert_int_equal(hook_unwrap(octets, size, &payload, &length), HOOK_KIND_RECORD);
        assert_int_equal(hook_decode(payload, length, &out), 0);
        in.id = 0x0102030405060708u + i;
        assert_same(&in, &out);
    }
    struct hook_clock clock = {.monotonic_ns = 1};
    assert_false(hook_renumber(octets, hook_clock_encode(&clock, octets), 7));
    assert_false(hook_renumber(octets, 3, 7));
}

static void test_clock_samples_survive_and_are_no_hook_records(void **state)
{
    (void)state;
    const struct hook_clock clock = {UINT64_MAX - 5, 1700000000123456789, 812, -3600000000000};
    struct hook_clock back;
    uint8_t out[HOOK_ENCODED_MAX];
    const uint8_t *payload;
    size_t length;
    size_t n = hook_clock_encode(&clock, out);
    assert_int_equal(hook_unwrap(out, n, &payload, &length), HOOK_KIND_CLOCK);
    assert_int_equal(length, 32);
    assert_int_equal(hook_clock_decode(payload, length, &back), 0);
    assert_int_equal(back.monotonic_ns, clock.monotonic_ns);
    assert_int_equal(back.realtime_ns, clock.realtime_ns);
    assert_int_equal(back.width_ns, clock.width_ns);
    assert_true(back.step_ns == clock.step_ns);
    for (size_t cut = 0; cut < length; cut++) {
        g_autofree uint8_t *part = g_memdup2(payload, cut);
        assert_int_equal(hook_clock_decode(part, cut, &back), -EBADMSG);
    }
}

static void test_mptcp_events_survive_and_are_no_hook_records(void **state)
{
    (void)state;
    const struct hook_mptcp event = {
        .event = 10,
        .time_ns = 1700000000123456789,
        .monotonic_ns = UINT64_MAX - 5,
        .netns = 7,
        .token = 0xfedcba98,
        .flags = HOOK_MPTCP_SERVER | HOOK_MPTCP_BACKUP,
        .local = {.address = {192, 0, 2, 1}, .port = 40000, .family = 4},
        .remote = {.address = {192, 0, 2, 2}, .port = 443, .family = 4},
        .local_id = 3,
        .remote_id = 200,
        .error = 104,
        .reset_reason = 6,
        .reset_flags = 1,
        .interface = 12,
    };
    struct hook_mptcp back;
    uint8_t out[HOOK_ENCODED_MAX];
    const uint8_t *payload;
    size_t length;
    size_t n = hook_mptcp_encode(&event, out);
    assert_int_equal(hook_unwrap(out, n, &payload, &length), HOOK_KIND_MPTCP);
    assert_int_equal(length, 96);
    assert_false(hook_renumber(out, n, 1));
    assert_int_equal(hook_mptcp_decode(payload, length, &back), 0);
    /* Encoding what was decoded gives the same octets: no field is lost. */
    uint8_t again[HOOK_ENCODED_MAX];
    assert_int_equal(hook_mptcp_encode(&back, again), n);
    assert_memory_equal(again, out, n);
    assert_int_equal(back.token, event.token);
    assert_int_equal(back.remote.port, 443);
    assert_int_equal(back.remote_id, 200);
    assert_int_equal(back.interface, 12);
    for (size_t cut = 0; cut < length; cut++) {
        g_autofree uint8_t *part = g_memdup2(payload, cut);
        assert_int_equal(hook_mptcp_decode(part, cut, &back), -EBADMSG);
    }
    assert_string_equal(hook_mptcp_event_name(10), "subflow established");
    assert_string_equal(hook_mptcp_event_name(4), "?");
    assert_string_equal(hook_mptcp_event_name(1000), "?");
}

static void test_other_peoples_upper_pdus_are_none(void **state)
{
    (void)state;
    const uint8_t *payload;
    size_t length;
    static const struct {
        const char *octets;
        size_t length;
        enum hook_kind kind;
    } cases[] = {
        {"\0\x0c\0\3sip\0\0\0\0", 11, HOOK_KIND_NONE},
        {"\0\x0c\0\x0doptrail.hooks\0\0\0\0", 21, HOOK_KIND_NONE},
        {"\0\x0c\0\x0boptrail.hoo\0\0\0\0", 19, HOOK_KIND_NONE},
        {"\0\x0d\0\x0coptrail.hook\0\0\0\0", 20, HOOK_KIND_NONE}, /* a heuristic's name */
        {"\0\x0c\0\x0coptrail.hook", 16, HOOK_KIND_NONE},         /* no end of the tags */
        {"\0\x0c\0\x10optrail.hook\0\0\0\0\0\0\0\0", 24, HOOK_KIND_RECORD},
        {"", 0, HOOK_KIND_NONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_int_equal(
            hook_unwrap((const uint8_t *)cases[i].octets, cases[i].length, &payload, &length),
            cases[i].kind);
}

static void test_mutated_records_never_read_outside(void **state)
{
    (void)state;
    g_autoptr(GRand) random = g_rand_new_with_seed(8684);
    for (unsigned i = 0; i < 30000; i++) {
        struct hook_record record;
        struct hook_clock clock;
        uint8_t out[HOOK_ENCODED_MAX];
        const uint8_t *payload;
        size_t length;
        random_record(random, &record);
        size_t n = hook_encode(&record, out);
        for (unsigned k = 0; k < 3; k++)
            out[g_rand_int_range(random, 0, (gint32)n)] = (uint8_t)g_rand_int(random);
        n = (size_t)g_rand_int_range(random, (gint32)n / 2, (gint32)n + 1);
        g_autofree uint8_t *copy = g_memdup2(out, n);
        if (hook_unwrap(copy, n, &payload, &length) == HOOK_KIND_NONE)
            continue;
        if (hook_decode(payload, length, &record) == 0) {
            size_t written;
            assert_true(record.options_length <= TCP_OPTION_SPACE);
            assert_true(record.n_actions <= HOOK_ACTIONS_MAX);
            const uint8_t *at = hook_written(&record, &written);
            assert_true(at + written <= record.options + TCP_OPTION_SPACE);
        }
        hook_clock_decode(payload, length, &clock);
    }
}

static void test_names(void **state)
{
    (void)state;
    char text[16];
    assert_string_equal(hook_op_name(HOOK_WRITE_HDR_OPT, text), "WRITE_HDR_OPT_CB");
    assert_string_equal(hook_op_name(HOOK_TCP_CONNECT, text), "TCP_CONNECT_CB");
    assert_string_equal(hook_op_name(16, text), "op 16");
    assert_string_equal(hook_op_name(UINT32_MAX, text), "op 4294967295");
    assert_string_equal(hook_action_name(HOOK_ACTION_SETSOCKOPT), "setsockopt");
    assert_string_equal(hook_action_name(0), "?");
    assert_string_equal(hook_decline_name(HOOK_DECLINE_RANGE), "out of range");
    assert_string_equal(hook_decline_name(255), "?");
}

static void test_names_of_the_patched_kernel(void **state)
{
    (void)state;
    char text[16];
    assert_string_equal(hook_op_name(HOOK_MPTCP_EVENT, text), "MPTCP_EVENT_CB");
    assert_string_equal(hook_op_name(HOOK_MPTCP_RECV, text), "MPTCP_RECV_CB");
    assert_string_equal(hook_op_name(HOOK_MPTCP_RECV + 1, text), "op 67");
    assert_string_equal(hook_mptcp_event_name(10), "subflow established");
    assert_string_equal(hook_mptcp_event_name(HOOK_EVENT_REQUEST_FAILED), "request failed");
    assert_string_equal(hook_mptcp_event_name(5), "?");
    assert_string_equal(hook_action_name(HOOK_ACTION_CALL), "call");
    assert_string_equal(hook_call_name(HOOK_CALL_NOTIFY_RECEIVED), "bpf_mptcp_notify_received");
    assert_string_equal(hook_call_name(0), "?");
    assert_string_equal(hook_call_name(UINT32_MAX), "?");
}

static void test_what_does_not_fit_into_a_record_is_marked(void **state)
{
    (void)state;
    struct hook_record record = write_record(), back;
    size_t length;
    record.n_actions = HOOK_ACTIONS_MAX + 3;
    record.options_length = TCP_OPTION_SPACE + 9;
    g_autofree uint8_t *octets = encoded(&record, &length);
    assert_int_equal(hook_decode(octets, length, &back), 0);
    assert_int_equal(back.n_actions, HOOK_ACTIONS_MAX);
    assert_int_equal(back.options_length, TCP_OPTION_SPACE);
    assert_true(back.flags & HOOK_FLAG_REPORTS_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_record_survives_the_round_trip),
        cmocka_unit_test(test_the_layout_is_the_documented_one),
        cmocka_unit_test(test_the_tags_say_who_talks_to_whom),
        cmocka_unit_test(test_items_that_are_not_known_are_skipped),
        cmocka_unit_test(test_contradictions_are_refused),
        cmocka_unit_test(test_a_record_cut_anywhere_is_refused_or_a_prefix),
        cmocka_unit_test(test_more_actions_than_there_is_room_for_are_marked),
        cmocka_unit_test(test_a_number_is_written_into_an_encoded_record),
        cmocka_unit_test(test_clock_samples_survive_and_are_no_hook_records),
        cmocka_unit_test(test_mptcp_events_survive_and_are_no_hook_records),
        cmocka_unit_test(test_other_peoples_upper_pdus_are_none),
        cmocka_unit_test(test_mutated_records_never_read_outside),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_of_the_patched_kernel),
        cmocka_unit_test(test_what_does_not_fit_into_a_record_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
