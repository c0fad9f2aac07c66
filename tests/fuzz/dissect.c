// SPDX-License-Identifier: GPL-2.0-or-later
/* dissect.c - see dissect.h. Written after doc/README.developer and what tshark.c calls. */
#include "dissector/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <epan/column-info.h>
#include <epan/column.h>
#include <epan/epan_dissect.h>
#include <epan/prefs.h>
#include <epan/print.h>
#include <epan/print_stream.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <epan/timestamp.h>
#include <wiretap/pcap-encap.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/wslog.h>

#include "tests/fuzz/dissect.h"

void plugin_register(void); /* dissector/plugin.c */

enum { NOBODY = 65534 };

static int proto_optrail;
static print_stream_t *nowhere;

static void must(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "cannot start Wireshark: %s\n", what);
    exit(2);
}

/* Wireshark's name for whoever keeps the frames of a session. */
struct packet_provider_data {
    frame_data *frames;
    size_t n;
};

static const nstime_t *time_of_frame(struct packet_provider_data *provider, uint32_t frame)
{
    return frame > 0 && frame <= provider->n ? &provider->frames[frame - 1].abs_ts : NULL;
}

static const char *interface_text(struct packet_provider_data *provider, uint32_t interface)
{
    (void)provider;
    (void)interface;
    return "fuzz";
}

/*
 * What Wireshark logs. It reports a dissector's bug as a warning with the file of the assertion: all
 * but those of its own dissectors are taken for ours, for what we do wrong fails in epan/proto.c too.
 */
static void judge_log(const char *domain, enum ws_log_level level, struct timespec when,
                      const char *file, long line, const char *function, const char *format,
                      va_list arguments, void *data)
{
    (void)domain, (void)when, (void)file, (void)line, (void)function, (void)data;
    if (level < LOG_LEVEL_WARNING)
        return;
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    bool bug = strstr(text, "Dissector bug") != NULL;
    if (!bug || strstr(text, "epan/dissectors/") == NULL)
        fprintf(stderr, "%s\n", text);
    if (bug && strstr(text, "epan/dissectors/") == NULL)
        abort();
}

void dissect_start(bool any)
{
    setenv("WIRESHARK_DEBUG_WMEM_OVERRIDE", "strict", 0);
    if (any)
        setenv("WIRESHARK_ABORT_ON_DISSECTOR_BUG", "1", 1);
    else
        unsetenv("WIRESHARK_ABORT_ON_DISSECTOR_BUG");
    setenv("HOME", "/nonexistent", 1);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    setenv("WIRESHARK_CONFIG_DIR", "/nonexistent", 1);

    /* Else each capture would begin with the reading of all Ethernet manufacturers and services. */
    setenv("WIRESHARK_DATA_DIR", "/nonexistent", 1);
    ws_log_init_with_writer("fuzz", judge_log, NULL);
    uid_t user = getuid();
    if (user == 0) /* Wireshark does not listen to the environment of root */
        must(setresgid(NOBODY, NOBODY, 0) == 0 && setresuid(NOBODY, NOBODY, 0) == 0,
             "root could not become nobody");
    init_process_policies();
    if (user == 0)
        must(setresuid(0, 0, 0) == 0 && setresgid(0, 0, 0) == 0, "nobody could not become root");
    g_free(configuration_init("fuzz", NULL));
    timestamp_set_type(TS_RELATIVE);
    timestamp_set_precision(TS_PREC_AUTO);
    timestamp_set_seconds_type(TS_SECONDS_DEFAULT);
    wtap_init(FALSE);
    plugin_register(); /* Wireshark calls what it registers, as for a plugin that it has loaded */
    must(epan_init(NULL, NULL, FALSE), "epan_init failed");
    epan_load_settings();
    prefs_apply_all();
    proto_optrail = proto_get_id_by_filter_name("optrail");
    must(proto_optrail > 0, "the dissector is not there");
    must(process_stat_cmd_arg("optrail,trail"), "the statistics are not there");
    start_requested_stats();
    FILE *null = fopen("/dev/null", "w");
    must(null != NULL, "/dev/null cannot be opened");
    nowhere = print_stream_text_stdio_new(null);
}

void dissect_enable(bool enabled)
{
    proto_set_decoding(proto_optrail, enabled);
}

void dissect_choose_profile(unsigned index)
{
    static const char *const profiles[] = {"none", "original", "original-iw", "original-ito",
                                           "original-rate-kbyte"};
    g_autofree char *preference =
        g_strconcat("optrail.profile:", profiles[index % G_N_ELEMENTS(profiles)], NULL);
    char *error = NULL;
    must(prefs_set_pref(preference, &error) == PREFS_SET_OK, preference);
    g_free(error);
    prefs_apply(prefs_find_module("optrail"));
}

/* --- one capture ----------------------------------------------------------------------------------- */

struct session {
    struct packet_provider_data provider;
    epan_t *epan;
    column_info columns;
    uint32_t octets;
    nstime_t elapsed;
    const frame_data *reference, *previous;
};

static void fill_record(wtap_rec *record, const struct dissect_frame *frame, uint32_t number)
{
    memset(record, 0, sizeof(*record));
    record->rec_type = REC_TYPE_PACKET;
    record->presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN;
    record->ts = (nstime_t){1700000000 + number, 0};
    record->rec_header.packet_header.caplen = frame->captured;
    record->rec_header.packet_header.len = frame->length;
    record->rec_header.packet_header.pkt_encap = wtap_pcap_encap_to_wtap_encap(frame->linktype);
}

/* The octets stand alone in memory, so that a read beside them is noticed. */
static void dissect_frame(struct session *session, const struct dissect_frame *frame,
                          frame_data *data, bool tree, bool show)
{
    wtap_rec record;
    fill_record(&record, frame, data->num);
    uint8_t *octets = malloc(MAX(frame->captured, 1));
    must(octets != NULL, "no memory");
    if (frame->captured > 0)
        memcpy(octets, frame->octets, frame->captured);
    epan_dissect_t *edt = epan_dissect_new(session->epan, tree, show);
    epan_dissect_run_with_taps(edt, WTAP_FILE_TYPE_SUBTYPE_UNKNOWN, &record,
                               tvb_new_real_data(octets, frame->captured, (int)frame->length), data,
                               show ? &session->columns : NULL);
    if (show) {
        epan_dissect_fill_in_columns(edt, FALSE, TRUE);
        proto_tree_print(print_dissections_expanded, FALSE, edt, NULL, nowhere);
    }
    epan_dissect_free(edt);
    free(octets);
}

static void first_look(struct session *session, const struct dissect_frame *frame, uint32_t number,
                       bool tree)
{
    frame_data *data = &session->provider.frames[number - 1];
    wtap_rec record;
    fill_record(&record, frame, number);
    frame_data_init(data, number, &record, 0, session->octets);
    frame_data_set_before_dissect(data, &session->elapsed, &session->reference, session->previous);
    dissect_frame(session, frame, data, tree, tree);
    frame_data_set_after_dissect(data, &session->octets);
    session->previous = data;
}

void dissect_capture(const struct dissect_frame *frames, size_t n, bool one_pass)
{
    static const struct packet_provider_funcs provider = {
        .get_frame_ts = time_of_frame,
        .get_interface_name = interface_text,
        .get_interface_description = interface_text,
    };
    struct session session = {.provider = {g_new0(frame_data, n), n}};
    session.epan = epan_new(&session.provider, &provider);
    build_column_format_array(&session.columns, prefs.num_cols, TRUE);
    for (size_t i = 0; i < n; i++)
        first_look(&session, &frames[i], (uint32_t)i + 1, one_pass);
    for (size_t i = 0; i < n; i++)
        dissect_frame(&session, &frames[i], &session.provider.frames[i], true, true);
    for (size_t i = 0; i < n; i++)
        frame_data_destroy(&session.provider.frames[i]);
    reset_tap_listeners();
    col_cleanup(&session.columns);
    epan_free(session.epan);
    g_free(session.provider.frames);
}
