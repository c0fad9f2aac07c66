/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - the subcommands of this folder, for the table in cli/. */
#ifndef OPTRAIL_TRACE_COMMANDS_H
#define OPTRAIL_TRACE_COMMANDS_H

#include "wire/command.h"

extern const struct command command_record; /* record_command.c */
extern const struct command command_extcap; /* extcap.c */

#endif
