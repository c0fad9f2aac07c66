/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clocks.c - clock records: samples of REALTIME against MONOTONIC, and steps of the clock.
 *
 * Specification: docs/hook-record.md.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"
#include "dissector/records.h"

static int proto_clock = -1;
static int ett_clock = -1;

static struct fixed_field fields[] = {
    FIELD(16, 8, "Real time", "optrail.clock.realtime", FT_UINT64, BASE_DEC | BASE_UNIT_STRING,
          &record_unit_ns, "CLOCK_REALTIME"),
    FIELD(8, 8, "Monotonic time", "optrail.clock.monotonic", FT_UINT64, BASE_DEC | BASE_UNIT_STRING,
          &record_unit_ns, "CLOCK_MONOTONIC at the same moment"),
    FIELD(4, 4, "Width", "optrail.clock.width", FT_UINT32, BASE_DEC | BASE_UNIT_STRING,
          &record_unit_ns, "Of the bracket: the sample is right to half of it"),
    FIELD(24, 8, "Step", "optrail.clock.step", FT_INT64, BASE_DEC | BASE_UNIT_STRING,
          &record_unit_ns, "By how much the clock was stepped since the sample before"),
    FIELD(0, 2, "Version", "optrail.clock.version", FT_UINT16, BASE_DEC, NULL, NULL),
};

static int dissect_clock(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    int length = (int)tvb_captured_length(tvb);
    struct hook_clock sample;
    proto_item *top = record_begin(tvb, pinfo, tree, proto_clock, "Optrail Clock");
    if (hook_clock_decode(tvb_get_ptr(tvb, 0, length), (size_t)length, &sample) != 0)
        return record_refuse(tvb, pinfo, top, "clock record");
    links_begin();
    if (sample.step_ns != 0)
        col_add_fstr(pinfo->cinfo, COL_INFO, "The clock was stepped by %" PRId64 " ns",
                     sample.step_ns);
    else
        col_add_fstr(pinfo->cinfo, COL_INFO, "Clock sample, bracket of %u ns", sample.width_ns);
    record_add_fixed(proto_item_add_subtree(top, ett_clock), tvb, fields, G_N_ELEMENTS(fields), 0);
    return length;
}

dissector_handle_t clocks_register(void)
{
    static int *subtrees[] = {&ett_clock};
    proto_clock =
        proto_register_protocol("Optrail Clock Record", "Optrail Clock", HOOK_CLOCK_DISSECTOR);
    record_register_fixed(proto_clock, fields, G_N_ELEMENTS(fields));
    proto_register_subtree_array(subtrees, array_length(subtrees));
    return create_dissector_handle(dissect_clock, proto_clock);
}
