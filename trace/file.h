/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - the pcapng file of a recording, or one after the other when they rotate.
 *
 * Takes records in order of time; begins each file with the same section and interfaces, numbers
 * the hook records of each from 1, and ends each with its statistics. The words are tcpdump's: a
 * file is full after so many octets (-C) or seconds (-G); the number of files is bounded (-W).
 *
 * Names, as tcpdump makes them: with seconds, FILE is a template for strftime(3). With octets, the
 * files are FILE, FILE1, FILE2, ..., or with a bound FILE00, FILE01, ... and from the start again.
 * With seconds and a bound but no octets, the recording ends with the last file. Unlike tcpdump's,
 * a template that says too little does not make a file write over the one before: see file.c.
 */
#ifndef OPTRAIL_TRACE_FILE_H
#define OPTRAIL_TRACE_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire/pcapng_write.h"

struct file_settings {
    const char *path; /* "-": standard output, which does not rotate */
    uint64_t octets;  /* 0: no limit; so with the others */
    uint64_t seconds;
    unsigned count;
};

struct file;

/*
 * Opens the first file, which is named for `now_ns` (REALTIME) and stays as it was until
 * file_begin(). NULL with `error` set.
 */
struct file *file_open(const struct file_settings *settings, uint64_t now_ns, GError **error);

/*
 * Begins, at `now_ns`: what a file held before is gone. The interfaces' texts must outlive the file;
 * `hook_interface` is the index of the one with hook records, -1: none. 0 or a negative errno.
 */
int file_begin(struct file *file, const char *comment, const struct pcapng_interface *interfaces,
               unsigned n, int hook_interface, uint64_t now_ns);

/* Of a pipe: `wait` is asked while it takes nothing, as pcapng_set_wait() says. */
void file_set_wait(struct file *file, int (*wait)(void *user, int fd), void *user);

/* Writes a record, numbered when it is a hook record, into the file that it belongs to. */
int file_write(struct file *file, const struct pcapng_packet *packet);

/* It is `now_ns` (REALTIME): rotates when that is due, with or without records. */
int file_tick(struct file *file, uint64_t now_ns);

/* The clock was set by so much: the file still lasts as long as it should. */
void file_stepped(struct file *file, int64_t step_ns);

/* True when the last of the files is full: nothing more is written. */
bool file_is_full(const struct file *file);

/* Hands what is buffered to the kernel. 0 or a negative errno. */
int file_flush(struct file *file);

/*
 * What an interface lost that no record has told of, for the last statistics; and a word about it
 * (may be NULL, else it must outlive the file).
 */
void file_untold(struct file *file, unsigned interface, uint64_t dropped, const char *comment);

/* Records lost on the interface that were told of in any of the files. */
uint64_t file_told(const struct file *file, unsigned interface);

/* Octets in all files, and the name of the current one. */
uint64_t file_size(const struct file *file);
const char *file_name(const struct file *file);

/* Ends: statistics, flush, close; frees. Without file_begin() a new file goes away again. */
int file_close(struct file *file);

#endif
