// SPDX-License-Identifier: GPL-2.0-or-later
/* rules.c - see rules.h. */
#include "bpf/load/rules.h"

#include <string.h>

#include "bpf/load/kernel.h"
#include "bpf/load/prefix.h"
#include "bpf/load/program.h"
#include "wire/command.h"

#define GROUP "rule "

/* Keys with a number that set something. */
static const struct setting {
    const char *key;
    enum tune_what what;
    uint32_t min, max;
    bool is_ms; /* given in milliseconds, wanted in ticks */
    const char *help;
} settings[] = {
    {"syn-rto-ms", TUNE_SYN_RTO, 1, 120000, true, "ms until a SYN is sent again"},
    {"synack-rto-ms", TUNE_SYNACK_RTO, 1, 120000, true, "ms until a SYN-ACK is sent again"},
    {"rwnd", TUNE_RWND, 1, 65535, false,
     "MSS of receive window that are offered at first, at most"},
    {"iw", TUNE_IW, 1, 1000, false, "MSS of initial congestion window"},
    {"cwnd-clamp", TUNE_CWND_CLAMP, 1, 1000000, false, "MSS of congestion window, at most"},
    {"send-buffer", TUNE_SEND_BUFFER, 2048, 1U << 30, false, "octets; the kernel doubles it"},
    {"receive-buffer", TUNE_RECEIVE_BUFFER, 2048, 1U << 30, false, "octets; the kernel doubles it"},
    {"base-rtt-us", TUNE_BASE_RTT, 1, 10000000, false,
     "microseconds, for congestion control that asks (nv)"},
};

/* Keys with a number that say which connections. */
static const struct match {
    const char *key;
    uint32_t max;
    const char *help;
} matches[] = {
    {"port", 65535, "the port of either end"},
    {"local-port", 65535, "the port here"},
    {"remote-port", 65535, "the peer's port"},
    {"same-prefix4", 32, "so many bits of both IPv4 addresses are the same"},
    {"same-prefix6", 128, "so many bits of both IPv6 addresses are the same"},
};

char *rules_help(void)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "  %-16s %s\n", "local, remote",
                           "a prefix of the end here, of the peer");
    for (size_t i = 0; i < G_N_ELEMENTS(matches); i++)
        g_string_append_printf(text, "  %-16s %s\n", matches[i].key, matches[i].help);
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        g_string_append_printf(text, "  %-16s %s\n", settings[i].key, settings[i].help);
    g_string_append_printf(text, "  %-16s %s\n", "ecn", "yes: negotiate ECN");
    g_string_append_printf(text, "  %-16s %s\n", "congestion", "congestion control algorithm");
    return g_string_free(text, FALSE);
}

static void set_prefix(struct tune_prefix *to, const struct prefix *from)
{
    memset(to->mask, 0, sizeof(to->mask));
    for (uint32_t bit = 0; bit < from->bits; bit++)
        ((uint8_t *)to->mask)[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    memcpy(to->address, from->address, sizeof(to->address));
}

static bool number(const char *text, uint32_t min, uint32_t max, uint32_t *out, GError **error)
{
    guint64 parsed;
    if (g_ascii_string_to_unsigned(text, 10, min, max, &parsed, NULL)) {
        *out = (uint32_t)parsed;
        return true;
    }
    g_set_error(error, LOAD_ERROR, EXIT_INPUT, "\"%s\" is not a number from %u to %u", text, min,
                max);
    return false;
}

static bool read_match(struct tune_rule *rule, const struct match *match, const char *text,
                       GError **error)
{
    uint32_t value;
    if (!number(text, match == &matches[3] || match == &matches[4] ? 0 : 1, match->max, &value,
                error))
        return false;
    switch (match - matches) {
    case 0:
        rule->port = (uint16_t)value;
        break;
    case 1:
        rule->local_port = (uint16_t)value;
        break;
    case 2:
        rule->remote_port = (uint16_t)value;
        break;
    case 3:
        set_prefix(&rule->same4, &(struct prefix){.bits = value + 96});
        break;
    default:
        set_prefix(&rule->same6, &(struct prefix){.bits = value});
        break;
    }
    return true;
}

static bool read_setting(struct tune_rule *rule, const struct setting *setting, const char *text,
                         GError **error)
{
    uint32_t value;
    if (!number(text, setting->min, setting->max, &value, error))
        return false;
    if (setting->is_ms) {
        uint32_t tick_us = kernel_tick_us();
        value = (uint32_t)(((uint64_t)value * 1000 + tick_us - 1) / tick_us);
    }
    rule->sets |= 1U << setting->what;
    rule->value[setting->what] = value;
    return true;
}

static bool read_key(struct tune_rule *rule, const char *key, const char *text, GError **error)
{
    struct prefix prefix;

    for (size_t i = 0; i < G_N_ELEMENTS(matches); i++) {
        if (strcmp(matches[i].key, key) == 0)
            return read_match(rule, &matches[i], text, error);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (strcmp(settings[i].key, key) == 0)
            return read_setting(rule, &settings[i], text, error);
    }
    if (strcmp(key, "local") == 0 || strcmp(key, "remote") == 0) {
        if (!prefix_parse(text, &prefix, error))
            return false;
        set_prefix(key[0] == 'l' ? &rule->local : &rule->remote, &prefix);
        return true;
    }
    if (strcmp(key, "ecn") == 0) {
        if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0) {
            g_set_error(error, LOAD_ERROR, EXIT_INPUT, "\"%s\" is not yes or no", text);
            return false;
        }
        if (text[0] == 'y') {
            rule->sets |= 1U << TUNE_ECN;
            rule->value[TUNE_ECN] = 1;
        }
        return true;
    }
    if (strcmp(key, "congestion") == 0) {
        if (strlen(text) == 0 || strlen(text) >= sizeof(rule->congestion)) {
            g_set_error(error, LOAD_ERROR, EXIT_INPUT, "\"%s\" is no name of an algorithm", text);
            return false;
        }
        rule->sets |= 1U << TUNE_CONGESTION;
        memcpy(rule->congestion, text, strlen(text));
        return true;
    }
    g_set_error(error, LOAD_ERROR, EXIT_INPUT, "there is no such key");
    return false;
}

static bool read_rule(GKeyFile *file, const char *group, struct tune_rule *rule, GError **error)
{
    if (!g_str_has_prefix(group, GROUP) || group[strlen(GROUP)] == '\0') {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "[%s]: write [rule NAME]", group);
        return false;
    }
    g_strlcpy(rule->name, group + strlen(GROUP), sizeof(rule->name));
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);
    bool same4 = false, same6 = false, remote = false;
    for (size_t i = 0; keys[i] != NULL; i++) {
        g_autofree char *text = g_key_file_get_string(file, group, keys[i], NULL);
        same4 = same4 || strcmp(keys[i], "same-prefix4") == 0;
        same6 = same6 || strcmp(keys[i], "same-prefix6") == 0;
        remote = remote || strcmp(keys[i], "remote") == 0;
        if (!read_key(rule, keys[i], g_strstrip(text != NULL ? text : (char[1]){0}), error)) {
            g_prefix_error(error, "[%s] %s: ", group, keys[i]);
            if (error != NULL)
                (*error)->code = EXIT_INPUT; /* the file is wrong, not the command */
            return false;
        }
    }
    rule->scope = (uint16_t)(same4 == same6 ? RULE_IPV4 | RULE_IPV6
                             : same4        ? RULE_IPV4
                                            : RULE_IPV6);
    if (same4 || same6 || rule->remote_port != 0 || remote)
        rule->scope |= RULE_NEEDS_PEER;
    if (rule->sets == 0) {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "[%s] sets nothing", group);
        return false;
    }
    return true;
}

GArray *rules_read(const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GArray) rules = g_array_new(FALSE, TRUE, sizeof(struct tune_rule));
    g_autoptr(GError) why = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &why)) {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "%s: %s", path, why->message);
        return NULL;
    }
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (size_t i = 0; groups[i] != NULL; i++) {
        struct tune_rule rule = {0};
        if (!read_rule(file, groups[i], &rule, error)) {
            g_prefix_error(error, "%s: ", path);
            return NULL;
        }
        g_array_append_val(rules, rule);
    }
    if (rules->len == 0 || rules->len > RULES_MAX) {
        g_set_error(error, LOAD_ERROR, EXIT_INPUT, "%s: %u rules, and there must be 1 to %d", path,
                    rules->len, RULES_MAX);
        return NULL;
    }
    return g_steal_pointer(&rules);
}
