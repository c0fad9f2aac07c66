/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user.c - what the user chooses: descriptions of options in a folder of his, and preferences.
 *
 * The built-in descriptions and $XDG_CONFIG_HOME/optrail/options are read once, at start-up. What
 * is wrong with one of the user's files is said on stderr, and the others work.
 */
#include "dissector/compat.h"

#include <stdio.h>

#include "dissector/dissector.h"

static struct {
    struct option_set *options;
    GPtrArray *profiles; /* char *; at index i the profile whose preference value is i */
    int profile;         /* the preference */
    wish summary;        /* the preference */
} user = {.summary = TRUE};

bool user_wants_summary(void)
{
    return user.summary;
}

void user_load_options(void)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *folder = option_user_dir();
    user.options = option_set_new();
    option_set_add_builtin(user.options, faults);
    option_set_add_dir(user.options, folder, faults);
    for (guint i = 0; i < faults->len; i++)
        fprintf(stderr, "%s\n", (const char *)faults->pdata[i]);
}

const struct option_set *user_options(void)
{
    return user.options;
}

/* --- the profile: which of several descriptions of the same octets is meant -------------------- */

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
    const char *profile = user.profile > 0 ? user.profiles->pdata[user.profile] : NULL;
    option_set_choose_profile(user.options, profile);
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
    prefs_register_bool_preference(module, "info", "Options in the Info column",
                                   "Write the options that Optrail shows, and what they answer, "
                                   "behind what stands in the Info column.",
                                   &user.summary);
}
