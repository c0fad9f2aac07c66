/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - one recording, from attaching to the last block.
 */
#ifndef OPTRAIL_TRACE_RECORD_H
#define OPTRAIL_TRACE_RECORD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "trace/file.h"

struct record_settings {
    struct file_settings file;
    char **interfaces;      /* NULL-terminated; empty or NULL: those that are up */
    const char *netns;      /* NULL: this one */
    char **cgroups;         /* NULL-terminated; empty or NULL: no hooks */
    const char *filter;     /* NULL: every packet */
    const char *ready_file; /* NULL: none */
    char **command;         /* NULL: none; ends with NULL */
    uint32_t snaplen;       /* octets; 0: whole packets */
    uint32_t ring;          /* octets for each CPU's events, a power of two; 0: as is usual */
    bool every_duration;    /* time every invocation, not only one in 16 */
    uint32_t buffer;        /* octets of the kernel's buffer for the packets of an interface */
    uint64_t count;         /* stop after so many packets, or hooks if no packets; 0: no limit */
    bool packets;
    bool real_time;   /* run before ordinary processes (SCHED_RR) */
    bool reader_ends; /* the output is a pipe; that its reader closes it is a good end */
};

struct record_summary {
    uint64_t packets, packets_lost;
    uint64_t hooks, hooks_lost;
    uint64_t mptcp;     /* events of MPTCP's path manager */
    uint64_t late;      /* records that came too late for their place in the file */
    uint64_t size;      /* octets of the file */
    int command_status; /* as waitpid() gives it; 0 without a command */
};

/*
 * Records until a signal or until the command ends. False with `error` set when it could not
 * begin, or when the file could not be written to the end; what was written stays readable.
 */
bool record_run(const struct record_settings *settings, struct record_summary *summary,
                GError **error);

#endif
