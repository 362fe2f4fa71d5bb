/*
 * The options of a command line in one form, to be kept in an artifact and given again: "--name=value" or "--name", long
 * names, sorted by name, those of one name in their order. What is not an option is left out.
 */
#ifndef CMD_GIVEN_H
#define CMD_GIVEN_H

#include <cmd/cmd.h>

/*
 * argv[0] is the command; options are the tables that cmd_parse() has parsed it by, without a complaint. but: names to
 * leave out, ended by NULL. Free with cmd_list_free(). NULL: no memory.
 */
char **cmd_given(const struct poptOption *options, int argc, const char **argv, const char *const *but);

#endif
