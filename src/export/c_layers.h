/*
 * The network of a model as C: tables of its tensors, a function for each kind of layer in use, and the calls. The
 * features come in z0; each dense layer has an array of its own, all other layers work where their input is.
 */
#ifndef EXPORT_C_LAYERS_H
#define EXPORT_C_LAYERS_H

#include <model/model.h>

/* ML_EUSAGE: a layer that cannot be written as C. */
ML_NODISCARD enum ml_status mli_c_layers_tables(const struct ml_model *model, const char *name, struct mli_buf *out,
                                                struct ml_error *err);
/* ", z1[3], z2[1]": the arrays behind z0. */
void mli_c_layers_arrays(const struct mli_network *net, struct mli_buf *out);
/* Statements that fill them; the outputs are in z<_last>. */
void mli_c_layers_statements(const struct mli_network *net, const char *name, struct mli_buf *out);
size_t mli_c_layers_last(const struct mli_network *net);

#endif
