/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_maps.h - the two pinned maps in which programs and the recorder's observers meet.
 *
 * For BPF programs. Both are pinned by their names: whoever loads first makes them, and the loader
 * gives OPTRAIL_PIN_DIR as pin_root_path. report_abi.h has their contents.
 */
#ifndef OPTRAIL_BPF_REPORT_MAPS_H
#define OPTRAIL_BPF_REPORT_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/include/report_abi.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct report_cpu);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} optrail_report SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct report_control);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} optrail_control SEC(".maps");

#endif
