/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - the subcommands of this folder, for the table in cli/. */
#ifndef OPTRAIL_LAB_COMMANDS_H
#define OPTRAIL_LAB_COMMANDS_H

#include "wire/command.h"

extern const struct command command_lab; /* lab_command.c */

#endif
