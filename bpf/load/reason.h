/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reason.h - why bpf() would not. */
#ifndef OPTRAIL_BPF_LOAD_REASON_H
#define OPTRAIL_BPF_LOAD_REASON_H

/*
 * What an errno of bpf() means here: which capability or kernel feature is missing, in a phrase.
 * Free with g_free().
 */
char *bpf_error_reason(int errnum);

#endif
