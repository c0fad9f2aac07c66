/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules.c - the rules that options must hold, an expert item each: what a breach is called, how
 * grave it is, and its note at an item of the tree.
 *
 * The rules are those of the descriptions (docs/options.md), of RFC 6994, RFC 5482 and RFC 8684,
 * and of the stories in story.c.
 */
#include "dissector/compat.h"

#include <epan/column-utils.h>
#include <epan/tap.h>
#include <stdarg.h>

#include "dissector/dissector.h"

static const struct {
    const char *name;
    int group, severity;
    const char *summary;
} rule_items[RULES] = {
    [RULE_MALFORMED] = {"optrail.malformed", PI_PROTOCOL, PI_ERROR, "Option is malformed"},
    [RULE_MISPLACED] = {"optrail.misplaced", PI_PROTOCOL, PI_WARN, "Option may not stand here"},
    [RULE_RANGE] = {"optrail.range", PI_PROTOCOL, PI_WARN, "Value out of range"},
    [RULE_DUPLICATE] = {"optrail.duplicate", PI_PROTOCOL, PI_WARN,
                        "Option twice with different octets"},
    [RULE_UNKNOWN] = {"optrail.unknown", PI_UNDECODED, PI_NOTE, "Option without description"},
    [RULE_OVERRUN] = {"optrail.overrun", PI_PROTOCOL, PI_ERROR,
                      "Options need more space than the header has"},
    [RULE_LIMITS] = {"optrail.limits", PI_PROTOCOL, PI_NOTE,
                     "User timeout below the lower limit that RFC 5482 recommends"},
    [RULE_UPPER_LIMIT] = {"optrail.upper_limit", PI_PROTOCOL, PI_CHAT,
                          "User timeout that the receiver's upper limit may cut (RFC 5482)"},
    [RULE_UNANSWERED] = {"optrail.unanswered", PI_SEQUENCE, PI_NOTE,
                         "Option was asked for and not answered"},
    [RULE_CHANGED] = {"optrail.changed", PI_SEQUENCE, PI_CHAT, "Option changed its value"},
    [RULE_CONTRADICTED] = {"optrail.contradicted", PI_SEQUENCE, PI_WARN,
                           "Echo differs from what was asked for"},
    [RULE_PLAIN] = {"optrail.plain_tcp", PI_PROTOCOL, PI_WARN,
                    "Multipath TCP option on a plain TCP connection"},
    [RULE_BOUND] = {"optrail.bound", PI_SEQUENCE, PI_NOTE,
                    "More than is kept of one connection or frame"},
};

static expert_field rules[RULES];
static int tap_expert = -1;
static int gravest; /* severity flagged in this file so far */

static void forget_gravest(void)
{
    gravest = 0;
}

void rules_register(int proto)
{
    static ei_register_info items[RULES];
    for (size_t i = 0; i < RULES; i++) {
        rules[i] = (expert_field)EI_INIT;
        items[i] = (ei_register_info){&rules[i],
                                      {rule_items[i].name, rule_items[i].group,
                                       rule_items[i].severity, rule_items[i].summary, EXPFILL}};
    }
    expert_register_field_array(expert_register_protocol(proto), items, array_length(items));
    register_init_routine(forget_gravest);
}

/*
 * Whether anybody would notice one more breach: a tree, a column, a listener of expert items, or
 * Wireshark's lamp, which shows the gravest of a file. Words for nobody cost more than all the rest.
 */
static bool is_noticed(const packet_info *pinfo, const proto_item *item, int severity)
{
    if (item != NULL || pinfo->cinfo != NULL || severity > gravest)
        return true;
    if (tap_expert < 0)
        tap_expert = find_tap_id("expert");
    return have_tap_listener(tap_expert);
}

void rules_flag(packet_info *pinfo, proto_item *item, enum rule rule, const char *format, ...)
{
    int severity = rule_items[rule].severity;
    va_list arguments;
    if (!is_noticed(pinfo, item, severity))
        return;
    gravest = MAX(gravest, severity);
    va_start(arguments, format);
    const char *text = wmem_strdup_vprintf(pinfo->pool, format, arguments);
    va_end(arguments);

    /* The expert window names the protocol that complains. */
    const char *current = pinfo->current_proto;
    pinfo->current_proto = "Optrail";
    expert_add_info_format(pinfo, item, &rules[rule], "%s", text);
    pinfo->current_proto = current;
}
