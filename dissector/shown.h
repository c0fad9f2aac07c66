/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shown.h - the numbers of header fields that fields.c registers and items.c shows values by.
 */
#ifndef OPTRAIL_DISSECTOR_SHOWN_H
#define OPTRAIL_DISSECTOR_SHOWN_H

/* What is told of an option's story. Generic names are for options that nothing describes. */
enum story_field { ASKED_IN, ANSWERED_IN, FIRST_IN, LAST_IN, DIFFERS_FROM, COUNT, STORY_FIELDS };

/* The header fields of one description. Lives as long as the process, as Wireshark demands. */
struct shown_option {
    int subtree, echo;
    int story[STORY_FIELDS];
    int *fields; /* one per field of the description; -1 for reserved ones */
};

/* What all options share. */
struct common_fields {
    int proto, option, octets;
    int mptcp_stream, mptcp_subflow, mptcp_master;
    int subtree;
    int story[STORY_FIELDS];
};

const struct common_fields *fields_common(void);

/* The fields of a description that is in the set. */
const struct shown_option *fields_of(const struct option_desc *desc);

/* What a number of so many bits is to Wireshark; 0: a computed one. */
enum ftenum fields_number_type(unsigned bits);

#endif
