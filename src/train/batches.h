/* Epochs over batches: what the optimisers with a step a batch share. */
#ifndef TRAIN_BATCHES_H
#define TRAIN_BATCHES_H

#include <train/optimiser.h>

ML_NODISCARD enum ml_status mli_batches_init(struct mli_batches *batches,
                                             const struct mli_train_data *data,
                                             const struct mli_train_config *config,
                                             struct ml_error *err);
void mli_batches_release(struct mli_batches *batches);
/* Bytes that _init allocates, with weights. */
size_t mli_batches_memory(size_t n, size_t d, const struct mli_train_config *config);
/* And those for rows from a supply. */
size_t mli_batches_supply_memory(size_t n, size_t d, const struct mli_train_config *config);

/*
 * One pass over the rows in a new order, a step a batch; what is left of one that config->pause has ended between two
 * steps, when batches->next tells so. Ends the descent when the objective has not moved by the tolerance for a few epochs;
 * noise moves it by more.
 */
enum mli_fault mli_batches_epoch(struct mli_descent *descent,
                                 mli_step *step);
/* Puts the rows in the order of the epoch that is under way or begins (train/shuffle.h). */
void mli_batches_order(struct mli_descent *descent);
/* Ends an epoch where it stands: its value is that of the rows seen. */
enum mli_fault mli_batches_close(struct mli_descent *descent);
/*
 * A step of descent->rate on the next batch, outside of any epoch and over and over the rows; *loss is the batch's mean
 * before it.
 */
enum mli_fault mli_batches_probe(struct mli_descent *descent, mli_step *step, double *loss);
/* Steps of an epoch. */
size_t mli_batches_count(size_t n, size_t batch);

#endif
