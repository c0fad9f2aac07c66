/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mptcp_events.c - what a recording says that the kernel's MPTCP did. See mptcp_events.h. */
#include "analyze/mptcp_events.h"

#include <string.h>

enum { /* of the patched kernel: kernel/README.md */
       OP_MPTCP_EVENT = 64,
       OP_MPTCP_JOIN = 65,
       OP_MPTCP_RECV = 66,
       EVENT_FALLBACK = 64,
       EVENT_REQUEST_FAILED = 65,
       EVENT_LOCAL_ADDED = 66,
       EVENT_LOCAL_REMOVED = 67,
};

enum { EVENTS_MAX = 4096 }; /* beyond, they are counted */

/* NULL when there is no room for one more. */
static struct report_mptcp_event *add(struct report *report, const struct input *input,
                                      const struct endpoint *local, const struct endpoint *remote)
{
    char text[ENDPOINT_TEXT_MAX];
    if (report->mptcp_events->len >= EVENTS_MAX) {
        report->mptcp_events_left_out++;
        return NULL;
    }
    struct report_mptcp_event *event = report_add_mptcp_event(report);
    event->vantage = input->vantage == VANTAGE_A ? 'a' : 'b';
    event->frame = input->frame;
    event->local = local->family ? g_strdup(endpoint_text(local, text)) : NULL;
    event->remote = remote->family ? g_strdup(endpoint_text(remote, text)) : NULL;
    return event;
}

void mptcp_events_note(struct report *report, const struct input *input)
{
    const struct hook_mptcp *from = &input->mptcp;
    struct report_mptcp_event *event = add(report, input, &from->local, &from->remote);
    if (event == NULL)
        return;
    event->name = hook_mptcp_event_name(from->event);
    event->token = from->token;
    event->local_id = from->local_id;
    event->remote_id = from->remote_id;
    event->error = (int)from->error;
    event->after_loss = from->flags & HOOK_MPTCP_LOST;
}

static const char *event_name(uint32_t event)
{
    static const struct {
        uint32_t event;
        const char *name;
    } NAMES[] = {
        {EVENT_FALLBACK, "fell back to TCP"},
        {EVENT_REQUEST_FAILED, "request of a program failed"},
        {EVENT_LOCAL_ADDED, "local address added"},
        {EVENT_LOCAL_REMOVED, "local address removed"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(NAMES); i++)
        if (NAMES[i].event == event)
            return NAMES[i].name;
    return hook_mptcp_event_name(event);
}

void mptcp_events_note_hook(struct report *report, const struct input *input)
{
    const struct hook_record *hook = &input->hook;
    if (hook->op < OP_MPTCP_EVENT || hook->op > OP_MPTCP_RECV)
        return;
    struct report_mptcp_event *event = add(report, input, &hook->local, &hook->remote);
    if (event == NULL)
        return;
    bool failed = hook->op == OP_MPTCP_EVENT && hook->args[0] == EVENT_REQUEST_FAILED;
    event->token = hook->args[1];
    event->name = hook->op == OP_MPTCP_JOIN   ? "join asked for"
                  : hook->op == OP_MPTCP_RECV ? "data read"
                                              : event_name(hook->args[0]);
    if (failed)
        event->error = (int)hook->args[3];
    else if (hook->op != OP_MPTCP_RECV) {
        event->local_id = hook->args[3] & 0xff;
        event->remote_id = hook->args[3] >> 8 & 0xff;
    }
}

/* --- which flow ------------------------------------------------------------------------------- */

static char *flow_key_text(char vantage, const char *one, const char *other)
{
    bool ordered = strcmp(one, other) < 0;
    return g_strdup_printf("%c %s %s", vantage, ordered ? one : other, ordered ? other : one);
}

void mptcp_events_link(struct report *report)
{
    if (report->mptcp_events->len == 0)
        return;
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < report->flows->len; i++) {
        const struct report_flow *flow = g_ptr_array_index(report->flows, i);
        gpointer id = GUINT_TO_POINTER(flow->id);
        if (flow->client)
            g_hash_table_replace(ids, flow_key_text('a', flow->client, flow->server), id);
        if (flow->client_b)
            g_hash_table_replace(ids, flow_key_text('b', flow->client_b, flow->server_b), id);
    }
    for (unsigned i = 0; i < report->mptcp_events->len; i++) {
        struct report_mptcp_event *event = g_ptr_array_index(report->mptcp_events, i);
        if (event->local == NULL || event->remote == NULL)
            continue;
        g_autofree char *key = flow_key_text(event->vantage, event->local, event->remote);
        event->flow = GPOINTER_TO_UINT(g_hash_table_lookup(ids, key));
    }
}
