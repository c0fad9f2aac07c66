/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * note.c - writes the box's account, see note.h. It is flushed when the forwarder ends.
 */
#include "lab/forwarder/note.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "lab/forwarder/options.h"

/* All of a line but its last field. */
static void begin_line(FILE *account, const struct stage *stage, const struct frame *frame)
{
    const struct packet *s = &frame->segment;
    bool forward = frame->direction == FORWARD;
    char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX];

    fprintf(account, "%s\t%s\t%s\t%s\t%s\t%" PRIu32 "\t%" PRIu32 "\t", stage->behaviour->name,
            endpoint_text(forward ? &s->source : &s->destination, client),
            endpoint_text(forward ? &s->destination : &s->source, server),
            forward ? "forward" : "reverse", segment_class_name(frame_class(frame)), s->seq,
            s->payload_length);
}

void note(const struct chain *chain, const struct stage *stage, const struct frame *frame,
          const char *what, ...)
{
    va_list arguments;

    if (chain->account == NULL)
        return;
    begin_line(chain->account, stage, frame);
    va_start(arguments, what);
    vfprintf(chain->account, what, arguments);
    va_end(arguments);
    fputc('\n', chain->account);
}

void note_option(const struct chain *chain, const struct stage *stage, const struct frame *frame,
                 const char *what, const uint8_t *octets, size_t n)
{
    if (chain->account == NULL)
        return;
    begin_line(chain->account, stage, frame);
    fprintf(chain->account, "%s ", what);
    for (size_t i = 0; i < n; i++)
        fprintf(chain->account, "%02x", octets[i]);
    fputc('\n', chain->account);
}

void note_options(const struct chain *chain, const struct stage *stage, const struct frame *frame,
                  const char *what, const bool kinds[256])
{
    struct tcp_options list = options_of(frame);
    struct tcp_option option;

    if (chain->account == NULL)
        return;
    while (tcp_options_next(&list, &option))
        if (kinds[option.kind] && !option.malformed)
            note_option(chain, stage, frame, what, option.octets, option.length);
}
