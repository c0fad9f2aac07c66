// SPDX-License-Identifier: GPL-2.0-or-later
/* observer_kernel.c - see observer_kernel.h. */
#include "trace/observer_kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "bpf/include/report_abi.h"

enum { LEASE_NS = 3000000000 };

struct observer_features observer_features_probe(void)
{
    struct observer_features features = {0};
    struct btf *btf = btf__load_vmlinux_btf();
    features.netns_cookie =
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCK_OPS, BPF_FUNC_get_netns_cookie, NULL) == 1;
    if (btf != NULL) {
        features.mptcp_token =
            btf__find_by_name_kind(btf, "mptcp_sock", BTF_KIND_STRUCT) > 0 &&
            btf__find_by_name_kind(btf, "bpf_skc_to_mptcp_sock", BTF_KIND_FUNC) > 0 &&
            libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCK_OPS, BPF_FUNC_skc_to_mptcp_sock, NULL) == 1;
        features.kernel_context =
            btf__find_by_name_kind(btf, "bpf_cast_to_kern_ctx", BTF_KIND_FUNC) > 0;
    }
    btf__free(btf);
    return features;
}

static uint64_t monotonic_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void observer_lease(int control_map, int change)
{
    const __u32 zero = 0;
    struct report_control control = {0};
    int lock = open(OPTRAIL_PIN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0)
        flock(lock, LOCK_EX);
    if (bpf_map_lookup_elem(control_map, &zero, &control) == 0) {
        uint64_t now = monotonic_now();
        if (now > control.lease_ns) /* those that were counted have been killed */
            control.recorders = 0;
        if (change <= 0 &&
            control.recorders == 0) /* this one lives: it was only stopped for long */
            control.recorders = 1;
        control.recorders = (__u32)((int)control.recorders + change);
        control.lease_ns = now + LEASE_NS;
        bpf_map_update_elem(control_map, &zero, &control, BPF_ANY);
    }
    if (lock >= 0)
        close(lock);
}
