/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat.h - Wireshark's headers, and every difference between its versions that matters here.
 *
 * Built and used with 4.0 and 4.4. The other files include this header first and never look at the
 * version themselves. Reference: doc/README.developer and the release notes of each version.
 */
#ifndef OPTRAIL_DISSECTOR_COMPAT_H
#define OPTRAIL_DISSECTOR_COMPAT_H

/* Marks the plugin's symbols for export; must be defined before the first header. */
#define WS_BUILD_DLL

#include <wireshark.h>

#include <epan/dissectors/packet-tcp.h>
#include <epan/exceptions.h>
#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/proto_data.h>
#include <epan/show_exception.h>
#include <epan/unit_strings.h>

#define WIRESHARK_AT_LEAST(major, minor)                                                           \
    (WIRESHARK_MAJOR > (major) || (WIRESHARK_MAJOR == (major) && WIRESHARK_MINOR >= (minor)))

/* 4.2 asks a plugin what it contains. */
#if WIRESHARK_AT_LEAST(4, 2)
#include <wsutil/plugins.h>
#define PLUGIN_DESCRIBES_ITSELF 1
#else
#define PLUGIN_DESCRIBES_ITSELF 0
#endif

/* What a boolean preference is stored in. */
#if WIRESHARK_AT_LEAST(4, 4)
typedef bool wish;
#else
typedef gboolean wish;
#endif

/* 4.4 has C's names for its integer and boolean types; accessors are called after them. */
#if !WIRESHARK_AT_LEAST(4, 4)
#define tvb_get_uint8 tvb_get_guint8
#endif

/* Who saves the displayed packets alone keeps that frame too. */
static inline void mark_depended_upon(packet_info *pinfo, uint32_t frame)
{
#if WIRESHARK_AT_LEAST(4, 4)
    mark_frame_as_depended_upon(pinfo->fd, frame);
#else
    mark_frame_as_depended_upon(pinfo, frame);
#endif
}

#endif
