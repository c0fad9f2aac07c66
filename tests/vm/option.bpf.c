// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * option: MPTCP suboptions through the header-option helpers. Whoever has `write` set stores two
 * experiments of the private subtype on every segment that has room, and tries what must fail.
 * Whoever has `parse` set is called for unknown options and looks for both.
 */
#include "common.h"

volatile __u32 write, parse;

volatile __u64 stored, stored_second;			  /* bpf_store_hdr_opt() said 0 */
volatile __u64 refused[16];				  /* -EPERM, by subtype */
volatile __u64 duplicate_refused, short_refused;
volatile __u64 parse_calls, found, found_second, found_dss; /* by the receiver */
volatile __u64 missing_not_found, search_refused, wrong_bytes, parse_without_ours;

static const __u8 first_option[] = { 30, 8, 0xf0, 0x01, 0xde, 0xad, 0xbe, 0xef };
static const __u8 second_option[] = { 30, 4, 0xf0, 0x02 };

#define EPERM 1
#define EEXIST 17
#define EINVAL 22
#define ENOMSG 42

static void write_options(struct bpf_sock_ops *skops)
{
	__u8 standard[4] = { 30, 4 };
	__u8 too_short[2] = { 30, 2 };

	/* Nothing that the stack itself sends can be written, first */
	for (int subtype = 0; subtype <= 8; subtype++) {
		standard[2] = subtype << 4;
		if (bpf_store_hdr_opt(skops, standard, sizeof(standard), 0) == -EPERM)
			INC(refused[subtype & 15]);
	}
	if (bpf_store_hdr_opt(skops, too_short, sizeof(too_short), 0) == -EINVAL)
		INC(short_refused);
	if (bpf_store_hdr_opt(skops, first_option, sizeof(first_option), 0) == 0)
		INC(stored);
	if (bpf_store_hdr_opt(skops, second_option, sizeof(second_option), 0) == 0)
		INC(stored_second);
	if (bpf_store_hdr_opt(skops, second_option, sizeof(second_option), 0) == -EEXIST)
		INC(duplicate_refused);
}

static void parse_options(struct bpf_sock_ops *skops)
{
	__u8 option[40] = { 30, 4, 0xf0, 0x01 };
	bool ours = false;

	INC(parse_calls);
	if (bpf_load_hdr_opt(skops, option, sizeof(option), 0) == 8) {
		INC(found);
		ours = true;
		for (int i = 0; i < 8; i++)
			if (option[i] != first_option[i])
				INC(wrong_bytes);
	}
	__builtin_memcpy(option, second_option, 4);
	if (bpf_load_hdr_opt(skops, option, sizeof(option), 0) == 4) {
		INC(found_second);
		ours = true;
	}
	if (!ours)
		INC(parse_without_ours);

	option[0] = 30, option[1] = 3, option[2] = 0x20;
	if (bpf_load_hdr_opt(skops, option, sizeof(option), 0) > 3 && option[2] >> 4 == 2)
		INC(found_dss);
	option[0] = 30, option[1] = 4, option[2] = 0xf0, option[3] = 0x77;
	if (bpf_load_hdr_opt(skops, option, sizeof(option), 0) == -ENOMSG)
		INC(missing_not_found);
	/* an experiment belongs to the private subtype alone */
	option[0] = 30, option[1] = 4, option[2] = 0x20, option[3] = 0x01;
	if (bpf_load_hdr_opt(skops, option, sizeof(option), 0) == -EINVAL)
		INC(search_refused);
}

SEC("sockops")
int option(struct bpf_sock_ops *skops)
{
	int flags = skops->bpf_sock_ops_cb_flags;

	switch (skops->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		if (write)
			flags |= BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG;
		if (parse)
			flags |= BPF_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG;
		bpf_sock_ops_cb_flags_set(skops, flags);
		break;
	case BPF_SOCK_OPS_HDR_OPT_LEN_CB:
		/* not when the MSS is computed: the options are for pure ACKs */
		if (skops->args[0] != BPF_WRITE_HDR_TCP_CURRENT_MSS)
			/* and four octets more, for what must be refused */
			bpf_reserve_hdr_opt(
				skops, sizeof(first_option) + sizeof(second_option) + 4, 0);
		break;
	case BPF_SOCK_OPS_WRITE_HDR_OPT_CB:
		write_options(skops);
		break;
	case BPF_SOCK_OPS_PARSE_HDR_OPT_CB:
		parse_options(skops);
		break;
	}
	return 1;
}
