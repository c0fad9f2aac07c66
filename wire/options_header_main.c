/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options_header_main.c - a program of the build: prints the C header that BPF programs include,
 * made from the built-in descriptions.  Fails, and with it the build, when one of them is faulty.
 */
#include <stdio.h>

#include "wire/option_header.h"

int main(void)
{
    g_autoptr(option_set) set = option_set_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    if (option_set_add_builtin(set, faults) > 0) {
        for (guint i = 0; i < faults->len; i++)
            fprintf(stderr, "options/%s\n", (const char *)faults->pdata[i]);
        return 1;
    }
    g_autofree char *header = option_set_c_header(set);
    return fputs(header, stdout) < 0 || fflush(stdout) != 0;
}
