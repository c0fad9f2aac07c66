// SPDX-License-Identifier: GPL-2.0-or-later
/* target_rules.c - a rule file of the program tune (bpf/load/rules.h). */
#include "bpf/load/rules.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int fd = fuzz_file(data, size, &path);
    g_autoptr(GArray) rules = rules_read(path, &error);
    CHECK((rules == NULL) == (error != NULL));
    CHECK(rules == NULL || rules->len > 0);
    close(fd);
    return 0;
}
