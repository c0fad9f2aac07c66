/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp_options.c - what one TCP option of a header says: Timestamps (RFC 7323, section 3).
 *
 * Takes the list that packet.c delimits, and walks it by tcp_options_next().
 */
#include "wire/packet.h"

#include "wire/bytes.h"

bool tcp_options_timestamps(struct tcp_options list, uint32_t *tsval, uint32_t *tsecr)
{
    struct tcp_option option;

    while (tcp_options_next(&list, &option)) {
        if (!tcp_option_timestamps(&option))
            continue;
        *tsval = load_be32(option.octets + 2);
        *tsecr = load_be32(option.octets + 6);
        return true;
    }
    return false;
}
