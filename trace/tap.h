/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap.h - live capture of packets on one interface, through libpcap.
 */
#ifndef OPTRAIL_TRACE_TAP_H
#define OPTRAIL_TRACE_TAP_H

#include <glib.h>
#include <stdint.h>

struct tap;

struct tap_settings {
    const char *interface;
    const char *filter; /* pcap-filter(7); NULL: everything */
    uint32_t snaplen;   /* octets of a packet that are kept */
    uint32_t buffer;    /* octets of the kernel's buffer */
    int netns;          /* descriptor of a network namespace; -1: this one */
};

struct tap_packet {
    uint64_t time_ns; /* REALTIME */
    uint32_t captured, length;
    const uint8_t *data; /* valid during the call */
    uint64_t dropped;    /* packets that were lost before this one */
};

typedef void (*tap_sink)(void *user, const struct tap_packet *packet);

/*
 * The interfaces to capture on when none is named: those that are up, but the loopback one only
 * when there is no other. NULL-terminated, empty when there is none; free with g_strfreev().
 */
char **tap_interfaces(int netns);

/*
 * Opens the interface; packets are taken from then on. The filter is compiled and, where libpcap
 * can, run in the kernel. NULL with `error` set. Free with tap_close(), which accepts NULL.
 */
struct tap *tap_open(const struct tap_settings *settings, GError **error);
void tap_close(struct tap *tap);

const char *tap_name(const struct tap *tap);

/* As link types stand in capture files, which is not always libpcap's own number (DLT). */
uint16_t tap_linktype(const struct tap *tap);

/* Becomes readable when packets are there; -1 when that cannot be waited for. */
int tap_fd(const struct tap *tap);

/*
 * Gives packets that are there to `sink`, without waiting, and not endlessly many. The number of them, or a negative
 * errno: -ENETDOWN when the interface went away; tap_failure() then says what happened.
 */
int tap_poll(struct tap *tap, uint64_t now_ns, tap_sink sink, void *user);
const char *tap_failure(const struct tap *tap);

/* The moment (REALTIME) up to which the last poll gave everything; UINT64_MAX: it left nothing. */
uint64_t tap_complete_ns(const struct tap *tap);

/* Packets taken, packets lost in all, and those of the lost that no packet has followed yet. */
uint64_t tap_received(const struct tap *tap);
uint64_t tap_dropped(const struct tap *tap);

/* How long a packet may be with the kernel before it is handed over, in nanoseconds. */
uint64_t tap_delay_ns(void);

#endif
