/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands.h - the subcommands of this folder, for the table in cli/. */
#ifndef OPTRAIL_BPF_LOAD_COMMANDS_H
#define OPTRAIL_BPF_LOAD_COMMANDS_H

#include "wire/command.h"

extern const struct command command_programs; /* programs_command.c */
extern const struct command command_load;     /* load_command.c */
extern const struct command command_unload;   /* unload_command.c */
extern const struct command command_status;   /* status_command.c */

#endif
