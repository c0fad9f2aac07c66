// SPDX-License-Identifier: GPL-2.0-or-later
/* observer_kernel.c - see observer_kernel.h. */
#include "trace/observer_kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "bpf/include/report_abi.h"

enum { LEASE_NS = 3000000000 };

/* Whether the kernel loads a program with an atomic exchange. */
static bool has_fetch_atomics(void)
{
    const struct bpf_insn program[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
        {.code = BPF_STX | BPF_MEM | BPF_DW,
         .dst_reg = BPF_REG_10,
         .src_reg = BPF_REG_0,
         .off = -8},
        {.code = BPF_STX | BPF_ATOMIC | BPF_DW,
         .dst_reg = BPF_REG_10,
         .src_reg = BPF_REG_0,
         .off = -8,
         .imm = BPF_XCHG},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int fd =
        bpf_prog_load(BPF_PROG_TYPE_SOCK_OPS, NULL, "GPL", program, G_N_ELEMENTS(program), NULL);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Takes away what the environment says the kernel lacks. */
static void take_away(struct observer_features *features)
{
    const struct {
        const char *name;
        bool *feature;
    } table[] = {
        {"fetch_atomics", &features->fetch_atomics},   {"preorder", &features->preorder},
        {"netns_cookie", &features->netns_cookie},     {"mptcp_token", &features->mptcp_token},
        {"kernel_context", &features->kernel_context},
    };
    const char *text = g_getenv("OPTRAIL_KERNEL_LACKS");
    g_auto(GStrv) names = g_strsplit(text != NULL ? text : "", ",", -1);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (g_strv_contains((const char *const *)names, table[i].name))
            *table[i].feature = false;
    }
}

struct observer_features observer_features_probe(void)
{
    struct observer_features features = {.preorder = true};
    features.fetch_atomics = has_fetch_atomics();
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
    take_away(&features);
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
