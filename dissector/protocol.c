/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * protocol.c - the protocol `optrail` itself: whether it is enabled, whether anybody looks.
 */
#include "dissector/compat.h"

#include "dissector/dissector.h"

static int proto = -1;
static protocol_t *protocol;

int protocol_register(void)
{
    proto = proto_register_protocol("Optrail TCP Options", "Optrail", "optrail");
    protocol = find_protocol_by_id(proto);
    return proto;
}

bool optrail_is_enabled(void)
{
    return proto_is_protocol_enabled(protocol);
}

bool optrail_is_wanted(proto_tree *tree)
{
    /* A field that a filter names marks its protocol as well. */
    return proto_field_is_referenced(tree, proto) || proto_field_is_referenced(tree, proto_expert);
}
