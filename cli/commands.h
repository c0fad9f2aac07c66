/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - the subcommands of optrail, each from the folder that does its work. */
#ifndef OPTRAIL_CLI_COMMANDS_H
#define OPTRAIL_CLI_COMMANDS_H

#include "wire/command.h"

extern const struct command command_options;  /* wire/options_command.c */
extern const struct command command_programs; /* bpf/load/programs_command.c */
extern const struct command command_load;     /* bpf/load/load_command.c */
extern const struct command command_unload;   /* bpf/load/unload_command.c */
extern const struct command command_status;   /* bpf/load/status_command.c */
extern const struct command command_record;   /* trace/record_command.c */
extern const struct command command_extcap;   /* trace/extcap.c */
extern const struct command command_analyze;  /* analyze/analyze_command.c */
extern const struct command command_lab;      /* lab/lab_command.c */

#endif
