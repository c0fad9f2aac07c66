/* SPDX-License-Identifier: GPL-2.0-or-later */
/* segment.c - the names of the segment classes; see segment.h. */
#include "wire/segment.h"

#include <stddef.h>
#include <string.h>

static const char *const names[SEGMENT_CLASSES] = {
    [SEGMENT_SYN] = "syn",   [SEGMENT_SYNACK] = "synack", [SEGMENT_ACK] = "ack",
    [SEGMENT_DATA] = "data", [SEGMENT_FIN] = "fin",       [SEGMENT_RST] = "rst",
};

const char *segment_class_name(enum segment_class segment)
{
    return (unsigned)segment < SEGMENT_CLASSES ? names[segment] : "?";
}

int segment_class_from_name(const char *name)
{
    for (int i = 0; i < SEGMENT_CLASSES; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}
