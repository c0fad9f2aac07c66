/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare_options.c - what became of one option between two vantage points, or whether it may stand
 * where it stands. See compare_options.h.
 *
 * Every verdict is one function, one row of a table; the first that holds is the option's.
 */
#include "analyze/compare_options.h"

#include <string.h>

#include "analyze/translate.h"
#include "wire/bytes.h"
#include "wire/codec.h"

enum { KIND_SACK = 5 };

static const struct option_at *aligned(const struct option_list *list, int index)
{
    return index == ALIGNED_WITH_NONE ? NULL : &list->at[index];
}

/* Turns to the option `index` upstream. */
void option_turn_to(struct option_case *c, unsigned index)
{
    c->index = index;
    c->here = &c->up_options->at[index];
    c->there = aligned(c->down_options, c->alignment->there[index]);
    c->instead = aligned(c->down_options, c->alignment->instead[index]);
}

/* --- one function per verdict ----------------------------------------------------------------- */

/* SACK blocks are sequence numbers of the other direction: a box that rewrites those moves them. */
static bool sack_equal(const struct option_case *c)
{
    struct bytes up = bytes_of(option_octets(c->up_options, c->here), c->here->available);
    struct bytes down = bytes_of(option_octets(c->down_options, c->there), c->there->available);
    unsigned other = !c->up->direction;
    if (c->here->length != c->there->length || c->here->available != c->there->available)
        return false;
    bytes_skip(&up, 2);
    bytes_skip(&down, 2);
    while (bytes_left(&up) >= 4) {
        uint32_t u = translate_number(c->connection, c->up->vantage, other, bytes_be32(&up));
        uint32_t d = translate_number(c->connection, c->down->vantage, other, bytes_be32(&down));
        if (u != d)
            return false;
    }
    return true;
}

static bool same_as_far_as_captured(const struct option_case *c)
{
    return memcmp(option_octets(c->up_options, c->here), option_octets(c->down_options, c->there),
                  MIN(c->here->available, c->there->available)) == 0;
}

static bool same_octets(const struct option_case *c)
{
    return c->here->length == c->there->length && same_as_far_as_captured(c);
}

bool option_is_intact(const struct option_case *c)
{
    if (c->there == NULL)
        return false;
    if (c->here->identity->everyday && c->here->identity->kind == TCP_KIND_TIMESTAMPS)
        return c->here->length == c->there->length; /* the path's verdict, not the option's */
    if (!option_is_whole(c->here) || !option_is_whole(c->there))
        return false;
    return same_octets(c) ||
           (c->here->identity->everyday && c->here->identity->kind == KIND_SACK && sack_equal(c));
}

/* Intact, but it has changed places with another option that was kept. */
static bool is_reordered(const struct option_case *c)
{
    if (!option_is_intact(c))
        return false;
    for (unsigned i = 0; i < c->up_options->n; i++) {
        const struct option_at *up = &c->up_options->at[i];
        const struct option_at *down = aligned(c->down_options, c->alignment->there[i]);
        if (down && up != c->here &&
            (up->offset < c->here->offset) != (down->offset < c->there->offset))
            return true;
    }
    return false;
}

bool option_is_cut(const struct option_case *c)
{
    if (c->there)
        return (!option_is_whole(c->here) || !option_is_whole(c->there)) &&
               same_as_far_as_captured(c);
    /* One that was cut may bear another name than the whole one downstream. */
    return !option_is_whole(c->here) || c->down_options->captured < c->down_options->declared;
}

static bool is_modified(const struct option_case *c)
{
    return c->there || c->instead;
}

static bool is_removed_nop(const struct option_case *c)
{
    return c->alignment->padded[c->index];
}

static bool is_removed_shortened(const struct option_case *c)
{
    return c->alignment->shortened;
}

/* Gone, and neither padding nor a shorter header accounts for it: something else took its room. */
static bool is_replaced(const struct option_case *c)
{
    return c->there == NULL;
}

static const struct {
    enum verdict verdict;
    bool (*holds)(const struct option_case *c);
} OPTION_VERDICTS[] = {
    {VERDICT_OPTION_REORDERED, is_reordered},
    {VERDICT_OPTION_INTACT, option_is_intact},
    {VERDICT_INCONCLUSIVE_SNAPLEN, option_is_cut},
    {VERDICT_OPTION_MODIFIED, is_modified},
    {VERDICT_OPTION_REMOVED_NOP, is_removed_nop},
    {VERDICT_OPTION_REMOVED_SHORTENED, is_removed_shortened},
    {VERDICT_OPTION_MODIFIED, is_replaced},
};

enum verdict option_compare(const struct option_case *c)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(OPTION_VERDICTS); i++)
        if (OPTION_VERDICTS[i].holds(c))
            return OPTION_VERDICTS[i].verdict;
    return VERDICT_NONE;
}

/* --- an option by itself ---------------------------------------------------------------------- */

static enum verdict judge_form(const struct option_case *c)
{
    const struct option_at *at = c->here;
    const struct option_desc *desc = at->identity->desc;
    if (at->malformed)
        return VERDICT_OPTION_MALFORMED;
    if (desc == NULL || !option_is_whole(at) ||
        option_well_formed(c->identities, desc, option_octets(c->up_options, at), at->available))
        return VERDICT_NONE;
    return VERDICT_OPTION_MALFORMED;
}

static enum verdict judge_place(const struct option_case *c)
{
    const struct option_desc *desc = c->here->identity->desc;
    int from_client = -1;
    if (desc == NULL)
        return VERDICT_NONE;
    if (c->connection->roles != ROLES_GUESSED)
        from_client = connection_direction(c->connection, c->up->direction) == DIRECTION_FORWARD;
    return codec_placement(desc, c->up->class, from_client) ? VERDICT_OPTION_MISPLACED
                                                            : VERDICT_NONE;
}

static enum verdict (*const OWN_VERDICTS[OPTION_OWN_VERDICTS])(const struct option_case *c) = {
    judge_form, judge_place};

enum verdict option_own_verdict(const struct option_case *c, unsigned which)
{
    return OWN_VERDICTS[which](c);
}
