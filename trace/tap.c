// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap.c - see tap.h.
 *
 * Packets come in the kernel's blocks, which it hands over when they are full or DELAY_MS old:
 * few wake-ups, and still in time for the merge.
 */
#include "trace/tap.h"

#include <errno.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <string.h>
#include <unistd.h>

#include "trace/error.h"
#include "trace/netns.h"

enum {
    DELAY_MS = 10,
    POLL_PACKETS = 20000, /* at once: then it is time to write and to look for signals */
};

struct tap {
    pcap_t *pcap;
    char *name;
    uint16_t linktype;
    uint64_t received, dropped;
    struct loss {
        uint64_t n;                  /* lost, and to be told with the next packet ... */
        uint64_t since_ns;           /* ... that is younger than this */
    } losses[2];                     /* the first that is not told, and what came on top */
    uint64_t newest_ns, complete_ns; /* what was given last, and see tap_complete_ns() */
    tap_sink sink;                   /* during tap_poll() */
    void *user;
    char *failure;
};

GQuark trace_error_quark(void)
{
    return g_quark_from_static_string("trace-error-quark");
}

char **tap_interfaces(int netns)
{
    GPtrArray *names = g_ptr_array_new();
    char loopback[IF_NAMESIZE] = "";
    char message[PCAP_ERRBUF_SIZE] = "";
    pcap_if_t *devices = NULL;
    int saved;

    if (netns_enter(netns, &saved) == 0) {
        if (pcap_findalldevs(&devices, message) != 0)
            devices = NULL;
        for (pcap_if_t *device = devices; device != NULL; device = device->next) {
            /* libpcap lists what are no interfaces too: any, nflog, usbmon. */
            if (!(device->flags & PCAP_IF_UP) || if_nametoindex(device->name) == 0)
                continue;
            if (device->flags & PCAP_IF_LOOPBACK)
                g_strlcpy(loopback, device->name, sizeof(loopback));
            else
                g_ptr_array_add(names, g_strdup(device->name));
        }
        if (devices != NULL)
            pcap_freealldevs(devices);
        netns_leave(saved);
    }
    if (names->len == 0 && loopback[0] != '\0')
        g_ptr_array_add(names, g_strdup(loopback));
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static int set_error(GError **error, enum trace_error code, const char *interface, const char *what,
                     const char *advice)
{
    g_set_error(error, TRACE_ERROR, code, "interface %s: %s%s", interface, what, advice);
    return -1;
}

/* Opens the interface in the namespace that the thread is in. */
static int activate(struct tap *tap, const struct tap_settings *settings, GError **error)
{
    char message[PCAP_ERRBUF_SIZE] = "";
    tap->pcap = pcap_create(settings->interface, message);
    if (tap->pcap == NULL)
        return set_error(error, TRACE_ERROR_INPUT, settings->interface, message, "");
    pcap_set_snaplen(tap->pcap, (int)MIN(settings->snaplen, 262144));
    pcap_set_promisc(tap->pcap, 0);
    pcap_set_timeout(tap->pcap, DELAY_MS);
    pcap_set_buffer_size(tap->pcap, (int)settings->buffer);
    pcap_set_tstamp_precision(tap->pcap, PCAP_TSTAMP_PRECISION_NANO);

    int code = pcap_activate(tap->pcap);
    if (code == PCAP_ERROR_NO_SUCH_DEVICE)
        return set_error(
            error, TRACE_ERROR_INPUT, settings->interface, "there is none of that name",
            settings->netns >= 0 ? " in that network namespace; see: ip link" : "; see: ip link");
    if (code == PCAP_ERROR_PERM_DENIED)
        return set_error(error, TRACE_ERROR_INPUT, settings->interface,
                         "capturing needs the capability CAP_NET_RAW", "; run it as root");
    if (code < 0)
        return set_error(error, TRACE_ERROR_INPUT, settings->interface,
                         code == PCAP_ERROR ? pcap_geterr(tap->pcap) : pcap_statustostr(code), "");
    return 0;
}

static int set_filter(struct tap *tap, const struct tap_settings *settings, GError **error)
{
    struct bpf_program program;
    if (settings->filter == NULL || settings->filter[0] == '\0')
        return 0;
    if (pcap_compile(tap->pcap, &program, settings->filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        g_set_error(error, TRACE_ERROR, TRACE_ERROR_USAGE, "filter '%s': %s; see pcap-filter(7)",
                    settings->filter, pcap_geterr(tap->pcap));
        return -1;
    }
    int code = pcap_setfilter(tap->pcap, &program);
    pcap_freecode(&program);
    return code == 0 ? 0
                     : set_error(error, TRACE_ERROR_INPUT, settings->interface,
                                 pcap_geterr(tap->pcap), "");
}

/* libpcap's number of a link type where it differs from the one in files. */
static uint16_t linktype_of(int dlt)
{
    return (uint16_t)(dlt == DLT_RAW ? 101 : dlt);
}

struct tap *tap_open(const struct tap_settings *settings, GError **error)
{
    char message[PCAP_ERRBUF_SIZE] = "";
    struct tap *tap = g_new0(struct tap, 1);
    int saved;

    tap->name = g_strdup(settings->interface);
    tap->complete_ns = UINT64_MAX;
    int code = netns_enter(settings->netns, &saved);
    if (code != 0) {
        set_error(error, TRACE_ERROR_INPUT, settings->interface,
                  "cannot enter the network namespace: ", g_strerror(-code));
        goto fail;
    }
    code = activate(tap, settings, error);
    netns_leave(saved);
    if (code != 0 || set_filter(tap, settings, error) != 0)
        goto fail;
    if (pcap_setnonblock(tap->pcap, 1, message) != 0) {
        set_error(error, TRACE_ERROR_INPUT, settings->interface, message, "");
        goto fail;
    }
    tap->linktype = linktype_of(pcap_datalink(tap->pcap));
    return tap;
fail:
    tap_close(tap);
    return NULL;
}

void tap_close(struct tap *tap)
{
    if (tap == NULL)
        return;
    if (tap->pcap != NULL)
        pcap_close(tap->pcap);
    g_free(tap->failure);
    g_free(tap->name);
    g_free(tap);
}

static void take(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
    struct tap *tap = (struct tap *)(void *)user;
    struct tap_packet packet = {
        /* tv_usec holds nanoseconds: that is what the precision set above means. */
        .time_ns = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec,
        .captured = header->caplen,
        .length = header->len,
        .data = data,
    };
    /* Packets are lost when the buffer is full: what stands in it is older than the loss. */
    if (tap->losses[0].n > 0 && packet.time_ns > tap->losses[0].since_ns) {
        packet.dropped = tap->losses[0].n;
        tap->losses[0] = tap->losses[1];
        tap->losses[1] = (struct loss){0};
    }
    tap->received++;
    tap->newest_ns = packet.time_ns;
    tap->sink(tap->user, &packet);
}

int tap_poll(struct tap *tap, uint64_t now_ns, tap_sink sink, void *user)
{
    struct pcap_stat stat;
    if (tap->failure != NULL)
        return -ENETDOWN;
    if (pcap_stats(tap->pcap, &stat) == 0) {
        /* libpcap counts in 32 bits, which may wrap. */
        uint32_t lost = stat.ps_drop - (uint32_t)tap->dropped;
        if (lost > 0) {
            struct loss *loss = &tap->losses[tap->losses[0].n > 0 ? 1 : 0];
            tap->dropped += lost;
            loss->n += lost;
            loss->since_ns = now_ns;
        }
    }
    tap->sink = sink;
    tap->user = user;
    int n = pcap_dispatch(tap->pcap, POLL_PACKETS, take, (u_char *)tap);
    tap->complete_ns = n >= POLL_PACKETS ? tap->newest_ns : UINT64_MAX;
    if (n < 0) {
        tap->failure = g_strdup(pcap_geterr(tap->pcap));
        return -ENETDOWN;
    }
    return n;
}

uint64_t tap_complete_ns(const struct tap *tap)
{
    return tap->failure == NULL ? tap->complete_ns : UINT64_MAX;
}

const char *tap_failure(const struct tap *tap)
{
    return tap->failure;
}

const char *tap_name(const struct tap *tap)
{
    return tap->name;
}

uint16_t tap_linktype(const struct tap *tap)
{
    return tap->linktype;
}

int tap_fd(const struct tap *tap)
{
    return pcap_get_selectable_fd(tap->pcap);
}

uint64_t tap_received(const struct tap *tap)
{
    return tap->received;
}

uint64_t tap_dropped(const struct tap *tap)
{
    return tap->dropped;
}

uint64_t tap_delay_ns(void)
{
    return (uint64_t)DELAY_MS * 1000000u;
}
