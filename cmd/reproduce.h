/* `train --reproduce MODEL`: the recorded flags and data again, and whether the same bytes come of them. */
#ifndef CMD_REPRODUCE_H
#define CMD_REPRODUCE_H

#include <cmd/cmd.h>
#include <model/model.h>
#include <table/table.h>

/*
 * The command line that a model says it was trained by, argv[0] first, with the files of ctx in place of the recorded ones if
 * there are any, and `start` (NULL: none) in that of the model it went on from; count in *argc. Strings are those of the model and of ctx; free the array. NULL, with an error said and *code
 * set, when the model does not tell.
 */
const char **reproduce_command(const struct cmd_context *ctx, const struct ml_model *original, const char *path,
                               const char *start, int *argc, int *code);
/* CMD_CONTINUE when the rows are those that the model was trained on; else it is said, and CMD_NO. */
int reproduce_check_data(const struct cmd_context *ctx, const struct ml_model *original, const struct ml_table *table);
/* The same for the model that it went on from; NULL: none. */
int reproduce_check_start(const struct cmd_context *ctx, const struct ml_model *original, const struct ml_model *start);
/*
 * Says whether `again`, with the original's names of files, has the bytes of the original, else why it may not: CMD_DONE
 * or CMD_NO.
 */
int reproduce_compare(const struct cmd_context *ctx, const struct ml_model *original, struct ml_model *again);

#endif
