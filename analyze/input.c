/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.c - one vantage point: its TCP segments and hook records in file order, and what its
 * capture admits not to hold.
 *
 * Losses come from three places: epb_dropcount (so many packets between this record of an interface
 * and the one before), interface statistics (a sum without a place, usually at the end of the
 * file), and numbers that are missing in the row of hook records.
 */
#include "analyze/input.h"

#include <string.h>

enum { GAPS_MAX = 4096 }; /* beyond, neighbours are merged: a longer window claims less */

static void close_capture(gpointer capture)
{
    capture_close(capture);
}

static void free_filter(gpointer filter)
{
    filter_free(filter);
}

struct input *input_open(const char *file, const char *const *more, struct filter *filter,
                         enum vantage vantage, GError **error)
{
    g_autoptr(GPtrArray) captures = g_ptr_array_new_with_free_func(close_capture);
    g_autoptr(GString) names = g_string_new(file);
    for (const char *name = file; name; name = more ? *more++ : NULL) {
        struct capture *capture = capture_open(name, error);
        if (capture == NULL)
            return NULL;
        g_ptr_array_add(captures, capture);
        if (captures->len > 1)
            g_string_append_printf(names, ", %s", name);
    }
    struct input *input = g_new0(struct input, 1);
    input->vantage = vantage;
    input->file = g_strdup(names->str);
    input->captures = g_steal_pointer(&captures);
    input->filter = filter;
    input->interface_times = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    input->cpu_times = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    input->lost_packets.list = g_array_new(FALSE, TRUE, sizeof(struct gap));
    input->cut.list = g_array_new(FALSE, TRUE, sizeof(struct gap));
    input->own_filters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_filter);
    input->lost_events.list = g_array_new(FALSE, TRUE, sizeof(struct gap));
    return input;
}

void input_free(struct input *input)
{
    if (input == NULL)
        return;
    g_ptr_array_unref(input->captures);
    g_array_free(input->interface_times, TRUE);
    g_array_free(input->cpu_times, TRUE);
    g_array_free(input->lost_packets.list, TRUE);
    g_array_free(input->lost_events.list, TRUE);
    g_array_free(input->cut.list, TRUE);
    g_hash_table_destroy(input->own_filters);
    g_free(input->file);
    g_free(input);
}

static void gaps_add(struct gaps *gaps, uint64_t from_ns, uint64_t to_ns, uint64_t count)
{
    gaps->total += count;
    if (gaps->list->len >= GAPS_MAX) {
        struct gap *last = &g_array_index(gaps->list, struct gap, gaps->list->len - 1);
        last->to_ns = MAX(last->to_ns, to_ns);
        last->count += count;
        return;
    }
    struct gap gap = {from_ns, MAX(from_ns, to_ns), count};
    g_array_append_val(gaps->list, gap);
}

/* Options, or the header itself, are behind what was kept of the packet. */
static void note_kept(struct input *input, const struct capture_record *record)
{
    input->snaplen = MAX(input->snaplen, record->captured);
}

/* Those that follow each other without a readable segment between them are one stretch. */
static void note_cut(struct input *input)
{
    input->cut_headers++;
    if (!input->cut_last) {
        gaps_add(&input->cut, input->time_ns, input->time_ns, 1);
    } else {
        struct gap *last = &g_array_index(input->cut.list, struct gap, input->cut.list->len - 1);
        last->from_ns = MIN(last->from_ns, input->time_ns);
        last->to_ns = MAX(last->to_ns, input->time_ns);
    }
    input->cut_last = true;
}

static struct capture *capture_at(const struct input *input, unsigned i)
{
    return g_ptr_array_index(input->captures, i);
}

/* The next record of any file; frame numbers and interfaces count on over the files. */
static bool next_record(struct input *input, struct capture_record *record)
{
    while (input->reading < input->captures->len) {
        struct capture *capture = capture_at(input, input->reading);
        if (capture_next(capture, record) > 0) {
            input->frame = record->number + input->frames_before;
            record->interface += input->interfaces_before;
            return true;
        }
        /* Rotation goes on with the numbers of hook records; another recording begins anew. */
        input->reading++;
        input->frames_before = input->frame;
        input->interfaces_before += (uint32_t)capture_n_interfaces(capture);
    }
    return false;
}

/* Takes the record's time into account; returns the time before it on its interface. */
static uint64_t note_time(struct input *input, const struct capture_record *record)
{
    if (record->has_time) {
        input->time_ns = record->time_ns;
        if (!input->has_time || record->time_ns < input->first_ns)
            input->first_ns = record->time_ns;
        if (!input->has_time || record->time_ns > input->last_ns)
            input->last_ns = record->time_ns;
        input->has_time = true;
    }
    if (record->interface >= input->interface_times->len)
        g_array_set_size(input->interface_times, record->interface + 1);
    uint64_t *last = &g_array_index(input->interface_times, uint64_t, record->interface);
    uint64_t before = *last;
    *last = input->time_ns;
    return before;
}

/*
 * Since when invocations may be missing before this record: the rings are the CPUs' own, so since
 * the last record of the same CPU; before a clock sample, of any CPU (`cpu` negative).
 */
static uint64_t events_missing_since(const struct input *input, int cpu)
{
    const GArray *times = input->cpu_times;
    uint64_t since = input->time_ns;
    if (cpu >= 0)
        return (unsigned)cpu < times->len ? g_array_index(times, uint64_t, cpu) : 0;
    for (unsigned i = 0; i < times->len; i++)
        since = MIN(since, g_array_index(times, uint64_t, i));
    return since;
}

static void note_cpu(struct input *input, unsigned cpu)
{
    if (cpu >= input->cpu_times->len)
        g_array_set_size(input->cpu_times, cpu + 1);
    g_array_index(input->cpu_times, uint64_t, cpu) = input->time_ns;
}

/* A hook record: decoded into input->hook, its place in the row checked. False: it is broken. */
static bool read_hook(struct input *input, const uint8_t *payload, size_t length)
{
    if (hook_decode(payload, length, &input->hook) < 0)
        return false;
    input->hooks++;
    uint64_t id = input->hook.id;
    if (id > input->last_event_id + 1) {
        /* The same loss may stand in a drop count too: only its place is noted here. */
        input->missing_events += id - input->last_event_id - 1;
        gaps_add(&input->lost_events, events_missing_since(input, input->hook.cpu), input->time_ns,
                 0);
    }
    if (id > input->last_event_id)
        input->last_event_id = id;
    return true;
}

/* A record of link type 252. What it is stands in input->kind; true when somebody must see it. */
static bool read_upper_pdu(struct input *input, const struct capture_record *record)
{
    const uint8_t *payload;
    size_t length;
    enum hook_kind kind = hook_unwrap(record->data, record->captured, &payload, &length);
    bool good = kind == HOOK_KIND_RECORD && read_hook(input, payload, length);
    input->has_hooks = true;
    if (kind == HOOK_KIND_NONE)
        input->packets++;
    if (record->has_dropcount && record->dropcount > 0)
        gaps_add(&input->lost_events, events_missing_since(input, good ? input->hook.cpu : -1),
                 input->time_ns, record->dropcount);
    if (good)
        note_cpu(input, input->hook.cpu);
    input->kind = kind == HOOK_KIND_MPTCP ? INPUT_MPTCP : INPUT_HOOK;
    return good ||
           (kind == HOOK_KIND_MPTCP && hook_mptcp_decode(payload, length, &input->mptcp) == 0);
}

void input_next(struct input *input)
{
    struct capture_record record;
    while (next_record(input, &record)) {
        uint64_t before_ns = note_time(input, &record);
        input->interface = record.interface;
        input->cooked =
            record.linktype == LINKTYPE_LINUX_SLL || record.linktype == LINKTYPE_LINUX_SLL2;
        if (record.linktype == LINKTYPE_WIRESHARK_UPPER_PDU) {
            if (!read_upper_pdu(input, &record))
                continue;
            return;
        }
        input->packets++;
        if (record.has_dropcount && record.dropcount > 0)
            gaps_add(&input->lost_packets, before_ns, input->time_ns, record.dropcount);
        if (record.captured < record.length)
            input->truncated++;
        if (!packet_linktype_known(record.linktype) && input->unreadable++ == 0)
            input->unreadable_linktype = record.linktype;
        if (input->filter && !filter_matches(input->filter, &record)) {
            input->filtered++;
            continue;
        }
        enum packet_status status = packet_dissect(record.linktype, record.data, record.captured,
                                                   record.length, &input->packet);
        if (status == PACKET_CUT) {
            note_kept(input, &record);
            note_cut(input);
        }
        if (status != PACKET_TCP)
            continue;
        if (input->packet.options_captured < input->packet.options_length) {
            note_kept(input, &record);
            input->cut_options++;
        }
        input->cut_last = false;
        input->segments++;
        input->has_packets = true;
        input->kind = INPUT_SEGMENT;
        return;
    }
    input->kind = INPUT_END;
}

uint64_t input_position(const struct input *input, uint64_t *size)
{
    uint64_t done = 0, one;
    bool known = true;
    *size = 0;
    for (unsigned i = 0; i < input->captures->len; i++) {
        done += capture_position(capture_at(input, i), &one);
        known &= one > 0;
        *size += one;
    }
    if (!known)
        *size = 0;
    return done;
}

/* --- losses ----------------------------------------------------------------------------------- */

/* What the interface statistics say: the sum, and whether they say anything. */
static bool statistics_of(const struct capture *capture, bool hooks, uint64_t *dropped)
{
    bool known = false;
    for (size_t i = 0; i < capture_n_interfaces(capture); i++) {
        const struct capture_interface *interface = capture_interface(capture, i);
        if ((interface->linktype == LINKTYPE_WIRESHARK_UPPER_PDU) != hooks ||
            !interface->has_statistics || !interface->has_dropped)
            continue;
        known = true;
        *dropped += interface->dropped;
    }
    return known;
}

/* Known when each file says it: one that does not may have lost anything. */
static bool statistics(const struct input *input, bool hooks, uint64_t *dropped)
{
    bool known = true;
    *dropped = 0;
    for (unsigned i = 0; i < input->captures->len; i++)
        known &= statistics_of(capture_at(input, i), hooks, dropped);
    return known;
}

static bool lost_between(const struct gaps *gaps, unsigned known, uint64_t from_ns, uint64_t to_ns)
{
    /* The last of a full list goes on growing. */
    for (unsigned i = MIN(known, (unsigned)GAPS_MAX - 1); i < gaps->list->len; i++) {
        const struct gap *gap = &g_array_index(gaps->list, struct gap, i);
        if (gap->from_ns <= to_ns && from_ns <= gap->to_ns)
            return true;
    }
    return false;
}

bool input_lost_packets_between(const struct input *input, uint64_t from_ns, uint64_t to_ns)
{
    return lost_between(&input->lost_packets, 0, from_ns, to_ns);
}

bool input_lost_events_between(const struct input *input, uint64_t from_ns, uint64_t to_ns)
{
    return input_lost_events_since(input, 0, from_ns, to_ns);
}

bool input_lost_events_since(const struct input *input, unsigned known, uint64_t from_ns,
                             uint64_t to_ns)
{
    uint64_t dropped;
    if (statistics(input, true, &dropped) &&
        dropped > MAX(input->lost_events.total, input->missing_events))
        return true;
    return lost_between(&input->lost_events, known, from_ns, to_ns);
}

bool input_headers_cut_between(const struct input *input, uint64_t from_ns, uint64_t to_ns)
{
    return lost_between(&input->cut, 0, from_ns, to_ns);
}

static struct filter *own_filter(const struct input *input, const char *expression)
{
    gpointer filter;
    if (!g_hash_table_lookup_extended(input->own_filters, expression, NULL, &filter)) {
        filter = filter_of_capture(expression);
        g_hash_table_insert(input->own_filters, g_strdup(expression), filter);
    }
    return filter;
}

bool input_would_catch(const struct input *input, const struct endpoint *source,
                       const struct endpoint *destination, uint8_t flags, uint32_t payload_length)
{
    for (unsigned i = 0; i < input->captures->len; i++) {
        const struct capture *capture = capture_at(input, i);
        for (size_t n = 0; n < capture_n_interfaces(capture); n++) {
            const struct capture_interface *interface = capture_interface(capture, n);
            if (interface->linktype == LINKTYPE_WIRESHARK_UPPER_PDU || interface->filter[0] == '\0')
                continue;
            /* Which interface it would have passed is not known: each must let it through. */
            if (!filter_admits(own_filter(input, interface->filter), source, destination, flags,
                               payload_length))
                return false;
        }
    }
    return true;
}

bool input_lost_packets_somewhere(const struct input *input)
{
    uint64_t dropped;
    return statistics(input, false, &dropped) && dropped > input->lost_packets.total;
}

bool input_counts_losses(const struct input *input)
{
    uint64_t dropped;
    return statistics(input, false, &dropped);
}

void input_report(const struct input *input, struct report_input *out)
{
    uint64_t dropped;
    bool known = statistics(input, false, &dropped);
    out->vantage = input->vantage == VANTAGE_A ? 'a' : 'b';
    out->file = g_strdup(input->file);
    out->packets = input->packets;
    out->tcp_segments = input->segments;
    out->hook_events = input->hooks;
    out->has_time = input->has_time;
    out->first_ns = input->first_ns;
    out->last_ns = input->last_ns;
    out->truncated_packets = input->truncated;
    out->lost_packets = known || input->lost_packets.total > 0
                            ? MAX(dropped, input->lost_packets.total)
                            : COUNT_UNKNOWN;
    (void)statistics(input, true, &dropped);
    dropped = MAX(dropped, MAX(input->lost_events.total, input->missing_events));
    out->lost_events = input->has_hooks ? dropped : COUNT_UNKNOWN;
    for (unsigned i = 0; i < input->captures->len && out->warning == NULL; i++)
        out->warning = g_strdup(capture_warning(capture_at(input, i)));
    const char *comment = capture_section_comment(capture_at(input, 0));
    out->sources = input->has_hooks && comment[0] != '\0' ? g_strdup(comment) : NULL;
}
