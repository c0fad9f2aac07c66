/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plugin.c - what Wireshark loads: the plugin's symbols, and the order of registration.
 *
 * Descriptions are read first, for the header fields come from them and must be there before
 * Wireshark compiles the first filter.
 */
#include "dissector/compat.h"
#include "dissector/dissector.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = OPTRAIL_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_MINOR;

WS_DLL_PUBLIC void plugin_register(void);

#if PLUGIN_DESCRIBES_ITSELF
WS_DLL_PUBLIC uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_DISSECTOR;
}
#endif

/* Every field and handler that follows from the descriptions, after the user has changed his. */
static void take_options(const struct option_set *options)
{
    fields_refresh(options);
    options_wrap(options);
}

static void register_fields(void)
{
    int proto = protocol_register();
    user_load_builtin();
    rules_register(proto);
    fields_register(proto, user_options());
    user_load_options(take_options);
    story_register();
    header_register(proto);
    space_register(proto);
    links_register(proto);
    records_register();
    stats_register();
    user_register_preferences(proto);
}

static void register_handoff(void)
{
    options_handoff();
    options_wrap(user_options());
    segments_handoff();
}

void plugin_register(void)
{
    static proto_plugin plugin;
    plugin.register_protoinfo = register_fields;
    plugin.register_handoff = register_handoff;
    proto_register_plugin(&plugin);
}
