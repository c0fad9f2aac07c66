/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * align.c - which option of a header upstream is which of the header downstream. See align.h.
 *
 * A place is the stretch between two neighbours that were kept. An option that is gone was
 * overwritten when its place holds as many more NOPs; only counting octets of the whole header would
 * take any new padding for it.
 */
#include "analyze/align.h"

#include <glib.h>
#include <string.h>

#include "wire/packet.h"

enum { KIND_FAST_OPEN = 34, EXID_FAST_OPEN_HIGH = 0xf9, EXID_FAST_OPEN_LOW = 0x89 };

static bool same_octets(const struct option_list *up, const struct option_at *u,
                        const struct option_list *down, const struct option_at *d)
{
    return u->length == d->length && u->available == d->available &&
           memcmp(up->octets + u->offset, down->octets + d->offset, u->available) == 0;
}

static void match_same(const struct option_list *up, const struct option_list *down,
                       bool demand_octets, struct alignment *out)
{
    for (unsigned i = 0; i < up->n; i++)
        for (unsigned j = 0; j < down->n && out->there[i] == ALIGNED_WITH_NONE; j++) {
            if (out->known[j] || up->at[i].identity != down->at[j].identity ||
                (demand_octets && !same_octets(up, &up->at[i], down, &down->at[j])))
                continue;
            out->there[i] = (int8_t)j;
            out->known[j] = true;
        }
}

/* TCP Fast Open has a kind of its own, and had an ExID before: RFC 7413, section 4.1.1. */
static bool is_fast_open(const struct option_list *list, const struct option_at *at)
{
    const uint8_t *octets = list->octets + at->offset;
    if (at->identity->kind == KIND_FAST_OPEN)
        return true;
    return (at->identity->kind == TCP_KIND_EXP1 || at->identity->kind == TCP_KIND_EXP2) &&
           at->available >= 4 && octets[2] == EXID_FAST_OPEN_HIGH &&
           octets[3] == EXID_FAST_OPEN_LOW;
}

static bool takes_place(const struct option_list *up, const struct option_at *u,
                        const struct option_list *down, const struct option_at *d)
{
    if (is_fast_open(up, u) && is_fast_open(down, d))
        return true;
    return u->offset == d->offset && up->declared == down->declared;
}

/* The same option under another name: not one that was added. */
static bool is_renamed(const struct option_list *up, const struct option_at *u,
                       const struct option_list *down, const struct option_at *d)
{
    return u->identity->kind == d->identity->kind || (is_fast_open(up, u) && is_fast_open(down, d));
}

/* A bit per option downstream that took the place of another. */
static uint32_t match_replaced(const struct option_list *up, const struct option_list *down,
                               struct alignment *out)
{
    uint32_t taken = 0;
    for (unsigned i = 0; i < up->n; i++)
        for (unsigned j = 0; j < down->n && out->there[i] == ALIGNED_WITH_NONE &&
                             out->instead[i] == ALIGNED_WITH_NONE;
             j++) {
            if (out->known[j] || taken >> j & 1 || !takes_place(up, &up->at[i], down, &down->at[j]))
                continue;
            out->instead[i] = (int8_t)j;
            out->known[j] = is_renamed(up, &up->at[i], down, &down->at[j]);
            taken |= 1u << j;
        }
    return taken;
}

/* Octets of padding between two offsets: what belongs to no option there. */
static unsigned padding_between(const struct option_list *list, unsigned from, unsigned to)
{
    unsigned padding = to > from ? to - from : 0;
    for (unsigned i = 0; i < list->n; i++) {
        const struct option_at *at = &list->at[i];
        if (at->offset >= from && at->offset < to)
            padding -= MIN(padding, at->length);
    }
    return padding;
}

static unsigned end_of(const struct option_at *at)
{
    return at->offset + at->length;
}

/* Options from `first` up to the one before `last` upstream are gone: was their place padded? */
static void judge_place(const struct option_list *up, const struct option_list *down,
                        unsigned first, unsigned last, struct alignment *out)
{
    unsigned up_from = first > 0 ? end_of(&up->at[first - 1]) : 0;
    unsigned up_to = last < up->n ? up->at[last].offset : up->declared;
    unsigned from = first > 0 ? end_of(&down->at[out->there[first - 1]]) : 0;
    unsigned to = last < up->n ? down->at[out->there[last]].offset : down->declared;
    if (to < from) { /* the neighbours changed places: anywhere, then */
        from = up_from = 0;
        to = down->declared;
        up_to = up->declared;
    }
    unsigned was = padding_between(up, up_from, up_to), is = padding_between(down, from, to);
    unsigned more = is > was ? is - was : 0;
    for (unsigned i = first; i < last; i++) {
        if (out->instead[i] != ALIGNED_WITH_NONE || up->at[i].length > more)
            continue;
        out->padded[i] = true;
        more -= up->at[i].length;
    }
}

static void judge_places(const struct option_list *up, const struct option_list *down,
                         struct alignment *out)
{
    for (unsigned first = 0, last; first < up->n; first = last + 1) {
        for (last = first; last < up->n && out->there[last] == ALIGNED_WITH_NONE; last++)
            ;
        if (last > first)
            judge_place(up, down, first, last, out);
    }
}

void options_align(const struct option_list *up, const struct option_list *down,
                   struct alignment *out)
{
    unsigned added = 0;
    memset(out, 0, sizeof(*out));
    memset(out->there, ALIGNED_WITH_NONE, sizeof(out->there));
    memset(out->instead, ALIGNED_WITH_NONE, sizeof(out->instead));
    match_same(up, down, true, out);
    match_same(up, down, false, out);
    uint32_t taken = match_replaced(up, down, out);
    judge_places(up, down, out);
    for (unsigned j = 0; j < down->n; j++)
        added += out->known[j] || taken >> j & 1 ? 0 : down->at[j].length;
    out->shortened = down->declared < up->declared + added;
}
