/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder_consumer.c - how many events a second the recorder's user space handles on one core:
 * from the octets of the ring to the octets of the file (decode, clock, merge, number, write).
 *
 * recorder_consumer N FILE: N events of 64 connections, in rounds of 20000 as the recorder takes
 * them; every fourth with an option of a program. Prints events/s of CPU time of this thread.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "trace/clock.h"
#include "trace/file.h"
#include "trace/merge.h"
#include "trace/observer_event.h"
#include "wire/packet.h"

enum { ROUND = 20000, WINDOW_NS = 200000000, STEP_NS = 1000 /* a million a second */ };

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int write_packet(void *user, const struct pcapng_packet *packet)
{
    return file_write(user, packet);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    unsigned long n = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    if (n == 0) {
        fputs("usage: recorder_consumer N FILE\n", stderr);
        return 2;
    }
    const struct file_settings settings = {.path = argv[2]};
    const struct pcapng_interface hooks = {.linktype = LINKTYPE_WIRESHARK_UPPER_PDU,
                                           .name = HOOK_INTERFACE};
    struct file *file = file_open(&settings, 0, &error);
    if (file == NULL || file_begin(file, "bench", &hooks, 1, 0) != 0) {
        fprintf(stderr, "recorder_consumer: %s\n", error != NULL ? error->message : argv[2]);
        return 3;
    }
    struct trace_clock *clock = trace_clock_new(NULL, NULL);
    struct merge *merge = merge_new(write_packet, file);
    uint64_t start = trace_clock_now_monotonic(clock);
    int code = 0;
    double before = cpu_seconds();
    for (unsigned long i = 0; i < n && code == 0; i++) {
        struct observer_event event = {
            .time_ns = start + i * STEP_NS,
            .entry_ns = start + i * STEP_NS - 300,
            .cookie = 4096 + i % 64,
            .flags = OBSERVER_FULLSOCK | OBSERVER_HEADER | OBSERVER_ENTRY,
            .op = i % 2 != 0 ? HOOK_WRITE_HDR_OPT : HOOK_PARSE_HDR_OPT,
            .family = 2,
            .local_net = {0x010200c0},
            .remote_net = {0x020200c0},
            .local_port = (uint32_t)(40000 + i % 64),
            .remote_port = 443,
            .skb_length = 1480,
            .header_length = 40,
            .cpu = i % 2,
            .options_before = 12,
            .options_length = i % 4 == 0 ? 20 : 12,
            .options = {1, 1, 8, 10},
        };
        struct hook_record record;
        uint8_t octets[HOOK_ENCODED_MAX];
        if (!observer_event_record(&event, sizeof(event), &record))
            return 1;
        record.time_ns = trace_clock_realtime(clock, record.monotonic_ns);
        const uint32_t length = (uint32_t)hook_encode(&record, octets);
        const struct pcapng_packet packet = {
            .time_ns = record.time_ns, .captured = length, .length = length, .data = octets};
        merge_push(merge, &packet);
        if (i % ROUND == ROUND - 1) {
            code = merge_until(merge, record.time_ns - WINDOW_NS);
            if (code == 0)
                code = file_flush(file);
        }
    }
    if (code == 0)
        code = merge_until(merge, UINT64_MAX);
    double used = cpu_seconds() - before;
    uint64_t size = file_size(file);
    merge_free(merge);
    trace_clock_free(clock);
    int closed = file_close(file);
    if (code != 0 || closed != 0) {
        fprintf(stderr, "recorder_consumer: %s\n", g_strerror(code != 0 ? -code : -closed));
        return 1;
    }
    printf("%.0f events/s, %.0f ns an event, %.0f octets an event\n", (double)n / used,
           used / (double)n * 1e9, (double)size / (double)n);
    return 0;
}
