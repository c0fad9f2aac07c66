/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * note.h - the box's own account: a line for each segment that a behaviour did something to, so
 * that what others conclude from captures can be compared with what happened.
 *
 * A line has eight fields, separated by tabs:
 *   behaviour  client  server  direction  segment  seq  length  what
 * of the segment as it came to the behaviour: endpoints as in reports, direction forward or
 * reverse, its class, sequence number and octets of payload in decimal. `what` is words of the
 * behaviour, and the octets of an option in hex where it is about one.
 */
#ifndef OPTRAIL_LAB_NOTE_H
#define OPTRAIL_LAB_NOTE_H

#include "lab/forwarder/chain.h"

/* Notes something about a segment. Nothing happens without an account (chain->account). */
void note(const struct chain *chain, const struct stage *stage, const struct frame *frame,
          const char *what, ...) __attribute__((format(printf, 4, 5)));

/* Notes "WHAT OCTETS" for each option of the frame that is of these kinds. */
void note_options(const struct chain *chain, const struct stage *stage, const struct frame *frame,
                  const char *what, const bool kinds[256]);

/* Notes "WHAT OCTETS" of one option. */
void note_option(const struct chain *chain, const struct stage *stage, const struct frame *frame,
                 const char *what, const uint8_t *octets, size_t n);

#endif
