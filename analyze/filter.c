/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c - which packets of a capture to look at. See filter.h. */
#include "analyze/filter.h"

#include <pcap/pcap.h>

#include "wire/packet.h"

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

struct filter *filter_new(const char *expression, GError **error)
{
    struct bpf_program *program = compile(expression, LINKTYPE_ETHERNET, error);
    if (program == NULL)
        return NULL;
    struct filter *filter = g_new0(struct filter, 1);
    filter->expression = g_strdup(expression);
    filter->programs = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, program_free);
    g_hash_table_insert(filter->programs, GUINT_TO_POINTER(LINKTYPE_ETHERNET), program);
    return filter;
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
