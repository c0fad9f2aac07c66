/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_skew.c - how much faster B's clock runs than A's.
 *
 * Of segments that pass A first, tB - tA = offset + skew * t + delay: the line that lies below all
 * of them and nearest to them has the slope of the skew, whatever the delays (Moon, Skelly and
 * Towsley). It is the edge of their lower convex hull that spans the middle of the time. Segments
 * the other way lie above theirs. To keep little, only the extreme of each of so many stretches of
 * time is kept; when time runs out of stretches, two become one.
 */
#include <math.h>

#include "analyze/clock.h"

static const uint64_t STRETCH_NS = 10 * 1000 * 1000; /* to begin with */
static const uint64_t LEAST_SPAN_NS = 5ull * 1000 * 1000 * 1000;
enum { LEAST_POINTS = 8 };

static void merge_stretches(struct clock_envelope *e, bool least)
{
    for (unsigned i = 0; i < CLOCK_STRETCHES / 2; i++) {
        struct clock_point a = e->points[2 * i], b = e->points[2 * i + 1];
        bool take_b =
            !a.used || (b.used && (least ? b.value_ns < a.value_ns : b.value_ns > a.value_ns));
        e->points[i] = take_b ? b : a;
    }
    for (unsigned i = CLOCK_STRETCHES / 2; i < CLOCK_STRETCHES; i++)
        e->points[i].used = false;
    e->stretch_ns *= 2;
}

void clock_envelope_note(struct clock_envelope *e, uint64_t time_ns, int64_t value_ns, bool least)
{
    if (e->stretch_ns == 0) {
        e->stretch_ns = STRETCH_NS;
        e->start_ns = time_ns;
    }
    if (time_ns < e->start_ns)
        return; /* before the first: a file that is not in order */
    while ((time_ns - e->start_ns) / e->stretch_ns >= CLOCK_STRETCHES)
        merge_stretches(e, least);
    struct clock_point *point = &e->points[(time_ns - e->start_ns) / e->stretch_ns];
    if (!point->used || (least ? value_ns < point->value_ns : value_ns > point->value_ns))
        *point = (struct clock_point){time_ns, value_ns, true};
}

/* Twice the area to the left of the line from a over b to c. */
static double turn(const struct clock_point *a, const struct clock_point *b,
                   const struct clock_point *c, double sign)
{
    double abx = (double)(int64_t)(b->time_ns - a->time_ns);
    double acx = (double)(int64_t)(c->time_ns - a->time_ns);
    return sign *
           (abx * (double)(c->value_ns - a->value_ns) - acx * (double)(b->value_ns - a->value_ns));
}

bool clock_envelope_slope(const struct clock_envelope *e, bool least, double *slope)
{
    const struct clock_point *hull[CLOCK_STRETCHES], *first = NULL, *last = NULL;
    unsigned n = 0, used = 0;
    double sign = least ? 1 : -1;
    for (unsigned i = 0; i < CLOCK_STRETCHES; i++) {
        const struct clock_point *p = &e->points[i];
        if (!p->used)
            continue;
        used++;
        first = first ? first : p;
        last = p;
        while (n >= 2 && turn(hull[n - 2], hull[n - 1], p, sign) <= 0)
            n--;
        hull[n++] = p;
    }
    if (used < LEAST_POINTS || last->time_ns - first->time_ns < LEAST_SPAN_NS)
        return false;
    uint64_t middle = first->time_ns + (last->time_ns - first->time_ns) / 2;
    unsigned i = 0;
    while (i + 2 < n && hull[i + 1]->time_ns < middle)
        i++;
    *slope = (double)(hull[i + 1]->value_ns - hull[i]->value_ns) /
             (double)(hull[i + 1]->time_ns - hull[i]->time_ns);
    return true;
}

double clock_skew_ppm(const struct clock_pairs *clock)
{
    double slope[VANTAGES];
    bool known[VANTAGES];
    for (unsigned v = 0; v < VANTAGES; v++)
        known[v] = clock_envelope_slope(&clock->travel[v].envelope, v == VANTAGE_A, &slope[v]);
    if (known[VANTAGE_A] && known[VANTAGE_B])
        return (slope[VANTAGE_A] + slope[VANTAGE_B]) / 2 * 1e6;
    return known[VANTAGE_A] ? slope[VANTAGE_A] * 1e6
                            : (known[VANTAGE_B] ? slope[VANTAGE_B] * 1e6 : NAN);
}
