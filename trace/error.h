/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.h - errors of the recorder: one line for a person, and who can mend it.
 */
#ifndef OPTRAIL_TRACE_ERROR_H
#define OPTRAIL_TRACE_ERROR_H

#include <glib.h>

enum trace_error {
    TRACE_ERROR_USAGE, /* the words of the command: a filter that means nothing, say */
    TRACE_ERROR_INPUT, /* an interface, a cgroup, a file, a privilege is not there */
    TRACE_ERROR_RUN,   /* something failed while recording */
};

#define TRACE_ERROR (trace_error_quark())
GQuark trace_error_quark(void);

#endif
