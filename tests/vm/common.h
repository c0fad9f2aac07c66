/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * common.h - what the BPF programs of these tests share: the kernel's functions for MPTCP, declared
 * as the patches define them, and the option they send.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/mptcp_bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

#ifndef AF_INET
#define AF_INET 2
#define AF_INET6 10
#endif

/* Opaque here: the kernel's own context, which bpf_cast_to_kern_ctx() gives */
struct bpf_sock_ops_kern {
};

void *bpf_cast_to_kern_ctx(void *ctx) __ksym;
int bpf_mptcp_get_info(const struct bpf_sock_ops_kern *skops, struct bpf_mptcp_info *info,
		       __u32 info__sz) __ksym;
int bpf_mptcp_get_keys(const struct bpf_sock_ops_kern *skops, struct bpf_mptcp_keys *keys,
		       __u32 keys__sz) __ksym;
int bpf_mptcp_open_subflow(const struct bpf_sock_ops_kern *skops, const struct bpf_mptcp_path *path,
			   __u32 path__sz) __ksym;
int bpf_mptcp_close_subflow(const struct bpf_sock_ops_kern *skops, __u32 subflow_id) __ksym;
int bpf_mptcp_announce_addr(const struct bpf_sock_ops_kern *skops,
			    const struct bpf_mptcp_addr *addr, __u32 addr__sz) __ksym;
int bpf_mptcp_set_backup(const struct bpf_sock_ops_kern *skops, __u32 subflow_id,
			 bool backup) __ksym;
int bpf_mptcp_send_ack(const struct bpf_sock_ops_kern *skops, __u32 subflow_id) __ksym;
int bpf_mptcp_refuse_join(struct bpf_sock_ops_kern *skops) __ksym;
int bpf_mptcp_watch_addresses(const struct bpf_sock_ops_kern *skops, bool watch) __ksym;
int bpf_mptcp_set_scheduler(const struct bpf_sock_ops_kern *skops, const char *name,
			    __u32 name__sz) __ksym;
int bpf_mptcp_set_delay_threshold(const struct bpf_sock_ops_kern *skops,
				  __u32 threshold_ms) __ksym;
int bpf_mptcp_set_inactivity_timeout(const struct bpf_sock_ops_kern *skops,
				     __u32 timeout_s) __ksym;
int bpf_mptcp_notify_received(const struct bpf_sock_ops_kern *skops, __u64 bytes) __ksym;

#define INC(counter) __sync_fetch_and_add(&(counter), 1)

char _license[] SEC("license") = "GPL";
