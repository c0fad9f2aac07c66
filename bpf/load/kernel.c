// SPDX-License-Identifier: GPL-2.0-or-later
/* kernel.c - see kernel.h. */
#include "bpf/load/kernel.h"

#include <bpf/btf.h>
#include <time.h>

/* The functions come in one series; these two are of its first and its last patch. */
static const char *const functions[] = {"bpf_mptcp_get_info", "bpf_mptcp_withdraw_addr"};

bool kernel_is_patched(void)
{
    struct btf *btf = btf__load_vmlinux_btf();
    bool all = btf != NULL;

    for (size_t i = 0; all && i < sizeof(functions) / sizeof(functions[0]); i++)
        all = btf__find_by_name_kind(btf, functions[i], BTF_KIND_FUNC) > 0;
    btf__free(btf);
    return all;
}

uint32_t kernel_tick_us(void)
{
    struct timespec resolution;
    /* That clock steps with the tick. */
    if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) != 0 || resolution.tv_nsec < 1000)
        return 10000; /* the longest there is: HZ is 100 */
    return (uint32_t)(resolution.tv_nsec / 1000);
}
