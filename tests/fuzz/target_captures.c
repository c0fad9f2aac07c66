// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target_captures.c - a whole capture file (wire/capture.h); with the target pcapng one that begins
 * as pcapng, with pcap one that begins as pcap. What is neither is left as it is: compressed files.
 */
#include "tests/fuzz/fuzz.h"
#include "wire/capture.h"

static void choose_format(uint8_t *file, size_t size)
{
    if (size < 8 || file[0] == 0x1f || file[0] == 0x28) /* gzip, zstd */
        return;
#ifdef FUZZ_TARGET_pcapng
    static const uint8_t section[] = {0x0a, 0x0d, 0x0d, 0x0a};
    memcpy(file, section, sizeof(section));
#else
    static const uint8_t magics[][4] = {{0xd4, 0xc3, 0xb2, 0xa1},
                                        {0xa1, 0xb2, 0xc3, 0xd4},
                                        {0x4d, 0x3c, 0xb2, 0xa1},
                                        {0xa1, 0xb2, 0x3c, 0x4d},
                                        {0x34, 0xcd, 0xb2, 0xa1}};
    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++)
        if (memcmp(file, magics[i], 4) == 0)
            return;
    memcpy(file, magics[file[0] % G_N_ELEMENTS(magics)], 4);
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *file = fuzz_copy(data, size);
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    choose_format(file, size);
    int fd = fuzz_file(file, size, &path);
    struct capture *capture = capture_open(path, &error);
    CHECK((capture == NULL) == (error != NULL));
    if (capture != NULL) {
        struct capture_record record;
        uint64_t number = 0;
        unsigned records = 0;
        while (records < 100000 && capture_next(capture, &record) == 1) {
            records++;
            /* Blocks without a packet that Wireshark shows as frames are counted, too. */
            CHECK(record.number > number);
            number = record.number;
            CHECK(capture_interface(capture, record.interface) != NULL);
            fuzz_read(record.data, record.captured);
            if (record.comment != NULL)
                fuzz_read(record.comment, record.comment_length);
        }
        for (size_t i = 0; i < capture_n_interfaces(capture); i++)
            CHECK(strlen(capture_interface(capture, i)->name) < 1u << 20);
        CHECK(capture_section_comment(capture) != NULL);
        CHECK(capture_next(capture, &record) == 0 || records == 100000);
    }
    capture_close(capture);
    close(fd);
    return 0;
}
