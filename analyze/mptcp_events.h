/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mptcp_events.h - what a recording says that the kernel's MPTCP did: events of its path manager as
 * netlink tells them, and those that the patched kernel hands to sock_ops programs.
 *
 * They are told as they stand, with the flow that they belong to; no verdict is drawn from them.
 */
#ifndef OPTRAIL_ANALYZE_MPTCP_EVENTS_H
#define OPTRAIL_ANALYZE_MPTCP_EVENTS_H

#include "analyze/input.h"

/* What stands in `input` is an event (INPUT_MPTCP): into the report. */
void mptcp_events_note(struct report *report, const struct input *input);

/* The same, of a hook record when it is one of the patched kernel's MPTCP events. */
void mptcp_events_note_hook(struct report *report, const struct input *input);

/* Names the flow of each event by its endpoints. When the flows are in the report. */
void mptcp_events_link(struct report *report);

#endif
