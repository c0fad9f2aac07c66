// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target_hooks.c - hook, clock and MPTCP records in their upper-PDU packets (wire/hook.h). Input: an
 * octet that says how to begin, then the packet, or a record whose tags are put before it here. What
 * is decoded and encoded is decoded to the same.
 */
#include "tests/fuzz/fuzz.h"
#include "wire/hook.h"

static void check_record(const uint8_t *data, size_t length)
{
    struct hook_record record, again;
    uint8_t encoded[HOOK_ENCODED_MAX];
    const uint8_t *payload;
    size_t payload_length, written;
    if (hook_decode(data, length, &record) != 0)
        return;
    CHECK(record.options_length <= TCP_OPTION_SPACE && record.n_actions <= HOOK_ACTIONS_MAX);
    const uint8_t *octets = hook_written(&record, &written);
    CHECK(octets + written <= record.options + TCP_OPTION_SPACE);
    for (unsigned i = 0; i < record.n_actions; i++) {
        CHECK(record.actions[i].value_length <= HOOK_VALUE);
        CHECK(memchr(record.actions[i].program, 0, HOOK_PROGRAM_NAME) != NULL);
        CHECK(hook_action_name(record.actions[i].kind) != NULL);
    }
    char name[16];
    CHECK(strlen(hook_op_name(record.op, name)) > 0);

    size_t size = hook_encode(&record, encoded);
    CHECK(size <= sizeof(encoded));
    CHECK(hook_renumber(encoded, size, 42));
    CHECK(hook_unwrap(encoded, size, &payload, &payload_length) == HOOK_KIND_RECORD);
    CHECK(hook_decode(payload, payload_length, &again) == 0);
    CHECK(again.id == 42 && again.seq == record.seq && again.flags == record.flags &&
          again.options_length == record.options_length && again.n_actions == record.n_actions);
    CHECK(memcmp(again.options, record.options, record.options_length) == 0);
}

static void check_others(const uint8_t *data, size_t length)
{
    struct hook_clock clock, clock_again;
    struct hook_mptcp event, event_again;
    uint8_t encoded[HOOK_ENCODED_MAX];
    const uint8_t *payload;
    size_t payload_length;
    if (hook_clock_decode(data, length, &clock) == 0) {
        size_t size = hook_clock_encode(&clock, encoded);
        CHECK(hook_unwrap(encoded, size, &payload, &payload_length) == HOOK_KIND_CLOCK);
        CHECK(hook_clock_decode(payload, payload_length, &clock_again) == 0);
        CHECK(clock_again.realtime_ns == clock.realtime_ns && clock_again.step_ns == clock.step_ns);
    }
    if (hook_mptcp_decode(data, length, &event) == 0) {
        CHECK(hook_mptcp_event_name(event.event) != NULL);
        size_t size = hook_mptcp_encode(&event, encoded);
        CHECK(hook_unwrap(encoded, size, &payload, &payload_length) == HOOK_KIND_MPTCP);
        CHECK(hook_mptcp_decode(payload, payload_length, &event_again) == 0);
        CHECK(event_again.token == event.token && event_again.event == event.event);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const uint8_t *payload;
    size_t payload_length;
    g_autofree uint8_t *octets = fuzz_copy(data + 1, size - 1);
    if (data[0] & 1) {
        enum hook_kind kind = hook_unwrap(octets, size - 1, &payload, &payload_length);
        hook_renumber(octets, size - 1, 7);
        if (kind == HOOK_KIND_NONE)
            return 0;
        CHECK(payload >= octets && payload + payload_length <= octets + size - 1);
        check_record(payload, payload_length);
        check_others(payload, payload_length);
        return 0;
    }
    check_record(octets, size - 1);
    check_others(octets, size - 1);
    return 0;
}
