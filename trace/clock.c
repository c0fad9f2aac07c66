// SPDX-License-Identifier: GPL-2.0-or-later
/* clock.c - see clock.h. */
#include "trace/clock.h"

#include <glib.h>
#include <time.h>

/*
 * Two samples of an undisturbed clock differ by no more than half of both brackets; rounding of the
 * kernel's own conversion adds a few nanoseconds.
 */
enum { STEP_SLACK_NS = 1000 };

struct stretch { /* of time between two steps */
    uint64_t from_monotonic_ns;
    int64_t offset_ns; /* REALTIME - MONOTONIC */
    uint64_t width_ns; /* of the bracket that the offset comes from */
};

struct trace_clock {
    clock_reader reader;
    void *user;
    GArray *stretches; /* struct stretch, oldest first; never empty */
};

static uint64_t read_system(void *user, int which)
{
    struct timespec now;
    (void)user;
    clock_gettime(which, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct bracket {
    uint64_t monotonic_ns, realtime_ns, width_ns;
};

static struct bracket take_bracket(const struct trace_clock *clock, unsigned tries)
{
    struct bracket best = {0, 0, UINT64_MAX};
    for (unsigned i = 0; i < MAX(tries, 1); i++) {
        uint64_t before = clock->reader(clock->user, CLOCK_REALTIME);
        uint64_t monotonic = clock->reader(clock->user, CLOCK_MONOTONIC);
        uint64_t after = clock->reader(clock->user, CLOCK_REALTIME);
        /* REALTIME was set back in between: no bracket. */
        if (after < before)
            continue;
        if (after - before < best.width_ns)
            best = (struct bracket){monotonic, before + (after - before) / 2, after - before};
    }
    if (best.width_ns == UINT64_MAX) {
        best.monotonic_ns = clock->reader(clock->user, CLOCK_MONOTONIC);
        best.realtime_ns = clock->reader(clock->user, CLOCK_REALTIME);
        best.width_ns = 1000000000;
    }
    return best;
}

struct trace_clock *trace_clock_new(clock_reader reader, void *user)
{
    enum { FIRST_TRIES = 200 };
    struct trace_clock *clock = g_new0(struct trace_clock, 1);
    clock->reader = reader != NULL ? reader : read_system;
    clock->user = user;
    clock->stretches = g_array_new(FALSE, FALSE, sizeof(struct stretch));
    struct bracket first = take_bracket(clock, FIRST_TRIES);
    struct stretch stretch = {
        .from_monotonic_ns = 0,
        .offset_ns = (int64_t)(first.realtime_ns - first.monotonic_ns),
        .width_ns = first.width_ns,
    };
    g_array_append_val(clock->stretches, stretch);
    return clock;
}

void trace_clock_free(struct trace_clock *clock)
{
    if (clock == NULL)
        return;
    g_array_unref(clock->stretches);
    g_free(clock);
}

static struct stretch *last_stretch(const struct trace_clock *clock)
{
    return &g_array_index(clock->stretches, struct stretch, clock->stretches->len - 1);
}

bool trace_clock_sample(struct trace_clock *clock, unsigned tries, struct hook_clock *out)
{
    struct bracket bracket = take_bracket(clock, tries);
    struct stretch *last = last_stretch(clock);
    int64_t offset = (int64_t)(bracket.realtime_ns - bracket.monotonic_ns);
    int64_t change = offset - last->offset_ns;
    uint64_t magnitude = change < 0 ? -(uint64_t)change : (uint64_t)change;
    bool step = magnitude > (bracket.width_ns + last->width_ns) / 2 + STEP_SLACK_NS;

    if (step) {
        struct stretch next = {bracket.monotonic_ns, offset, bracket.width_ns};
        g_array_append_val(clock->stretches, next);
    } else if (bracket.width_ns < last->width_ns) {
        last->offset_ns = offset;
        last->width_ns = bracket.width_ns;
    }
    if (out != NULL) {
        *out = (struct hook_clock){
            .monotonic_ns = bracket.monotonic_ns,
            .realtime_ns = bracket.realtime_ns,
            .width_ns = (uint32_t)MIN(bracket.width_ns, UINT32_MAX),
            .step_ns = step ? change : 0,
        };
    }
    return step;
}

uint64_t trace_clock_realtime(const struct trace_clock *clock, uint64_t monotonic_ns)
{
    guint i = clock->stretches->len - 1;
    while (i > 0 &&
           monotonic_ns < g_array_index(clock->stretches, struct stretch, i).from_monotonic_ns)
        i--;
    return monotonic_ns + (uint64_t)g_array_index(clock->stretches, struct stretch, i).offset_ns;
}

uint64_t trace_clock_now_realtime(const struct trace_clock *clock)
{
    return clock->reader(clock->user, CLOCK_REALTIME);
}

uint64_t trace_clock_now_monotonic(const struct trace_clock *clock)
{
    return clock->reader(clock->user, CLOCK_MONOTONIC);
}
