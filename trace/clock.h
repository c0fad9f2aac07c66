/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.h - bringing CLOCK_MONOTONIC, which hooks are stamped with, to CLOCK_REALTIME, which
 * packets are stamped with.
 *
 * A sample is a bracket: REALTIME, MONOTONIC, REALTIME; the true difference lies inside it. Of
 * many brackets the tightest counts. NTP slews both clocks alike, so the difference only changes
 * when REALTIME is set (or a leap second is inserted): a sample that contradicts the one in use is
 * a step. What happened before a step keeps the difference of before.
 */
#ifndef OPTRAIL_TRACE_CLOCK_H
#define OPTRAIL_TRACE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/hook.h"

struct trace_clock;

/* Reads a clock (CLOCK_REALTIME, CLOCK_MONOTONIC) in nanoseconds. */
typedef uint64_t (*clock_reader)(void *user, int which);

/*
 * A clock with its first sample taken. `reader` is for tests; NULL reads the system's clocks.
 * Never NULL. Free with trace_clock_free().
 */
struct trace_clock *trace_clock_new(clock_reader reader, void *user);
void trace_clock_free(struct trace_clock *clock);

/*
 * Takes the tightest of `tries` brackets. `out` (may be NULL) is the sample as a recording stores
 * it. True when it shows a step since the sample before; out->step_ns is then not 0.
 */
bool trace_clock_sample(struct trace_clock *clock, unsigned tries, struct hook_clock *out);

/* REALTIME of a moment on MONOTONIC, both in nanoseconds. */
uint64_t trace_clock_realtime(const struct trace_clock *clock, uint64_t monotonic_ns);

/* The two clocks now, in nanoseconds. */
uint64_t trace_clock_now_realtime(const struct trace_clock *clock);
uint64_t trace_clock_now_monotonic(const struct trace_clock *clock);

#endif
