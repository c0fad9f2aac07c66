/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * records.c - what Wireshark finds by the dissector name in a recording's own records.
 *
 * With the protocol `optrail` disabled it leaves the frame as a Wireshark does that finds nothing;
 * what it calls belongs to a protocol, which adds a layer to the frame, so it belongs to a helper.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "dissector/records.h"

static dissector_handle_t hook_handle, clock_handle, mptcp_handle;

static int call_when_enabled(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo,
                             proto_tree *tree)
{
    if (optrail_is_enabled())
        return call_dissector(handle, tvb, pinfo, tree);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "Exported PDU"); /* was cleared for us */
    return (int)tvb_captured_length(tvb);
}

static int find_hook(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return call_when_enabled(hook_handle, tvb, pinfo, tree);
}

static int find_clock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return call_when_enabled(clock_handle, tvb, pinfo, tree);
}

static int find_mptcp_event(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return call_when_enabled(mptcp_handle, tvb, pinfo, tree);
}

void records_register(void)
{
    hook_handle = hooks_register();
    clock_handle = clocks_register();
    mptcp_handle = mptcp_events_register();
    int helper = proto_register_protocol_in_name_only(
        "Record of Optrail", "Optrail record", "optrail.record",
        proto_get_id_by_filter_name("exported_pdu"), FT_BYTES);
    register_dissector(HOOK_DISSECTOR, find_hook, helper);
    register_dissector(HOOK_CLOCK_DISSECTOR, find_clock, helper);
    register_dissector(HOOK_MPTCP_DISSECTOR, find_mptcp_event, helper);
}
