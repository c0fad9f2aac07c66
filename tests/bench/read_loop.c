/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read_loop.c - how fast captures are read: counts the packets and TCP segments of each file.
 *
 * Takes file names, gives one line each. Compare its user time with that of `capinfos -c` on the
 * same file (make_load makes one); a measurement, not a test.
 */
#include <stdio.h>

#include "wire/capture.h"
#include "wire/packet.h"

static int count(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct capture *capture = capture_open(path, &error);
    struct capture_record record;
    struct packet packet;
    uint64_t packets = 0, segments = 0, payload = 0;

    if (capture == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 3;
    }
    while (capture_next(capture, &record)) {
        packets++;
        if (packet_dissect(record.linktype, record.data, record.captured, record.length, &packet) ==
            PACKET_TCP) {
            segments++;
            payload += packet.payload_length;
        }
    }
    if (capture_warning(capture) != NULL)
        fprintf(stderr, "%s\n", capture_warning(capture));
    printf("%s: %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT
           " TCP segments, %" G_GUINT64_FORMAT " octets of payload\n",
           path, packets, segments, payload);
    capture_close(capture);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;

    for (int i = 1; i < argc; i++)
        status |= count(argv[i]);
    return status;
}
