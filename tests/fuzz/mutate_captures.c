// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mutate_captures.c - dissects mutated copies of captures: nothing but an answer may come of it.
 *
 * usage: mutate_captures [--captures N] [--seed N] [--write FILE] FILE...
 *
 * Of each file, a pcap or pcapng of a few dozen frames, N captures (1000) are made in memory, each
 * mutated after a seed of its own, and dissected in two passes with everything shown. A mutation
 * changes octets anywhere in a frame, or in those at the TCP options' usual places, cuts frames
 * short, repeats and leaves them out: a capture has about twelve of the file's frames. A capture that ends the process ends a child of it: when the same
 * capture does so with our dissector disabled it is Wireshark's own fault, counted and passed over;
 * else the seed is named and the exit status is 1.
 * With --write the first capture is written as a pcap instead, to be looked at.
 */
#include <errno.h>
#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/dissect.h"
#include "wire/capture.h"

enum { FRAMES_MAX = 400, USUAL_FRAMES = 12, EXIT_FAULT = 1, EXIT_USAGE = 2 };

/* Shared with the child. */
static struct progress {
    uint64_t seed;   /* the capture that is being dissected */
    uint64_t frames; /* dissected, each pass counts */
} * progress;

struct original {
    struct dissect_frame frames[FRAMES_MAX];
    size_t n;
};

/* --- numbers that depend on nothing but the seed ---------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static unsigned below(uint64_t *state, unsigned n)
{
    return n == 0 ? 0 : (unsigned)(next_random(state) % n);
}

/* --- mutations ---------------------------------------------------------------------------------------- */

/* Octets that mean something where TCP options stand. */
static const uint8_t telling[] = {0,   1,    2,    3,    4,    5,    6,    8,   10, 12,
                                  20,  28,   30,   40,   63,   0x4f, 0x43, 66,  67, 127,
                                  128, 0xac, 0xae, 0xe0, 0xf0, 0xf1, 253,  254, 255};

static void mutate_octet(uint64_t *random, uint8_t *octet)
{
    switch (below(random, 3)) {
    case 0:
        *octet = (uint8_t)next_random(random);
        break;
    case 1:
        *octet ^= (uint8_t)(1u << below(random, 8));
        break;
    default:
        *octet = telling[below(random, sizeof(telling))];
    }
}

/* `copy` has the original's octets, in memory of its own. */
static void mutate_frame(uint64_t *random, struct dissect_frame *copy, uint8_t *octets)
{
    unsigned how = below(random, 8), from = 0, changes;
    if (how < 2) /* two in eight frames stay as they are, for the others to refer to */
        return;
    if (how < 6) /* most changes where the options are: behind the link, IP and TCP headers */
        from = MIN(copy->captured, 40u + below(random, 40));
    changes = 1 + below(random, 6);
    for (unsigned i = 0; i < changes && copy->captured > from; i++)
        mutate_octet(random, &octets[from + below(random, copy->captured - from)]);
    if (how == 7)
        copy->captured = below(random, copy->captured + 1);
    if (how == 6 && below(random, 4) == 0)
        copy->length += below(random, 64);
}

/* The frames of a seed's capture, in memory of their own; what remains of `random` is given back. */
static size_t make_mutated(const struct original *original, uint64_t *random,
                           struct dissect_frame frames[FRAMES_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < original->n; i++) {
        if (below(random, (unsigned)original->n) >= USUAL_FRAMES)
            continue;
        size_t from = below(random, 16) > 0 ? i : below(random, (unsigned)original->n);
        frames[n] = original->frames[from];
        uint8_t *octets = g_memdup2(frames[n].octets, MAX(frames[n].captured, 1));
        frames[n].octets = octets;
        mutate_frame(random, &frames[n], octets);
        n++;
    }
    return n;
}

static void free_frames(struct dissect_frame *frames, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_free((void *)frames[i].octets);
}

static uint64_t random_of(uint64_t seed)
{
    return seed * 0x2545F4914F6CDD1Du + 1;
}

static void dissect_mutated(const struct original *original, uint64_t seed)
{
    static struct dissect_frame frames[FRAMES_MAX];
    uint64_t random = random_of(seed);
    size_t n = make_mutated(original, &random, frames);
    dissect_choose_profile(below(&random, 8));
    dissect_capture(frames, n, below(&random, 4) == 0);
    free_frames(frames, n);
    progress->frames += 2 * n;
}

/* Writes a seed's capture as a pcap. */
static void write_mutated(const struct original *original, uint64_t seed, const char *path)
{
    static struct dissect_frame frames[FRAMES_MAX];
    uint64_t random = random_of(seed);
    size_t n = make_mutated(original, &random, frames);
    const uint32_t head[] = {0xA1B2C3D4, 4 << 16 | 2, 0, 0, 262144, frames[0].linktype};
    FILE *out = fopen(path, "wb");
    if (out == NULL || n == 0) {
        perror(path);
        exit(EXIT_USAGE);
    }
    fwrite(head, sizeof(head), 1, out);
    for (size_t i = 0; i < n; i++) {
        const uint32_t record[] = {(uint32_t)i, 0, frames[i].captured, frames[i].length};
        fwrite(record, sizeof(record), 1, out);
        fwrite(frames[i].octets, frames[i].captured, 1, out);
    }
    free_frames(frames, n);
    if (fclose(out) != 0) {
        perror(path);
        exit(EXIT_USAGE);
    }
}

/* --- children ----------------------------------------------------------------------------------------- */

/* Dissects the captures of the seeds in a child; true when it lived to the end. */
static bool survives(const struct original *original, uint64_t from, uint64_t end, bool enabled)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dissect_enable(enabled);
        for (progress->seed = from; progress->seed < end; progress->seed++)
            dissect_mutated(original, progress->seed);
        _exit(0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("mutate_captures: child");
        exit(EXIT_USAGE);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* True when no capture of this file ended in a fault of ours. */
static bool try_file(const char *path, const struct original *original, uint64_t first,
                     uint64_t captures)
{
    uint64_t stock = 0, ours = 0;
    progress->frames = 0;
    for (uint64_t seed = first; seed < first + captures;) {
        if (survives(original, seed, first + captures, true))
            break;
        seed = progress->seed;
        if (survives(original, seed, seed + 1, false)) {
            fprintf(stderr, "FAULT: %s, --seed %" G_GUINT64_FORMAT "\n", path, seed);
            ours++;
        } else {
            stock++;
        }
        seed++;
    }
    printf("%s: %" G_GUINT64_FORMAT " captures, %" G_GUINT64_FORMAT
           " dissections; faults: %" G_GUINT64_FORMAT ", of Wireshark alone: %" G_GUINT64_FORMAT
           "\n",
           path, captures, progress->frames, ours, stock);
    return ours == 0;
}

static struct original *read_original(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct capture *capture = capture_open(path, &error);
    struct capture_record record;
    if (capture == NULL) {
        fprintf(stderr, "%s\n", error->message);
        exit(EXIT_USAGE);
    }
    struct original *original = g_new0(struct original, 1);
    while (original->n < FRAMES_MAX && capture_next(capture, &record) == 1)
        original->frames[original->n++] = (struct dissect_frame){
            .linktype = record.linktype,
            .octets = g_memdup2(record.data, MAX(record.captured, 1)),
            .captured = record.captured,
            .length = record.length,
        };
    capture_close(capture);
    return original;
}

static uint64_t number(const char *text)
{
    char *end;
    errno = 0;
    uint64_t value = g_ascii_strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0') {
        fprintf(stderr, "mutate_captures: '%s' is no number\n", text);
        exit(EXIT_USAGE);
    }
    return value;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"captures", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 's'},
        {"write", required_argument, NULL, 'w'},
        {NULL, 0, NULL, 0},
    };
    uint64_t captures = 1000, seed = 1;
    const char *write = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            captures = number(optarg);
        else if (option == 's')
            seed = number(optarg);
        else if (option == 'w')
            write = optarg;
        else
            return EXIT_USAGE;
    }
    if (optind == argc) {
        fprintf(stderr,
                "usage: mutate_captures [--captures N] [--seed N] [--write FILE] FILE...\n");
        return EXIT_USAGE;
    }
    progress =
        mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED) {
        perror("mutate_captures");
        return EXIT_USAGE;
    }
    dissect_start(true);
    bool sound = true;
    for (int i = optind; i < argc; i++) {
        struct original *original = read_original(argv[i]);
        if (write != NULL)
            write_mutated(original, seed, write);
        else
            sound &= try_file(argv[i], original, seed, captures);
        for (size_t j = 0; j < original->n; j++)
            g_free((void *)original->frames[j].octets);
        g_free(original);
    }
    return sound ? 0 : EXIT_FAULT;
}
