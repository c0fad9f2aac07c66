/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option_text.c - the syntax of description files, with lines; and the faults found in them.
 *
 * The syntax is GKeyFile's (https://docs.gtk.org/glib/struct.KeyFile.html).  GKeyFile itself does
 * not say on which line a key stood, and takes the last of two equal keys without a word; a person
 * who writes a description needs both.
 */
#include "wire/option_internal.h"

#include <string.h>

/* Far beyond any description; they keep a hostile file from costing time. */
enum { GROUPS_MAX = 2 * OPTION_FIELDS_MAX, ENTRIES_MAX = 64 };

struct fault {
    unsigned line, order; /* `order` keeps faults of one line in the order they were found */
    char *text;
};

static void fault_free(gpointer data)
{
    struct fault *fault = data;
    g_free(fault->text);
    g_free(fault);
}

void option_faults_init(struct option_faults *faults)
{
    *faults = (struct option_faults){.list = g_ptr_array_new_with_free_func(fault_free)};
}

void option_faults_clear(struct option_faults *faults)
{
    g_ptr_array_unref(faults->list);
}

void option_fault(struct option_faults *faults, unsigned line, const char *format, ...)
{
    faults->count++;
    if (faults->list->len > OPTION_FAULTS_MAX)
        return;
    struct fault *fault = g_new(struct fault, 1);
    fault->line = line;
    fault->order = faults->count;
    if (faults->list->len == OPTION_FAULTS_MAX) {
        fault->line = G_MAXUINT; /* sorts last; printed with the last line that was told */
        fault->text = g_strdup("and more faults than these");
    } else {
        va_list arguments;
        va_start(arguments, format);
        fault->text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
    }
    g_ptr_array_add(faults->list, fault);
}

static gint fault_compare(gconstpointer a, gconstpointer b)
{
    const struct fault *left = *(const struct fault *const *)a;
    const struct fault *right = *(const struct fault *const *)b;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

void option_faults_report(struct option_faults *faults, const char *file, GPtrArray *out)
{
    if (out == NULL)
        return;
    g_ptr_array_sort(faults->list, fault_compare);
    unsigned line = 1;
    for (guint i = 0; i < faults->list->len; i++) {
        const struct fault *fault = faults->list->pdata[i];
        if (fault->line != G_MAXUINT)
            line = fault->line;
        g_ptr_array_add(out, g_strdup_printf("%s:%u: %s", file, line, fault->text));
    }
}

char *option_quote(const char *text)
{
    enum { LONGEST = 40 };
    GString *out = g_string_new("'");
    unsigned characters = 0;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        if (characters++ == LONGEST) {
            g_string_append(out, "...");
            break;
        }
        gunichar c = g_utf8_get_char(at);
        if (g_unichar_isprint(c))
            g_string_append_unichar(out, c);
        else
            g_string_append_c(out, '?');
    }
    g_string_append_c(out, '\'');
    return g_string_free(out, FALSE);
}

static void entry_free(gpointer data)
{
    struct key_entry *entry = data;
    g_free(entry->key);
    g_free(entry->value);
    g_free(entry);
}

static void group_free(gpointer data)
{
    struct key_group *group = data;
    g_free(group->name);
    g_ptr_array_unref(group->entries);
    g_free(group);
}

static struct key_entry *find_entry(const struct key_group *group, const char *key)
{
    for (guint i = 0; i < group->entries->len; i++) {
        struct key_entry *entry = group->entries->pdata[i];
        if (strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

struct key_entry *key_group_take(struct key_group *group, const char *key)
{
    struct key_entry *entry = find_entry(group, key);
    if (entry != NULL)
        entry->used = true;
    return entry;
}

/* "[name]", already without white space around it. NULL when the line is faulty. */
static struct key_group *read_group(GPtrArray *groups, const char *text, unsigned line,
                                    struct option_faults *faults)
{
    size_t length = strlen(text);
    if (text[length - 1] != ']') {
        option_fault(faults, line, "the group's name has no closing ]");
        return NULL;
    }
    g_autofree char *name = g_strndup(text + 1, length - 2);
    if (name[0] == '\0' || strpbrk(name, "[]") != NULL) {
        option_fault(faults, line, "a group's name is not empty and holds no brackets");
        return NULL;
    }
    if (groups->len == GROUPS_MAX) {
        option_fault(faults, line, "more than %d groups", GROUPS_MAX);
        return NULL;
    }
    for (guint i = 0; i < groups->len; i++) {
        const struct key_group *other = groups->pdata[i];
        if (strcmp(other->name, name) == 0) {
            g_autofree char *quoted = option_quote(name);
            option_fault(faults, line, "group %s stands twice; the first is on line %u", quoted,
                         other->line);
            return NULL;
        }
    }
    struct key_group *group = g_new(struct key_group, 1);
    group->name = g_steal_pointer(&name);
    group->line = line;
    group->entries = g_ptr_array_new_with_free_func(entry_free);
    g_ptr_array_add(groups, group);
    return group;
}

/* "key = value", already without white space around it. */
static void read_entry(struct key_group *group, const char *text, unsigned line,
                       struct option_faults *faults)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text) {
        option_fault(faults, line, "neither a [group], a key = value, nor a # comment");
        return;
    }
    g_autofree char *key = g_strchomp(g_strndup(text, (size_t)(equals - text)));
    const struct key_entry *other = find_entry(group, key);
    if (other != NULL) {
        g_autofree char *quoted = option_quote(key);
        option_fault(faults, line, "key %s stands twice; the first is on line %u", quoted,
                     other->line);
        return;
    }
    if (group->entries->len == ENTRIES_MAX) {
        option_fault(faults, line, "more than %d keys in one group", ENTRIES_MAX);
        return;
    }
    struct key_entry *entry = g_new0(struct key_entry, 1);
    entry->key = g_steal_pointer(&key);
    entry->value = g_strstrip(g_strdup(equals + 1));
    entry->line = line;
    g_ptr_array_add(group->entries, entry);
}

/* False, with a fault, when the text is not lines of printable UTF-8. */
static bool check_text(const char *text, size_t length, struct option_faults *faults)
{
    const char *bad = NULL;
    if (length > OPTION_FILE_MAX) {
        option_fault(faults, 1, "larger than %d octets: this is no option description",
                     OPTION_FILE_MAX);
        return false;
    }
    /* A NUL is invalid for g_utf8_validate() with a length. */
    bool valid = length == 0 || g_utf8_validate(text, (gssize)length, &bad);
    size_t checked = valid ? length : (size_t)(bad - text);
    unsigned line = 1;
    for (size_t i = 0; i < checked; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n') {
            line++;
        } else if ((c < ' ' && c != '\t' &&
                    !(c == '\r' && i + 1 < length && text[i + 1] == '\n')) ||
                   c == 0x7F) {
            option_fault(faults, line, "control character 0x%02x", c);
            return false;
        }
    }
    if (!valid)
        option_fault(faults, line, "not UTF-8 text");
    return valid;
}

GPtrArray *key_file_read(const char *text, size_t length, struct option_faults *faults)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
    if (!check_text(text, length, faults))
        return groups;
    static const char bom[] = "\xEF\xBB\xBF";
    if (length >= 3 && memcmp(text, bom, 3) == 0) {
        text += 3;
        length -= 3;
    }

    struct key_group *group = NULL;
    bool skip = false; /* in a group that is faulty itself: one fault for it is enough */
    const char *end = text + length;
    for (unsigned line = 1; text < end; line++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        g_autofree char *content = g_strstrip(g_strndup(text, (size_t)(stop - text)));
        text = stop < end ? stop + 1 : end;
        if (content[0] == '\0' || content[0] == '#')
            continue;
        if (content[0] == '[') {
            group = read_group(groups, content, line, faults);
            skip = group == NULL;
        } else if (group != NULL) {
            read_entry(group, content, line, faults);
        } else if (!skip) {
            option_fault(faults, line,
                         "a key before the first group; a description starts with "
                         "[option]");
            skip = true;
        }
    }
    return groups;
}

bool option_number(const char *text, uint64_t *number)
{
    guint base = 10;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    /* g_ascii_string_to_unsigned() takes neither sign, white space nor 0x, and checks the end. */
    guint64 value;
    if (!g_ascii_isxdigit(text[0]) ||
        !g_ascii_string_to_unsigned(text, base, 0, G_MAXUINT64, &value, NULL))
        return false;
    *number = value;
    return true;
}
