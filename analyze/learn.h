/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * learn.h - how sequence numbers are rewritten, of connections whose handshake one capture lacks.
 *
 * What waits at both vantage points votes: equal payload under other numbers tells the difference of
 * its own direction, and its acknowledgement that of the other one.
 */
#ifndef OPTRAIL_ANALYZE_LEARN_H
#define OPTRAIL_ANALYZE_LEARN_H

#include <stdbool.h>

#include "analyze/model.h"

/*
 * Learns the differences that are only presumed so far. True when one changed: what waits is to be
 * sorted in anew.
 */
bool learn_translation(struct connection *connection);

#endif
