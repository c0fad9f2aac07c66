// SPDX-License-Identifier: GPL-2.0-or-later
/* variable.c - see variable.h. */
#include "bpf/load/variable.h"

#include <bpf/btf.h>
#include <linux/types.h>
#include <string.h>

bool variable_find(const struct btf *btf, const char *name, size_t *offset, size_t *size)
{
    int section_id = btf__find_by_name_kind(btf, VARIABLE_SECTION, BTF_KIND_DATASEC);
    if (section_id < 0)
        return false;
    const struct btf_type *section = btf__type_by_id(btf, (__u32)section_id);
    const struct btf_var_secinfo *variables = btf_var_secinfos(section);
    for (unsigned i = 0; i < btf_vlen(section); i++) {
        const struct btf_type *variable = btf__type_by_id(btf, variables[i].type);
        const char *found = btf__name_by_offset(btf, variable->name_off);
        if (found != NULL && strcmp(found, name) == 0) {
            *offset = variables[i].offset;
            *size = variables[i].size;
            return true;
        }
    }
    return false;
}

bool variables_set(struct variables *variables, const char *name, const void *value, size_t size)
{
    size_t offset, found;
    if (!variable_find(variables->btf, name, &offset, &found) || found != size ||
        variables->data == NULL || offset + size > variables->size)
        return false;
    memcpy(variables->data + offset, value, size);
    return true;
}
