/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng_tool.c - our reader and writer on the command line, for scripts that compare them with
 * other programs.
 *
 *   pcapng_tool write FILE   writes a capture with packets, hook records, comments, drops
 *   pcapng_tool list FILE    one line a record: number, seconds, captured, length,
 *                            drop count, comment; columns and forms as tshark's -T fields has them
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "wire/capture.h"
#include "wire/hook.h"
#include "wire/packet.h"
#include "wire/pcapng_write.h"

/* Ethernet, IPv4, TCP: an acknowledgement with a congestion control request (kind 253, ExID). */
static const uint8_t frame[] = {
    2, 0,  0, 0, 0,    2,    2,    0, 0, 0,   0,  1,   0x08, 0,    0x45, 0,    0,    48, 0, 1, 0x40,
    0, 64, 6, 0, 0,    192,  0,    2, 1, 198, 51, 100, 2,    0x9c, 0x40, 0x01, 0xbb, 0,  0, 0, 1,
    0, 0,  0, 2, 0x70, 0x10, 0x02, 0, 0, 0,   0,  0,   0xfd, 6,    0x4f, 0x43, 0,    1,  1, 1,
};

static int write_capture(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct pcapng_writer *writer = pcapng_writer_new(fd, "pcapng_tool", "a section's comment");
    const struct pcapng_interface wire = {LINKTYPE_ETHERNET, 262144, "wire0", "the wire", "tcp"};
    const struct pcapng_interface hooks = {LINKTYPE_WIRESHARK_UPPER_PDU, 0, HOOK_INTERFACE, NULL,
                                           NULL};
    struct hook_record record = {
        .op = HOOK_WRITE_HDR_OPT,
        .flags = HOOK_FLAG_HEADER | HOOK_FLAG_OUTGOING,
        .local = {.address = {192, 0, 2, 1}, .port = 40000, .family = 4},
        .remote = {.address = {198, 51, 100, 2}, .port = 443, .family = 4},
        .options_length = 6,
        .options = {0xfd, 6, 0x4f, 0x43, 0, 1},
    };
    uint8_t hook[HOOK_ENCODED_MAX];

    pcapng_add_interface(writer, &wire);
    pcapng_add_interface(writer, &hooks);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t time_ns = 1700000000123456789 + i * UINT64_C(1000001);
        record.time_ns = time_ns;
        record.id = i + 1;
        const struct pcapng_packet event = {.interface = 1,
                                            .time_ns = time_ns,
                                            .captured = (uint32_t)hook_encode(&record, hook),
                                            .length = (uint32_t)hook_encode(&record, hook),
                                            .data = hook};
        const struct pcapng_packet packet = {.interface = 0,
                                             .time_ns = time_ns + 1,
                                             .captured = i % 2 ? sizeof(frame) : sizeof(frame) - 1,
                                             .length = sizeof(frame),
                                             .data = frame,
                                             .dropcount = i == 50 ? 7 : 0,
                                             .comment = i == 51 ? "a packet's comment" : NULL};
        pcapng_write_packet(writer, &event);
        pcapng_write_packet(writer, &packet);
    }
    pcapng_write_statistics(writer, 0, 1700000001000000000, 107, 7, NULL);
    pcapng_write_statistics(writer, 1, 1700000001000000000, 100, 0, "all of them");

    int error = pcapng_writer_free(writer);
    close(fd);
    return error ? 1 : 0;
}

static int list_capture(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct capture *capture = capture_open(path, &error);
    struct capture_record r;

    if (capture == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 3;
    }
    while (capture_next(capture, &r) > 0) {
        printf("%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT ".%09u\t%u\t%u\t", r.number,
               r.time_ns / 1000000000, (unsigned)(r.time_ns % 1000000000), r.captured, r.length);
        if (r.has_dropcount)
            printf("%" G_GUINT64_FORMAT, r.dropcount);
        printf("\t%.*s\n", (int)r.comment_length, r.comment != NULL ? r.comment : "");
    }
    if (capture_warning(capture) != NULL)
        fprintf(stderr, "%s\n", capture_warning(capture));
    capture_close(capture);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_capture(argv[2]);
    if (argc == 3 && strcmp(argv[1], "list") == 0)
        return list_capture(argv[2]);
    fprintf(stderr, "usage: pcapng_tool write|list FILE\n");
    return 2;
}
