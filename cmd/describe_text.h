/* A description for people, on standard output: the file, its warnings, its columns. */
#ifndef CMD_DESCRIBE_TEXT_H
#define CMD_DESCRIBE_TEXT_H

#include <describe/describe.h>

/*
 * order: the columns in the order to print them in; at most `most` are printed one by one. files: the arguments that
 * named the data; with none no command to go on with is printed.
 */
void describe_text(const struct mli_description *description, const size_t *order, size_t most,
                   const char *const *files, size_t nfiles);

#endif
