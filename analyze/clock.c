/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.c - how the clocks of the two vantage points stand to each other.
 *
 * With A upstream, tB - tA = offset + delay, so offset <= the least of them; with B upstream,
 * tB - tA = offset - delay, so offset >= the greatest.
 */
#include "analyze/clock.h"

void clock_note(struct clock_pairs *clock, enum vantage upstream, uint64_t time_a_ns,
                uint64_t time_b_ns)
{
    struct clock_travel *travel = &clock->travel[upstream];
    int64_t difference = (int64_t)(time_b_ns - time_a_ns);
    if (travel->pairs == 0 || difference < travel->least_ns)
        travel->least_ns = difference;
    if (travel->pairs == 0 || difference > travel->most_ns)
        travel->most_ns = difference;
    travel->latest_ns = difference;
    travel->pairs++;
    clock_envelope_note(&travel->envelope, time_a_ns, difference, upstream == VANTAGE_A);
    clock->known = true;
    /* In the middle of both directions, each segment is read where it passes first, first. */
    const struct clock_travel *other = &clock->travel[!upstream];
    clock->pace_ns =
        other->pairs ? other->latest_ns + (difference - other->latest_ns) / 2 : difference;
}

void clock_guess(struct clock_pairs *clock, uint64_t time_a_ns, uint64_t time_b_ns)
{
    if (!clock->known)
        clock->pace_ns = (int64_t)(time_b_ns - time_a_ns);
    clock->known = true;
}

static uint64_t shifted(uint64_t time_ns, int64_t by_ns)
{
    if (by_ns < 0 && (uint64_t)-by_ns > time_ns)
        return 0;
    return time_ns + (uint64_t)by_ns;
}

void clock_expect(const struct clock_pairs *clock, enum vantage from, enum vantage upstream,
                  uint64_t time_ns, uint64_t *earliest_ns, uint64_t *latest_ns)
{
    const struct clock_travel *travel = &clock->travel[upstream];
    *earliest_ns = *latest_ns = time_ns;
    if (travel->pairs == 0)
        travel = &clock->travel[!upstream];
    if (travel->pairs == 0)
        return;
    int64_t least = travel->least_ns, most = travel->most_ns;
    *earliest_ns = shifted(time_ns, from == VANTAGE_A ? least : -most);
    *latest_ns = shifted(time_ns, from == VANTAGE_A ? most : -least);
}

void clock_report(const struct clock_pairs *clock, struct report_clock *out)
{
    const struct clock_travel *from_a = &clock->travel[VANTAGE_A];
    const struct clock_travel *from_b = &clock->travel[VANTAGE_B];
    out->known = from_a->pairs > 0 && from_b->pairs > 0;
    out->pairs = from_a->pairs + from_b->pairs;
    out->skew_ppm = clock_skew_ppm(clock);
    if (!out->known)
        return;
    /* Clocks that drift apart can turn the bounds around: both are then still its extremes. */
    out->offset_low_ns = MIN(from_b->most_ns, from_a->least_ns);
    out->offset_high_ns = MAX(from_b->most_ns, from_a->least_ns);
}
