/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - the subcommands of optrail, each from the folder that does its work. */
#ifndef OPTRAIL_CLI_COMMANDS_H
#define OPTRAIL_CLI_COMMANDS_H

#include "bpf/load/commands.h"
#include "lab/commands.h"
#include "trace/commands.h"
#include "wire/command.h"

extern const struct command command_options; /* wire/options_command.c */
extern const struct command command_analyze; /* analyze/analyze_command.c */

#endif
