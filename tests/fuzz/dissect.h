/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dissect.h - Wireshark with our dissector inside this process: a whole capture in one call.
 *
 * The dissector is linked, not loaded, so that it can be instrumented. Wireshark's memory is in its
 * strict mode unless the environment says otherwise (WIRESHARK_DEBUG_WMEM_OVERRIDE). Nobody's
 * preferences are read.
 */
#ifndef OPTRAIL_TESTS_FUZZ_DISSECT_H
#define OPTRAIL_TESTS_FUZZ_DISSECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dissect_frame {
    uint16_t linktype; /* as it stands in files */
    const uint8_t *octets;
    unsigned captured, length; /* octets at `octets`; octets on the wire */
};

/*
 * Once, before all else. A dissector's bug aborts: with `any` whosever it is, else ours alone, and
 * dissection goes on as it does for users.
 */
void dissect_start(bool any);

/*
 * Dissects the frames as tshark does: first without or (`one_pass`) with a tree, then again with
 * everything shown and printed. Nothing is kept from one capture for the next.
 */
void dissect_capture(const struct dissect_frame *frames, size_t n, bool one_pass);

/* Disabled, Wireshark is as if our dissector were not there. */
void dissect_enable(bool enabled);

/* Chooses the profile of option formats: an index into a list of those there are, wrapped round. */
void dissect_choose_profile(unsigned index);

#endif
