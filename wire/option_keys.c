/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_keys.c - taking keys out of a description's groups: words, numbers, texts, lists, each
 * with the fault that says what would be right.
 */
#include <stdarg.h>
#include <string.h>

#include "wire/option_internal.h"

bool option_is_one_of(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* A name: a lower-case letter, then those, digits and `more`. */
bool option_is_name(const char *text, const char *more)
{
    size_t length = strlen(text);
    if (length > OPTION_NAME_MAX || !g_ascii_islower(text[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!g_ascii_islower(text[i]) && !g_ascii_isdigit(text[i]) && !strchr(more, text[i]))
            return false;
    return true;
}

/* "KEY = 'VALUE': what" */
void option_fault_at(struct option_parser *p, const struct key_entry *entry, const char *format,
                     ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *quoted = option_quote(entry->value);
    option_fault(p->faults, entry->line, "%s = %s: %s", entry->key, quoted, what);
}

/* The value behind the key's word; `fallback` when the key is not there or the word is unknown. */
int option_take_word(struct option_parser *p, struct key_group *group, const char *key,
                     const struct option_word *words, size_t n, int fallback)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry == NULL)
        return fallback;
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(words[i].name, entry->value) == 0)
            return words[i].value;
        g_string_append_printf(known, "%s%s", i ? ", " : "", words[i].name);
    }
    option_fault_at(p, entry, "must be one of %s", known->str);
    return fallback;
}

/* Text for people, glib's escapes resolved; line ends become spaces. "" when there is none. */
char *option_take_text(struct option_parser *p, struct key_group *group, const char *key)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry == NULL)
        return g_strdup("");
    GString *out = g_string_new(NULL);
    for (const char *at = entry->value; *at != '\0'; at++) {
        if (*at != '\\') {
            g_string_append_c(out, *at == '\t' ? ' ' : *at);
        } else if (at[1] != '\0' && strchr("sntr", at[1])) {
            g_string_append_c(out, ' ');
            at++;
        } else if (at[1] == '\\') {
            g_string_append_c(out, '\\');
            at++;
        } else {
            option_fault_at(p, entry,
                            "a backslash stands before s, n, t, r or another backslash only");
            break;
        }
    }
    return g_string_free(out, FALSE);
}

bool option_take_number(struct option_parser *p, struct key_group *group, const char *key,
                        uint64_t *number)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry == NULL)
        return false;
    if (option_number(entry->value, number))
        return true;
    option_fault_at(p, entry, "not a number (decimal, or hexadecimal behind 0x)");
    return false;
}

/* The parts of a list separated by ';', an empty last one left out. */
char **option_split_list(const char *text)
{
    char **parts = g_strsplit(text, ";", -1);
    guint n = g_strv_length(parts);
    for (guint i = 0; i < n; i++)
        g_strstrip(parts[i]);
    if (n > 0 && parts[n - 1][0] == '\0') {
        g_free(parts[n - 1]);
        parts[n - 1] = NULL;
    }
    return parts;
}

void option_unknown_keys(struct option_parser *p, const struct key_group *group, const char *where)
{
    for (guint i = 0; i < group->entries->len; i++) {
        const struct key_entry *entry = group->entries->pdata[i];
        if (entry->used)
            continue;
        g_autofree char *quoted = option_quote(entry->key);
        option_fault(p->faults, entry->line, "unknown key %s in %s", quoted, where);
    }
}

struct key_entry *option_take_required(struct option_parser *p, struct key_group *group,
                                       const char *key)
{
    struct key_entry *entry = key_group_take(group, key);
    if (entry == NULL)
        option_fault(p->faults, group->line, "[%s] has no key '%s'", group->name, key);
    return entry;
}
