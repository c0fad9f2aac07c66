/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * records.h - what the dissectors of a recording's own records share: hook records (hooks.c), their
 * actions (actions.c), clock records (clocks.c), events of MPTCP's path manager (mptcp_events.c).
 *
 * They come as exported PDUs (link type 252) whose dissector name is "optrail.hook",
 * "optrail.clock" or "optrail.mptcp"; Wireshark itself shows the addresses and ports in the tags
 * before them. Include compat.h before it. Specification: docs/hook-record.md.
 */
#ifndef OPTRAIL_DISSECTOR_RECORDS_H
#define OPTRAIL_DISSECTOR_RECORDS_H

#include "wire/hook.h"

/* One field at a fixed place, little-endian. */
struct fixed_field {
    int id;
    uint16_t offset, length;
    uint32_t needs; /* of the flags that record_add_fixed() is given; without, it has no meaning */
    header_field_info info;
};

#define FIELD_IF(needs, at, size, name, abbreviation, type, display, strings, blurb)               \
    {                                                                                              \
        -1, at, size, needs,                                                                       \
        {                                                                                          \
            name, abbreviation, type, display, strings, 0, blurb, HFILL                            \
        }                                                                                          \
    }
#define FIELD(...) FIELD_IF(0, __VA_ARGS__)

/* One bit of a field of flags of 32 bits. */
struct flag_field {
    int id;
    uint32_t mask;
    const char *name, *abbreviation;
};

/* The same end of a record, as IPv4 or IPv6. */
struct address_fields {
    int ipv4, ipv6;
};

/* --- record_fields.c --------------------------------------------------------------------------- */

extern const unit_name_string record_unit_ns; /* " ns" */

void record_register_fixed(int proto, struct fixed_field *fields, size_t n);
void record_register_flags(int proto, struct flag_field *flags, size_t n);

/* optrail.NAME.local.ip and the like: `prefix` is "optrail.NAME.local", `title` "Local address". */
void record_register_addresses(int proto, struct address_fields *fields, const char *title,
                               const char *prefix);

/* Adds each field whose `needs` are all among `flags`. */
void record_add_fixed(proto_tree *tree, tvbuff_t *tvb, const struct fixed_field *fields, size_t n,
                      uint32_t flags);
void record_add_flags(proto_tree *tree, tvbuff_t *tvb, int offset, int hf,
                      const struct flag_field *flags, size_t n);
void record_add_address(proto_tree *tree, tvbuff_t *tvb, const struct endpoint *endpoint,
                        int offset, const struct address_fields *fields);

/* Begins a frame that is such a record: its column `protocol`, its top item, which is returned. */
proto_item *record_begin(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int proto,
                         const char *protocol);

/* Says that it is broken; `what`: "hook record". Returns the octets used: all. */
int record_refuse(tvbuff_t *tvb, packet_info *pinfo, proto_item *top, const char *what);

/* A text of so many octets at most, up to its NUL, with what is not ASCII as '.'. */
const char *record_printable(packet_info *pinfo, const void *text, size_t size);

/* "-2 (No such file or directory)" of what a kernel function returned: 0 or more, or -errno. */
const char *record_result_text(packet_info *pinfo, int32_t result);

/* Fills a table with the names of 1 and up to `n - 2`; its last row ends it. */
void record_fill_names(value_string *table, size_t n, const char *(*name)(uint32_t number));

/* --- each kind of record: registers its protocol and fields, returns its dissector ---------------- */

dissector_handle_t hooks_register(void);
dissector_handle_t clocks_register(void);
dissector_handle_t mptcp_events_register(void);

/* --- actions.c: what a program said that it did ---------------------------------------------------- */

void actions_register(int proto);

/* "cc: setsockopt TCP_CONGESTION bbr, result 0" */
const char *actions_text(packet_info *pinfo, const struct hook_action *action);

/* Adds the action that stands at `offset`. */
void actions_add(proto_tree *tree, packet_info *pinfo, tvbuff_t *tvb, int offset,
                 const struct hook_action *action);

/* --- mptcp_ops.c: the arguments of the patched kernel's operations on MPTCP connections ---------- */

void mptcp_ops_register(int proto);

/* " subflow established, token 0xabcd1234, subflow 2"; empty for other operations. */
const char *mptcp_ops_text(packet_info *pinfo, const struct hook_record *record);

/* Adds what the arguments mean; nothing for other operations. */
void mptcp_ops_add(proto_tree *tree, tvbuff_t *tvb, const struct hook_record *record);

#endif
