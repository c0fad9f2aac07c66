/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_options.c - walks the options of one TCP header (RFC 9293 section 3.1).
 *
 * Takes the list that packet.c delimits: what the header says there is, and what the capture kept
 * of it. Nothing is read past the latter; an option that reaches past either end is given, marked,
 * and ends the list, for nothing behind it can be found.
 */
#include "wire/packet.h"

#include "wire/bytes.h"
#include "wire/option.h"

bool tcp_options_next(struct tcp_options *list, struct tcp_option *out)
{
    if (list->captured == 0 || list->declared == 0)
        return false;

    const uint8_t *at = list->at;
    uint8_t left = list->captured < list->declared ? list->captured : list->declared;
    uint8_t step;

    *out = (struct tcp_option){.kind = at[0], .length = 1, .available = 1, .octets = at};
    if (at[0] == TCP_KIND_NOP) {
        step = 1;
    } else if (at[0] == TCP_KIND_EOL) {
        step = left;
    } else if (left < 2) {
        /* Kind without length: cut by the capture, or the header ends here. */
        out->length = 0;
        out->malformed = list->declared < 2;
        step = left;
    } else {
        out->length = at[1];
        out->malformed = at[1] < 2 || at[1] > list->declared;
        out->available = at[1] < left ? at[1] : left;
        if (at[1] < 2)
            out->available = 2;
        step = out->malformed || at[1] > left ? left : at[1];
    }
    if (step >= left) {
        list->captured = list->declared = 0;
    } else {
        list->at += step;
        list->captured = (uint8_t)(list->captured - step);
        list->declared = (uint8_t)(list->declared - step);
    }
    return true;
}

bool tcp_options_timestamps(struct tcp_options list, uint32_t *tsval, uint32_t *tsecr)
{
    struct tcp_option option;

    while (tcp_options_next(&list, &option)) {
        if (option.kind != TCP_KIND_TIMESTAMPS || option.length != 10 || option.available < 10)
            continue;
        *tsval = load_be32(option.octets + 2);
        *tsecr = load_be32(option.octets + 6);
        return true;
    }
    return false;
}
