/*
 * Outputs: the numbers of a prediction as protocols of tensors and columns name them.
 *
 *   a number   predict (FP64, rows x 1)
 *   a class    predict (BYTES: the label, rows x 1) and probabilities, or scores (FP64, rows x classes)
 *
 * With several targets each has its own: predict:NAME, probabilities:NAME.
 */
#ifndef SERVE_OUTPUTS_H
#define SERVE_OUTPUTS_H

#include <base/buf.h>
#include <serve/registry.h>

struct mli_output {
    char *name;
    const char *datatype; /* of the Open Inference Protocol */
    const struct mli_model_target *target;
    size_t first, width; /* place in a prediction, and how many values they make */
    bool label;          /* the class, not its numbers */
    char **label_json;   /* of the target's classes, when it is a label */
};

/* Lists the outputs of a model that is being put in; false: no memory. */
bool mli_outputs_make(struct mli_served *served);
void mli_outputs_free(struct mli_served *served);
/* NULL: no output has that name. */
const struct mli_output *mli_output_find(const struct mli_served *served, const char *name);

/* Its values in a row's prediction p: `width` of them with commas between, in JSON. */
void mli_output_json(struct mli_buf *out, const struct mli_output *output, const double *p);
/* The same of n rows of predictions, P (n,width), in bytes, little-endian, as the Open Inference Protocol has tensors. */
void mli_output_bytes(struct mli_buf *out, const struct mli_output *output, const double *P, size_t n, size_t width);

#endif
