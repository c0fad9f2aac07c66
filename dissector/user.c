/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user.c - what the user chooses: descriptions of options of his own, and preferences.
 *
 * Descriptions come from four places, in this order: those built in; the folder
 * $XDG_CONFIG_HOME/optrail/options; the folder that the preference names; the table of options in
 * the preferences (user_table.c). The last two are read again when they change. What is wrong with
 * one of them is said on stderr, and the others work.
 */
#include "dissector/compat.h"

#include <stdio.h>

#include "dissector/dissector.h"

static struct {
    struct option_set *options;
    GPtrArray *retired;  /* sets that were replaced: fields and stories may still point at them */
    GPtrArray *profiles; /* char *; at index i the profile whose preference value is i */
    char *folder_read;   /* whose descriptions are in the set */
    int profile;         /* the preferences */
    const char *folder;
    wish summary;
    void (*changed)(const struct option_set *options);
} user = {.summary = TRUE};

bool user_wants_summary(void)
{
    return user.summary;
}

const struct option_set *user_options(void)
{
    return user.options;
}

/* --- descriptions -------------------------------------------------------------------------------- */

void user_load_builtin(void)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    user.options = option_set_new();
    user.retired = g_ptr_array_new();
    option_set_add_builtin(user.options, faults);
    for (guint i = 0; i < faults->len; i++)
        fprintf(stderr, "%s\n", (const char *)faults->pdata[i]);
}

static void choose_profile(void)
{
    const char *profile =
        user.profile > 0 && user.profiles != NULL ? user.profiles->pdata[user.profile] : NULL;
    option_set_choose_profile(user.options, profile);
}

static void load_options(void)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *folder = option_user_dir();
    struct option_set *options = option_set_new();
    option_set_add_builtin(options, NULL);
    option_set_add_dir(options, folder, faults);
    if (user.folder != NULL && user.folder[0] != '\0')
        option_set_add_dir(options, user.folder, faults);
    user_table_add(options, faults);
    for (guint i = 0; i < faults->len; i++)
        fprintf(stderr, "%s\n", (const char *)faults->pdata[i]);

    g_ptr_array_add(user.retired, user.options);
    user.options = options;
    choose_profile();
    user.changed(options);
}

void user_load_options(void (*changed)(const struct option_set *options))
{
    user.changed = changed;
    load_options();
}

/* --- preferences --------------------------------------------------------------------------------- */

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every profile that a description names, once, behind "none". */
static GPtrArray *collect_profiles(const struct option_set *set)
{
    GPtrArray *profiles = g_ptr_array_new();
    for (size_t i = 0; i < option_set_size(set); i++)
        for (char **name = option_set_at(set, i)->profiles; *name != NULL; name++)
            if (!g_ptr_array_find_with_equal_func(profiles, *name, g_str_equal, NULL))
                g_ptr_array_add(profiles, *name);
    g_ptr_array_sort(profiles, compare_names);
    g_ptr_array_insert(profiles, 0, (char *)"none");
    return profiles;
}

static void apply_preferences(void)
{
    const char *folder = user.folder != NULL ? user.folder : "";
    if (g_strcmp0(folder, user.folder_read != NULL ? user.folder_read : "") != 0) {
        g_free(user.folder_read);
        user.folder_read = g_strdup(folder);
        load_options();
    }
    choose_profile();
}

void user_register_preferences(int proto)
{
    user.profiles = collect_profiles(user.options);
    enum_val_t *values = g_new0(enum_val_t, user.profiles->len + 1); /* kept by Wireshark */
    for (guint i = 0; i < user.profiles->len; i++)
        values[i] = (enum_val_t){user.profiles->pdata[i], user.profiles->pdata[i], (int)i};

    module_t *module = prefs_register_protocol(proto, apply_preferences);
    prefs_register_enum_preference(
        module, "profile", "Profile of option formats",
        "Systems that gave the same octets different meanings: whose formats to show. "
        "With \"none\" only options that nobody else may mean.",
        &user.profile, values, FALSE);
    prefs_register_directory_preference(
        module, "folder", "Folder of option descriptions",
        "Every NAME.opt in this folder describes a TCP option, which is then named and can be "
        "filtered. The folder optrail/options beside Wireshark's configuration is always read.",
        &user.folder);
    user_table_register(module, load_options);
    prefs_register_bool_preference(module, "info", "Options in the Info column",
                                   "Write the options that Optrail shows, and what they answer, "
                                   "behind what stands in the Info column.",
                                   &user.summary);
}
