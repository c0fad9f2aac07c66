/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict.c - the table of verdicts: everything that is known of a verdict as such stands in its
 * row, once. See verdict.h; docs/verdicts.md has the long explanations.
 */
#include "analyze/verdict.h"

#include <stddef.h>
#include <string.h>

struct verdict_row {
    const char *name;
    enum verdict_weight weight;
    enum verdict_needs needs;
    int rank;
    const char *brief;
    const char *outcome;
    const char *phrase; /* goes on from "the option ..." or "the segment ..." */
    const char *where;
    const char *advice;
};

/*
 * Ranks go up from what hides behind everything else to what nothing may hide. Tens are families
 * of equal seriousness; 0 to 29 conclude nothing about an option.
 */
static const struct verdict_row rows[VERDICTS] = {
    [VERDICT_NONE] = {"none", WEIGHT_GOOD, NEEDS_NOTHING, 0, "nothing to judge", "not judged",
                      "was not judged", "", ""},

    [VERDICT_OPTION_INTACT] = {"option.intact", WEIGHT_GOOD, NEEDS_TWO, 42, "intact", "delivered",
                               "arrived with the same bytes", "", ""},
    [VERDICT_OPTION_REMOVED_NOP] = {"option.removed.nop", WEIGHT_INTERFERENCE, NEEDS_TWO, 90,
                                    "removed: NOPs", "NOT delivered",
                                    "was overwritten with NOPs on the way",
                                    "on the path between A and B",
                                    "Look for a rule that strips TCP options (nftables 'reset tcp "
                                    "option', iptables TCPOPTSTRIP, a firewall's TCP normaliser)."},
    [VERDICT_OPTION_REMOVED_SHORTENED] = {"option.removed.shortened", WEIGHT_INTERFERENCE,
                                          NEEDS_TWO, 91, "removed: cut out", "NOT delivered",
                                          "was cut out of the header on the way",
                                          "on the path between A and B",
                                          "A box rebuilds the TCP header, as proxies and load "
                                          "balancers do."},
    [VERDICT_OPTION_MODIFIED] = {"option.modified", WEIGHT_INTERFERENCE, NEEDS_TWO, 84, "modified",
                                 "delivered CHANGED", "arrived with other bytes than were sent",
                                 "on the path between A and B",
                                 "Compare the option's bytes in the two frames."},
    [VERDICT_OPTION_ADDED] = {"option.added", WEIGHT_INTERFERENCE, NEEDS_TWO, 82, "added",
                              "NOT from the sender", "was put in on the way: it was never sent",
                              "on the path between A and B", ""},
    [VERDICT_OPTION_REORDERED] = {"option.reordered", WEIGHT_INTERFERENCE, NEEDS_TWO, 80,
                                  "reordered", "delivered in another place",
                                  "arrived in another order among the options",
                                  "on the path between A and B",
                                  "A box rebuilds the TCP header; see whether other options "
                                  "changed, too."},
    [VERDICT_OPTION_MIRRORED] = {"option.mirrored", WEIGHT_INTERFERENCE, NEEDS_ONE, 81,
                                 "mirrored back", "NOT a real answer",
                                 "was sent back unchanged by something that does not speak it",
                                 "at the other side, or at a box in front of it",
                                 "Do not take the answer for support: capture at the peer, to see "
                                 "whether it or a box before it mirrors."},
    [VERDICT_OPTION_UNANSWERED] = {"option.unanswered", WEIGHT_FAULT, NEEDS_ONE, 50, "unanswered",
                                   "not answered", "asks for an answer and got none",
                                   "somewhere behind this capture: one capture cannot say where",
                                   "Capture at the other end as well and give both files: that "
                                   "tells a peer that does not speak it from a path that "
                                   "removes it."},
    [VERDICT_OPTION_MISPLACED] = {"option.misplaced", WEIGHT_FAULT, NEEDS_ONE, 51, "misplaced",
                                  "sent where it may not stand",
                                  "stands on a segment where its description forbids it",
                                  "at the sender",
                                  "Mend the program that writes it, or 'segments' in its "
                                  "description."},
    [VERDICT_OPTION_MALFORMED] = {"option.malformed", WEIGHT_FAULT, NEEDS_ONE, 52, "malformed",
                                  "sent in a wrong form",
                                  "breaks its description in length or range", "at the sender",
                                  "Mend the program that writes it, or its description; 'optrail "
                                  "options show NAME' prints the rules."},

    [VERDICT_SEGMENT_LOST] = {"segment.lost", WEIGHT_NOTE, NEEDS_TWO, 10, "segment lost",
                              "lost with its segment", "was lost with its segment",
                              "on the path between A and B", ""},
    [VERDICT_SEGMENT_DUPLICATED] = {"segment.duplicated", WEIGHT_NOTE, NEEDS_TWO, 30,
                                    "segment duplicated", "delivered",
                                    "arrived more often than it was sent", "", ""},
    [VERDICT_SEGMENT_REORDERED] = {"segment.reordered", WEIGHT_NOTE, NEEDS_TWO, 31,
                                   "segment reordered", "delivered",
                                   "arrived in another order than it was sent", "", ""},
    [VERDICT_SEGMENT_SPLIT] = {"segment.split", WEIGHT_NOTE, NEEDS_TWO, 32, "segment split",
                               "delivered", "arrived as several segments", "", ""},
    [VERDICT_SEGMENT_COALESCED] = {"segment.coalesced", WEIGHT_NOTE, NEEDS_TWO, 33,
                                   "segments merged", "delivered",
                                   "arrived merged into one with others", "", ""},
    [VERDICT_SEGMENT_PAYLOAD_MODIFIED] = {"segment.payload-modified", WEIGHT_INTERFERENCE,
                                          NEEDS_TWO, 96, "payload modified", "its data CHANGED",
                                          "arrived with other data than was sent",
                                          "on the path between A and B",
                                          "Look for a gateway that rewrites this protocol (FTP, "
                                          "SIP, HTTP)."},

    [VERDICT_SYN_BLOCKED] = {"syn.blocked", WEIGHT_INTERFERENCE, NEEDS_TWO, 92, "SYN blocked",
                             "NOT delivered", "keeps its SYN from arriving, while plain SYNs do",
                             "on the path between A and B",
                             "Look for a firewall that drops SYNs with options it does not know."},

    [VERDICT_PATH_NAT] = {"path.nat", WEIGHT_NOTE, NEEDS_TWO, 43, "NAT", "delivered",
                          "crosses an address or port translation", "", ""},
    [VERDICT_PATH_SEQUENCE_REWRITTEN] = {"path.sequence-rewritten", WEIGHT_INTERFERENCE, NEEDS_TWO,
                                         70, "sequence shifted", "connection CHANGED",
                                         "has its sequence numbers shifted by a constant",
                                         "on the path between A and B",
                                         "A firewall randomises initial sequence numbers; options "
                                         "that carry absolute sequence numbers break."},
    [VERDICT_PATH_TIMESTAMPS_REWRITTEN] = {"path.timestamps-rewritten", WEIGHT_INTERFERENCE,
                                           NEEDS_TWO, 71, "timestamps rewritten",
                                           "connection CHANGED", "has its TCP timestamps rewritten",
                                           "on the path between A and B", ""},
    [VERDICT_PATH_PROXY] = {"path.proxy", WEIGHT_INTERFERENCE, NEEDS_TWO, 97, "proxy",
                            "connection CUT in two",
                            "ends at a proxy that opens a connection of its own",
                            "on the path between A and B",
                            "No option can cross a proxy that does not speak it: go round it, or "
                            "teach it."},
    [VERDICT_PATH_RST_INJECTED] = {"path.rst-injected", WEIGHT_INTERFERENCE, NEEDS_TWO, 98,
                                   "RST injected", "connection RESET",
                                   "was reset by something that is no endpoint",
                                   "on the path between A and B",
                                   "Compare TTL and window of the RST with those of the segments "
                                   "around it."},

    [VERDICT_MPTCP_FALLBACK] = {"mptcp.fallback", WEIGHT_INTERFERENCE, NEEDS_ONE, 95,
                                "fell back to TCP", "Multipath TCP given up",
                                "went back to plain TCP", "in the connection",
                                "Look at the frame named: the last one with MPTCP, or the first "
                                "that should have had it."},

    [VERDICT_HOOK_WRITTEN] = {"hook.written", WEIGHT_GOOD, NEEDS_HOOKS_NEAR, 40, "written and sent",
                              "sent", "was written by the hook and is on the wire", "", ""},
    [VERDICT_HOOK_RESERVED_NOT_WRITTEN] = {"hook.reserved-not-written", WEIGHT_FAULT, NEEDS_HOOKS,
                                           62, "not written", "NOT sent",
                                           "had its space reserved, but nothing was stored",
                                           "in the sending host, before it was written",
                                           "See why the program returned from WRITE_HDR_OPT_CB "
                                           "without bpf_store_hdr_opt()."},
    [VERDICT_HOOK_NO_SPACE] = {"hook.no-space", WEIGHT_FAULT, NEEDS_HOOKS, 63, "no space",
                               "NOT sent", "found the 40 octets of option space full",
                               "in the sending host, before it was written",
                               "Make it shorter, send it on another kind of segment, or turn off "
                               "an option that fills the space (timestamps, SACK, MPTCP)."},
    [VERDICT_HOOK_REFUSED] = {"hook.refused", WEIGHT_FAULT, NEEDS_HOOKS, 64, "kernel refused",
                              "NOT sent", "was refused by the kernel",
                              "in the sending host, before it was written",
                              "The errno says why: EINVAL a bad length or kind, EEXIST an option "
                              "of that kind already there, EPERM the wrong moment."},
    [VERDICT_HOOK_NOT_ON_WIRE] = {"hook.not-on-wire", WEIGHT_FAULT, NEEDS_HOOKS_NEAR, 65,
                                  "not on the wire", "NOT sent",
                                  "was written, but never left the host",
                                  "in the sending host, between hook and wire",
                                  "Look at the host's own packet filter and queues (nft list "
                                  "ruleset, tc -s qdisc), and whether the capture stood on the "
                                  "interface that sends."},
    [VERDICT_HOOK_NOT_PARSED] = {"hook.not-parsed", WEIGHT_FAULT, NEEDS_HOOKS_FAR, 61, "not parsed",
                                 "delivered, NOT used", "arrived, but no hook parsed it",
                                 "in the receiving host, between wire and hook",
                                 "See that a program is attached there (optrail status), with "
                                 "PARSE_ALL_HDR_OPT or PARSE_UNKNOWN_HDR_OPT set before the "
                                 "segment came."},
    [VERDICT_HOOK_ACTION_FAILED] = {"hook.action-failed", WEIGHT_FAULT, NEEDS_HOOKS, 60,
                                    "action failed", "delivered, NOT done",
                                    "was parsed, but what it asks for could not be done",
                                    "in the receiving host, when it acted",
                                    "The errno says why; for an algorithm: is its module there "
                                    "(sysctl net.ipv4.tcp_available_congestion_control)?"},
    [VERDICT_HOOK_APPLIED] = {"hook.applied", WEIGHT_GOOD, NEEDS_HOOKS, 41, "applied",
                              "delivered and done", "was parsed, and what it asks for was done", "",
                              ""},

    [VERDICT_INCONCLUSIVE_CAPTURE_LOSS] = {"inconclusive.capture-loss", WEIGHT_DOUBT, NEEDS_NOTHING,
                                           24, "unknown: packets lost", "not known",
                                           "may have been missed: the capture lost packets then",
                                           "",
                                           "Capture again with a smaller snaplen, a filter or a "
                                           "larger buffer."},
    [VERDICT_INCONCLUSIVE_EVENTS_LOST] = {"inconclusive.events-lost", WEIGHT_DOUBT, NEEDS_NOTHING,
                                          23, "unknown: events lost", "not known",
                                          "may have been missed: hook events were lost then", "",
                                          "Record again with less load, or fewer connections in "
                                          "the cgroup."},
    [VERDICT_INCONCLUSIVE_SNAPLEN] = {"inconclusive.snaplen", WEIGHT_DOUBT, NEEDS_NOTHING, 22,
                                      "unknown: header cut", "not known",
                                      "cannot be seen: the capture cut the header off", "",
                                      "Capture again with a snaplen of at least 128 octets."},
    [VERDICT_INCONCLUSIVE_NOT_COVERED] = {"inconclusive.not-covered", WEIGHT_DOUBT, NEEDS_NOTHING,
                                          20, "unknown: not covered", "not known",
                                          "was sent when or where the other capture did not look",
                                          "",
                                          "Start both captures before the connection and stop "
                                          "them after it."},
    [VERDICT_INCONCLUSIVE_AMBIGUOUS] = {"inconclusive.ambiguous", WEIGHT_DOUBT, NEEDS_NOTHING, 21,
                                        "unknown: ambiguous", "not known",
                                        "fits more than one explanation", "",
                                        "Capture nearer to the endpoints, or with hook records."},
};

static const struct verdict_row *row(enum verdict verdict)
{
    return &rows[(unsigned)verdict < VERDICTS ? verdict : VERDICT_NONE];
}

const char *verdict_name(enum verdict verdict)
{
    return row(verdict)->name;
}

const char *confidence_name(enum confidence confidence)
{
    static const char *const names[] = {
        [CONFIDENCE_INCONCLUSIVE] = "inconclusive",
        [CONFIDENCE_LIKELY] = "likely",
        [CONFIDENCE_CERTAIN] = "certain",
    };
    return names[(unsigned)confidence <= CONFIDENCE_CERTAIN ? confidence : CONFIDENCE_INCONCLUSIVE];
}

enum verdict verdict_from_name(const char *name)
{
    for (int verdict = VERDICT_NONE + 1; verdict < VERDICTS; verdict++) {
        if (strcmp(rows[verdict].name, name) == 0)
            return (enum verdict)verdict;
    }
    return VERDICT_NONE;
}

bool verdict_selects(const char *selector, enum verdict verdict)
{
    if (verdict == VERDICT_NONE)
        return false;
    size_t length = strlen(selector);
    const char *name = row(verdict)->name;
    return length > 0 && strncmp(name, selector, length) == 0 &&
           (name[length] == '\0' || name[length] == '.');
}

bool verdict_selects_any(const char *selector)
{
    for (int verdict = VERDICT_NONE + 1; verdict < VERDICTS; verdict++) {
        if (verdict_selects(selector, (enum verdict)verdict))
            return true;
    }
    return false;
}

bool verdict_is_interference(enum verdict verdict)
{
    return row(verdict)->weight == WEIGHT_INTERFERENCE;
}

bool verdict_is_inconclusive(enum verdict verdict)
{
    return row(verdict)->weight == WEIGHT_DOUBT;
}

enum verdict_weight verdict_weight(enum verdict verdict)
{
    return row(verdict)->weight;
}

enum verdict_needs verdict_needs(enum verdict verdict)
{
    return row(verdict)->needs;
}

int verdict_rank(enum verdict verdict)
{
    return row(verdict)->rank;
}

const char *verdict_short(enum verdict verdict)
{
    return row(verdict)->brief;
}

const char *verdict_outcome(enum verdict verdict)
{
    return row(verdict)->outcome;
}

const char *verdict_phrase(enum verdict verdict)
{
    return row(verdict)->phrase;
}

const char *verdict_where(enum verdict verdict)
{
    return row(verdict)->where;
}

const char *verdict_advice(enum verdict verdict)
{
    return row(verdict)->advice;
}
