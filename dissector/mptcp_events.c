/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mptcp_events.c - what the kernel's Multipath TCP path manager said by netlink, as a recording
 * keeps it.
 *
 * Specification: docs/hook-record.md; the events: linux/mptcp.h.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "dissector/records.h"

enum { FLAGS_OFFSET = 36, LOCAL_OFFSET = 40, REMOTE_OFFSET = 56, NAMES = 24 };

/* What the kernel tells with some events only. */
enum { TELLS_LOCAL = 1, TELLS_REMOTE = 2, TELLS_ERROR = 4, TELLS_RESET = 8, TELLS_INTERFACE = 16 };

static int proto_event = -1;
static int ett_event = -1;
static int hf_flags = -1;
static struct address_fields local, remote;
static value_string event_names[NAMES]; /* filled from hook_mptcp_event_name() */

static const value_string reset_reasons[] = {
    /* RFC 8684, section 3.6 */
    {0, "unspecified error"},         {1, "MPTCP-specific error"},
    {2, "lack of resources"},         {3, "administratively prohibited"},
    {4, "too much outstanding data"}, {5, "unacceptable performance"},
    {6, "middlebox interference"},    {0, NULL},
};

static struct fixed_field fields[] = {
    FIELD(4, 4, "Event", "optrail.mptcp_event.event", FT_UINT32, BASE_DEC, event_names,
          "What happened (MPTCP_EVENT_*)"),
    FIELD(32, 4, "Token", "optrail.mptcp_event.token", FT_UINT32, BASE_HEX, NULL,
          "Token of the connection at this end"),
    FIELD_IF(TELLS_LOCAL, 72, 2, "Local port", "optrail.mptcp_event.local.port", FT_UINT16,
             BASE_DEC, NULL, NULL),
    FIELD(78, 1, "Local address id", "optrail.mptcp_event.local.id", FT_UINT8, BASE_DEC, NULL,
          "0 is the initial subflow's, or not told"),
    FIELD_IF(TELLS_REMOTE, 74, 2, "Remote port", "optrail.mptcp_event.remote.port", FT_UINT16,
             BASE_DEC, NULL, NULL),
    FIELD(79, 1, "Remote address id", "optrail.mptcp_event.remote.id", FT_UINT8, BASE_DEC, NULL,
          "0 is the initial subflow's, or not told"),
    FIELD_IF(TELLS_ERROR, 80, 4, "Error", "optrail.mptcp_event.error", FT_UINT32, BASE_DEC, NULL,
             "errno of the subflow's socket when it was closed"),
    FIELD_IF(TELLS_RESET, 84, 4, "Reset reason", "optrail.mptcp_event.reset_reason", FT_UINT32,
             BASE_DEC, reset_reasons, "Of MP_TCPRST"),
    FIELD_IF(TELLS_RESET, 88, 4, "Reset flags", "optrail.mptcp_event.reset_flags", FT_UINT32,
             BASE_HEX, NULL, "Of MP_TCPRST"),
    FIELD_IF(TELLS_INTERFACE, 92, 4, "Interface", "optrail.mptcp_event.interface", FT_UINT32,
             BASE_DEC, NULL, "Index of the subflow's interface"),
    FIELD(24, 8, "Network namespace", "optrail.mptcp_event.netns", FT_UINT64, BASE_DEC, NULL,
          "Cookie of the network namespace; 0 not known"),
    FIELD(8, 8, "Time", "optrail.mptcp_event.time", FT_UINT64, BASE_DEC | BASE_UNIT_STRING,
          &record_unit_ns, "CLOCK_REALTIME when the recorder was told, soon after"),
    FIELD(16, 8, "Monotonic time", "optrail.mptcp_event.monotonic", FT_UINT64,
          BASE_DEC | BASE_UNIT_STRING, &record_unit_ns, "The same moment on CLOCK_MONOTONIC"),
    FIELD(0, 2, "Version", "optrail.mptcp_event.version", FT_UINT16, BASE_DEC, NULL, NULL),
};

static struct flag_field flags[] = {
    {-1, HOOK_MPTCP_SERVER, "This side accepted", "optrail.mptcp_event.flags.server"},
    {-1, HOOK_MPTCP_BACKUP, "Backup subflow", "optrail.mptcp_event.flags.backup"},
    {-1, HOOK_MPTCP_LOST, "Events lost before this", "optrail.mptcp_event.flags.lost"},
};

static uint32_t told(const struct hook_mptcp *event)
{
    return (event->local.family != 0 ? TELLS_LOCAL : 0u) |
           (event->remote.family != 0 ? TELLS_REMOTE : 0u) |
           (event->error != 0 ? TELLS_ERROR : 0u) |
           (event->reset_reason != 0 || event->reset_flags != 0 ? TELLS_RESET : 0u) |
           (event->interface != 0 ? TELLS_INTERFACE : 0u);
}

static void set_info(packet_info *pinfo, const struct hook_mptcp *event)
{
    column_info *columns = pinfo->cinfo;
    col_add_fstr(columns, COL_INFO, "%s, token 0x%08x", hook_mptcp_event_name(event->event),
                 event->token);
    if (event->local_id != 0 || event->remote_id != 0)
        col_append_fstr(columns, COL_INFO, ", address ids %u and %u", event->local_id,
                        event->remote_id);
    if (event->flags & HOOK_MPTCP_BACKUP)
        col_append_str(columns, COL_INFO, ", backup");
    if (event->error != 0)
        col_append_fstr(columns, COL_INFO, ", error %u (%s)", event->error,
                        g_strerror((int)event->error));
    if (event->reset_reason != 0)
        col_append_fstr(columns, COL_INFO, ", reset: %s",
                        val_to_str_const(event->reset_reason, reset_reasons, "unknown reason"));
    if (event->flags & HOOK_MPTCP_LOST)
        col_append_str(columns, COL_INFO, "; events before this one were lost");
}

static int dissect_event(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    int length = (int)tvb_captured_length(tvb);
    struct hook_mptcp event;
    proto_item *top = record_begin(tvb, pinfo, tree, proto_event, "Optrail MPTCP");
    if (hook_mptcp_decode(tvb_get_ptr(tvb, 0, length), (size_t)length, &event) != 0)
        return record_refuse(tvb, pinfo, top, "MPTCP event record");
    links_begin();
    proto_item_append_text(top, ", %s", hook_mptcp_event_name(event.event));
    set_info(pinfo, &event);

    proto_tree *subtree = proto_item_add_subtree(top, ett_event);
    record_add_address(subtree, tvb, &event.local, LOCAL_OFFSET, &local);
    record_add_address(subtree, tvb, &event.remote, REMOTE_OFFSET, &remote);
    record_add_fixed(subtree, tvb, fields, G_N_ELEMENTS(fields), told(&event));
    record_add_flags(subtree, tvb, FLAGS_OFFSET, hf_flags, flags, G_N_ELEMENTS(flags));
    return length;
}

dissector_handle_t mptcp_events_register(void)
{
    static hf_register_info more[] = {
        {&hf_flags,
         {"Flags", "optrail.mptcp_event.flags", FT_UINT32, BASE_HEX, NULL, 0, NULL, HFILL}},
    };
    static int *subtrees[] = {&ett_event};
    /* "optrail.mptcp" is of packets: what Wireshark knows of their connection. */
    proto_event =
        proto_register_protocol("Optrail MPTCP Event", "Optrail MPTCP", "optrail.mptcp_event");
    record_fill_names(event_names, NAMES, hook_mptcp_event_name);
    record_register_fixed(proto_event, fields, G_N_ELEMENTS(fields));
    record_register_flags(proto_event, flags, G_N_ELEMENTS(flags));
    record_register_addresses(proto_event, &local, "Local address", "optrail.mptcp_event.local");
    record_register_addresses(proto_event, &remote, "Remote address", "optrail.mptcp_event.remote");
    proto_register_field_array(proto_event, more, array_length(more));
    proto_register_subtree_array(subtrees, array_length(subtrees));
    return create_dissector_handle(dissect_event, proto_event);
}
