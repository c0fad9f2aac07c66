/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder_consumer.c - whether the recorder's user space takes a million events a second on one
 * core without loss: from the ring to the octets of the file (fetch, decode, clock, merge, number,
 * write), with the recorder's own code.
 *
 * recorder_consumer N FILE: one thread puts N events into a ring as large as the recorder's, at a
 * million a second, the way the observers do it; this thread fetches as the recorder does: every
 * 2 ms, or at once when it left something. 64 connections; every fourth event has an option of a program. Prints how many events were
 * lost, and what one costs in CPU time of this thread.
 */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "trace/clock.h"
#include "trace/file.h"
#include "trace/merge.h"
#include "trace/observer_event.h"
#include "trace/observer_ring.h"
#include "wire/packet.h"

enum { SLOTS = 65536, MOST = 20000, TICK_NS = 2000000, WINDOW_NS = 200000000, RATE = 1000000 };

struct bench {
    struct observer_ring *ring;
    unsigned long n;
    bool done;
    struct trace_clock *clock;
    struct merge *merge;
};

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void put(struct observer_ring *ring, unsigned long i, uint64_t time_ns)
{
    uint64_t at = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
    do {
        if ((int64_t)(at - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE)) + 1 > SLOTS) {
            __atomic_fetch_add(&ring->lost, 1, __ATOMIC_RELAXED);
            return;
        }
    } while (!__atomic_compare_exchange_n(&ring->head, &at, at + 1, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    struct observer_slot *slot = &ring->slots[at & (SLOTS - 1)];
    slot->event = (struct observer_event){
        .time_ns = time_ns,
        .duration_ns = 300,
        .cookie = 4096 + i % 64,
        .flags = OBSERVER_FULLSOCK | OBSERVER_HEADER | OBSERVER_ENTRY,
        .op = i % 2 != 0 ? HOOK_WRITE_HDR_OPT : HOOK_PARSE_HDR_OPT,
        .family = 2,
        .local_net = {0x010200c0},
        .remote_net = {0x020200c0},
        .local_port = (uint16_t)(40000 + i % 64),
        .remote_port = 443,
        .skb_length = 1480,
        .header_length = 40,
        .options_before = 12,
        .options_length = i % 4 == 0 ? 20 : 12,
        .options = {1, 1, 8, 10},
    };
    __atomic_store_n(&slot->sequence, at + 1, __ATOMIC_RELEASE);
}

/* As many at a time as a million a second are by now. */
static gpointer produce(gpointer user)
{
    struct bench *bench = user;
    uint64_t start = now_ns(CLOCK_MONOTONIC);
    for (unsigned long i = 0; i < bench->n;) {
        uint64_t now = now_ns(CLOCK_MONOTONIC);
        unsigned long due = MIN((now - start) / (1000000000 / RATE), bench->n);
        if (i == due)
            g_usleep(20);
        for (; i < due; i++)
            put(bench->ring, i, now);
    }
    __atomic_store_n(&bench->done, true, __ATOMIC_RELEASE);
    return NULL;
}

static void on_event(void *user, unsigned cpu, const struct observer_event *event, size_t size)
{
    struct bench *bench = user;
    struct hook_record record;
    uint8_t octets[HOOK_ENCODED_MAX];
    if (!observer_event_record(event, size, &record))
        return;
    record.cpu = (uint16_t)cpu;
    record.time_ns = trace_clock_realtime(bench->clock, record.monotonic_ns);
    const uint32_t length = (uint32_t)hook_encode(&record, octets);
    const struct pcapng_packet packet = {
        .time_ns = record.time_ns, .captured = length, .length = length, .data = octets};
    merge_push(bench->merge, &packet);
}

static int write_packet(void *user, const struct pcapng_packet *packet)
{
    return file_write(user, packet);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct bench bench = {.n = argc == 3 ? strtoul(argv[1], NULL, 10) : 0};
    if (bench.n == 0) {
        fputs("usage: recorder_consumer N FILE\n", stderr);
        return 2;
    }
    const struct file_settings settings = {.path = argv[2]};
    const struct pcapng_interface hooks = {.linktype = LINKTYPE_WIRESHARK_UPPER_PDU,
                                           .name = HOOK_INTERFACE};
    struct file *file = file_open(&settings, 0, &error);
    if (file == NULL || file_begin(file, "bench", &hooks, 1, 0, 0) != 0) {
        fprintf(stderr, "recorder_consumer: %s\n", error != NULL ? error->message : argv[2]);
        return 3;
    }
    bench.ring = g_malloc0(observer_ring_size(SLOTS));
    bench.clock = trace_clock_new(NULL, NULL);
    bench.merge = merge_new(write_packet, file);
    struct observer_rings *rings = observer_rings_new(bench.ring, 1, SLOTS);
    GThread *producer = g_thread_new("producer", produce, &bench);
    uint64_t cpu = now_ns(CLOCK_THREAD_CPUTIME_ID), events = 0;
    int code = 0;
    for (bool last = false; !last && code == 0;) {
        const struct timespec tick = {.tv_nsec = TICK_NS};
        if (observer_rings_complete_ns(rings) == UINT64_MAX)
            nanosleep(&tick, NULL);
        bool done = __atomic_load_n(&bench.done, __ATOMIC_ACQUIRE);
        uint64_t before = now_ns(CLOCK_REALTIME);
        unsigned n = observer_rings_fetch(rings, MOST, on_event, &bench);
        events += n;
        last = done && n == 0;
        code = merge_until(bench.merge, last ? UINT64_MAX : before - WINDOW_NS);
        if (code == 0)
            code = file_flush(file);
    }
    cpu = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    g_thread_join(producer);
    uint64_t lost = observer_rings_lost(rings), size = file_size(file);
    g_free(rings);
    g_free(bench.ring);
    merge_free(bench.merge);
    trace_clock_free(bench.clock);
    int closed = file_close(file);
    if (code != 0 || closed != 0) {
        fprintf(stderr, "recorder_consumer: %s\n", g_strerror(code != 0 ? -code : -closed));
        return 1;
    }
    printf("%" PRIu64 " events, %" PRIu64 " lost; %.0f ns of CPU an event (%.0f %% of a core), "
           "%.0f octets an event\n",
           events, lost, (double)cpu / (double)events, (double)cpu / (double)events * RATE / 1e7,
           (double)size / (double)events);
    return 0;
}
