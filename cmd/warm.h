/* `train --warm-start MODEL`: the earlier model, and the rows read as it wants them. */
#ifndef CMD_WARM_H
#define CMD_WARM_H

#include <base/arena.h>
#include <cmd/training.h>

struct warm {
    char *path; /* of --warm-start, NULL: not given */
    struct ml_model *model;
    struct mli_arena arena; /* of what is read as the model wants it */
};

/*
 * Loads the model, which reading and fit then follow; given are the flags in the form of cmd/given.h.
 * CMD_CONTINUE or the exit code.
 */
int warm_take(const struct cmd_context *ctx, struct warm *warm, char *const *given, struct training *training);
/* The types of raw rows are the model's; to be called when it is known that they are raw. CMD_CONTINUE or the exit code. */
int warm_pin(const struct cmd_context *ctx, struct warm *warm, struct ml_read_options *options);
void warm_release(struct warm *warm);

#endif
