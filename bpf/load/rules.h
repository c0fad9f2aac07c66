/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules.h - rule files of program tune.
 *
 * A key-file of glib; the first rule that fits a connection holds.
 *   [rule NAME]
 *   local, remote = PREFIX           the end that is here, the other one; IPv4 or IPv6
 *   same-prefix4, same-prefix6 = N   both ends share their first N bits; where only one of the two
 *                                    is given, the other family does not fit
 *   port, local-port, remote-port = N   port: either end's
 *   syn-rto-ms, synack-rto-ms, rwnd, iw, cwnd-clamp, send-buffer, receive-buffer, ecn, base-rtt-us,
 *   congestion = what to set         units: rules_help()
 */
#ifndef OPTRAIL_BPF_LOAD_RULES_H
#define OPTRAIL_BPF_LOAD_RULES_H

#include <glib.h>

#include "bpf/include/program_abi.h"

/* The rules of a file: array of struct tune_rule. NULL with an error that names file, rule, key. */
GArray *rules_read(const char *path, GError **error);

/* The keys and what they take, for people: lines of text. Free with g_free(). */
char *rules_help(void);

#endif
