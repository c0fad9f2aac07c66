/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel.h - what this kernel can. */
#ifndef OPTRAIL_BPF_LOAD_KERNEL_H
#define OPTRAIL_BPF_LOAD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* True when it has the functions for MPTCP that kernel/patches add, as its BTF says. */
bool kernel_is_patched(void);

/* Its tick (1 / HZ), in microseconds. */
uint32_t kernel_tick_us(void);

#endif
