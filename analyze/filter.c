/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c - which packets of a capture to look at. See filter.h. */
#include "analyze/filter.h"

#include <netinet/in.h>
#include <string.h>

#include <pcap/pcap.h>

#include "wire/packet.h"
#include "wire/option.h"

enum { SNAPLEN = 262144 };

struct filter {
    char *expression;
    GHashTable *programs; /* link type -> struct bpf_program */
};

static void program_free(gpointer data)
{
    pcap_freecode(data);
    g_free(data);
}

/* Numbers in files differ from those that libpcap uses here for raw IP alone. */
static int dlt_of(uint16_t linktype)
{
    return linktype == LINKTYPE_RAW || linktype == LINKTYPE_RAW_BSD ||
                   linktype == LINKTYPE_RAW_OPENBSD
               ? DLT_RAW
               : linktype;
}

static struct bpf_program *compile(const char *expression, uint16_t linktype, GError **error)
{
    struct bpf_program *program = g_new0(struct bpf_program, 1);
    pcap_t *pcap = pcap_open_dead(dlt_of(linktype), SNAPLEN);
    if (pcap && pcap_compile(pcap, program, expression, 1, PCAP_NETMASK_UNKNOWN) < 0) {
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_FORMAT, "%s", pcap_geterr(pcap));
        g_clear_pointer(&program, g_free);
    } else if (pcap == NULL) {
        g_set_error(error, CAPTURE_ERROR, CAPTURE_ERROR_FORMAT, "out of memory");
        g_clear_pointer(&program, g_free);
    }
    if (pcap)
        pcap_close(pcap);
    return program;
}

static struct filter *filter_for(const char *expression, uint16_t linktype, GError **error)
{
    struct bpf_program *program = compile(expression, linktype, error);
    if (program == NULL)
        return NULL;
    struct filter *filter = g_new0(struct filter, 1);
    filter->expression = g_strdup(expression);
    filter->programs = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, program_free);
    g_hash_table_insert(filter->programs, GUINT_TO_POINTER(linktype), program);
    return filter;
}

struct filter *filter_new(const char *expression, GError **error)
{
    return filter_for(expression, LINKTYPE_ETHERNET, error);
}

void filter_free(struct filter *filter)
{
    if (filter == NULL)
        return;
    g_hash_table_destroy(filter->programs);
    g_free(filter->expression);
    g_free(filter);
}

bool filter_matches(struct filter *filter, const struct capture_record *record)
{
    gpointer key = GUINT_TO_POINTER(record->linktype), program;
    if (!g_hash_table_lookup_extended(filter->programs, key, NULL, &program)) {
        program = compile(filter->expression, record->linktype, NULL);
        /* What cannot be compiled is kept as such: an empty program. */
        if (program == NULL)
            program = g_new0(struct bpf_program, 1);
        g_hash_table_insert(filter->programs, key, program);
    }
    const struct bpf_program *compiled = program;
    struct pcap_pkthdr header = {.caplen = record->captured, .len = record->length};
    return compiled->bf_len == 0 || pcap_offline_filter(compiled, &header, record->data) != 0;
}

/* --- a capture's own filter -------------------------------------------------------------------- */

/* Words that mean the same on every machine. Others may be names of hosts, networks or services. */
static bool is_known_word(const char *word)
{
    static const char *const KNOWN[] = {
        "and",     "or",        "not",     "src",     "dst",     "host",     "net",     "mask",
        "port",    "portrange", "proto",   "ip",      "ip6",     "tcp",      "udp",     "icmp",
        "icmp6",   "arp",       "less",    "greater", "len",     "tcpflags", "tcp-fin", "tcp-syn",
        "tcp-rst", "tcp-push",  "tcp-ack", "tcp-urg", "tcp-ece", "tcp-cwr",  NULL,
    };
    word += strspn(word, "-"); /* a minus; within a word it belongs to it */
    return *word == '\0' || g_ascii_isdigit(*word) || strchr(word, ':') != NULL ||
           g_strv_contains(KNOWN, word);
}

static bool names_nothing(const char *expression)
{
    static const char BETWEEN[] = " \t\n()[]&|!=<>+*/^%,~";
    for (const char *at = expression + strspn(expression, BETWEEN); *at != '\0';
         at += strspn(at, BETWEEN)) {
        size_t length = strcspn(at, BETWEEN);
        g_autofree char *word = g_strndup(at, length);
        if (!is_known_word(word))
            return false;
        at += length;
    }
    return true;
}

struct filter *filter_of_capture(const char *expression)
{
    return names_nothing(expression) ? filter_for(expression, LINKTYPE_RAW, NULL) : NULL;
}

/*
 * Headers of a segment; what is not known of it is `filler`. Its options are not there at all: a
 * filter that looks behind the `captured` octets lets nothing through.
 */
static struct pcap_pkthdr make_segment(uint8_t at[60], const struct endpoint *source,
                                       const struct endpoint *destination, uint8_t flags,
                                       uint32_t payload, unsigned options, uint8_t filler)
{
    bool is_v4 = source->family == 4;
    unsigned ip = is_v4 ? 20 : 40, size = is_v4 ? 4 : 16;
    uint32_t inner = 20 + options + payload, length = is_v4 ? ip + inner : inner;
    memset(at, filler, 60);
    if (is_v4) {
        at[0] = 0x45;
        at[6] = filler & 0x40; /* may be fragmented, is not */
        at[7] = 0;
        at[9] = IPPROTO_TCP;
    } else {
        at[0] = 0x60 | (filler & 0x0f);
        at[6] = IPPROTO_TCP;
    }
    unsigned length_at = is_v4 ? 2 : 4, address_at = is_v4 ? 12 : 8;
    at[length_at] = (uint8_t)(length >> 8);
    at[length_at + 1] = (uint8_t)length;
    memcpy(at + address_at, source->address, size);
    memcpy(at + address_at + size, destination->address, size);
    uint8_t *tcp = at + ip;
    tcp[0] = (uint8_t)(source->port >> 8);
    tcp[1] = (uint8_t)source->port;
    tcp[2] = (uint8_t)(destination->port >> 8);
    tcp[3] = (uint8_t)destination->port;
    tcp[12] = (uint8_t)((20 + options) / 4 << 4);
    tcp[13] = flags;
    return (struct pcap_pkthdr){.caplen = ip + 20, .len = ip + inner};
}

bool filter_admits(struct filter *filter, const struct endpoint *source,
                   const struct endpoint *destination, uint8_t flags, uint32_t payload_length)
{
    if (filter == NULL)
        return false;
    const struct bpf_program *program =
        g_hash_table_lookup(filter->programs, GUINT_TO_POINTER(LINKTYPE_RAW));
    for (unsigned i = 0; i < 4; i++) {
        uint8_t octets[60];
        struct pcap_pkthdr header = make_segment(octets, source, destination, flags, payload_length,
                                                 i & 1 ? TCP_OPTION_SPACE : 0, i & 2 ? 0xff : 0);
        if (program == NULL || pcap_offline_filter(program, &header, octets) == 0)
            return false;
    }
    return true;
}
