// SPDX-License-Identifier: GPL-2.0-or-later
/* managed.c - see managed.h. */
#include "bpf/load/managed.h"

#include <string.h>

enum {
    SECOND_US = 1000 * 1000,
    PATIENCE_S = 10, /* with a handshake that is under way */
    TRIES_MAX = 6,   /* refused ones come 1, 2, 4, 8, 16 s apart */
};

struct managed *managed_new(uint32_t token)
{
    struct managed *managed = g_new0(struct managed, 1);
    managed->token = token;
    managed->subflows = g_array_new(FALSE, TRUE, sizeof(struct subflow));
    managed->asked = g_array_new(FALSE, TRUE, sizeof(struct asked));
    managed->replaced = g_array_new(FALSE, TRUE, sizeof(struct subflow));
    managed->withdrawn = g_array_new(FALSE, TRUE, sizeof(struct pm_address));
    return managed;
}

void managed_free(struct managed *managed)
{
    g_array_unref(managed->subflows);
    g_array_unref(managed->asked);
    g_array_unref(managed->replaced);
    g_array_unref(managed->withdrawn);
    g_free(managed);
}

bool managed_same(const struct pm_address *a, const struct pm_address *b)
{
    return a->family == b->family && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static bool is_between(const struct subflow *subflow, const struct pm_address *local,
                       const struct pm_address *remote)
{
    return managed_same(&subflow->local, local) && managed_same(&subflow->remote, remote);
}

/* Forgets those that were asked for between the two (NULL: whatever), at most `n`. */
static void forget(struct managed *managed, const struct pm_address *local,
                   const struct pm_address *remote, guint n)
{
    for (guint i = managed->asked->len; i-- > 0 && n > 0;) {
        const struct subflow *pair = &g_array_index(managed->asked, struct asked, i).pair;
        if ((local != NULL && !managed_same(&pair->local, local)) ||
            (remote != NULL && !managed_same(&pair->remote, remote)))
            continue;
        g_array_remove_index_fast(managed->asked, i);
        n--;
    }
}

void managed_add_remote(struct managed *managed, const struct pm_address *remote)
{
    for (int i = 0; i < MANAGED_REMOTES; i++) {
        if (managed->remotes[i].family != 0 && managed->remotes[i].id != remote->id)
            continue;
        managed->remotes[i] = *remote;
        return;
    }
}

void managed_remove_remote(struct managed *managed, uint8_t id)
{
    for (int i = 0; i < MANAGED_REMOTES; i++) {
        struct pm_address *remote = &managed->remotes[i];
        if (remote->family == 0 || remote->id != id)
            continue;
        forget(managed, NULL, remote, G_MAXUINT);
        remote->family = 0;
    }
}

void managed_add_subflow(struct managed *managed, const struct subflow *subflow)
{
    forget(managed, &subflow->local, &subflow->remote, 1);
    g_array_append_val(managed->subflows, *subflow);
}

void managed_remove_subflow(struct managed *managed, const struct subflow *subflow)
{
    for (guint i = 0; i < managed->subflows->len; i++) {
        const struct subflow *each = &g_array_index(managed->subflows, struct subflow, i);
        if (is_between(each, &subflow->local, &subflow->remote) &&
            each->local.port == subflow->local.port) {
            g_array_remove_index_fast(managed->subflows, i);
            return;
        }
    }
}

bool managed_has(const struct managed *managed, const struct pm_address *local,
                 const struct pm_address *remote)
{
    for (guint i = 0; i < managed->subflows->len; i++) {
        if (is_between(&g_array_index(managed->subflows, struct subflow, i), local, remote))
            return true;
    }
    for (guint i = 0; i < managed->asked->len; i++) {
        if (is_between(&g_array_index(managed->asked, struct asked, i).pair, local, remote))
            return true;
    }
    return false;
}

void managed_hurry(struct managed *managed)
{
    for (guint i = 0; i < managed->asked->len; i++) {
        struct asked *asked = &g_array_index(managed->asked, struct asked, i);
        if (asked->taken) /* its handshake is under way */
            continue;
        asked->again_us = 0;
        asked->tries = 0;
    }
}

void managed_forget_local(struct managed *managed, const struct pm_address *local)
{
    forget(managed, local, NULL, G_MAXUINT);
}

bool managed_keep(struct managed *managed, const struct pm_address *local)
{
    for (guint i = 0; i < managed->withdrawn->len; i++) {
        if (managed_same(&g_array_index(managed->withdrawn, struct pm_address, i), local)) {
            g_array_remove_index(managed->withdrawn, i);
            return true;
        }
    }
    return false;
}

/* Asks once more, and says when it is tried again. */
static void ask(struct managed *managed, struct asked *asked, managed_open open, void *user)
{
    asked->taken = open(user, managed, &asked->pair.local, &asked->pair.remote);
    asked->tries++;
    asked->again_us = g_get_monotonic_time() +
                      (gint64)SECOND_US * (asked->taken ? PATIENCE_S : 1 << (asked->tries - 1));
}

void managed_ask(struct managed *managed, const struct pm_address *local,
                 const struct pm_address *remote, managed_open open, void *user)
{
    struct asked asked = {.pair = {*local, *remote}};
    ask(managed, &asked, open, user);
    g_array_append_val(managed->asked, asked);
}

void managed_retry(struct managed *managed, managed_open open, void *user)
{
    gint64 now_us = g_get_monotonic_time();

    for (guint i = managed->asked->len; i-- > 0;) {
        struct asked *asked = &g_array_index(managed->asked, struct asked, i);
        if (now_us < asked->again_us)
            continue;
        if (asked->tries >= TRIES_MAX) {
            g_array_remove_index_fast(managed->asked, i);
            continue;
        }
        ask(managed, asked, open, user);
    }
}
