/* Help text, man page, README table and shell completion of a command, all printed from its option rows. */
#ifndef CMD_DOCS_H
#define CMD_DOCS_H

#include <cmd/cmd.h>

void docs_command(const struct cmd *cmd, const struct poptOption *rows, enum cmd_docs form);
/* The exit codes, shared by --help and the man pages. */
extern const char docs_exit_codes[];

#endif
