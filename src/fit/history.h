/*
 * History: what an artifact keeps of the epochs of a run. At most MLI_HISTORY_MOST of them: of a longer run every second,
 * fourth, eighth ... epoch from the first one on, and always the newest.
 */
#ifndef FIT_HISTORY_H
#define FIT_HISTORY_H

#include <base/json.h>
#include <base/tensors.h>
#include <train/trainer.h>

enum { MLI_HISTORY_MOST = 1000 };

struct mli_history {
    struct mli_history_entry {
        size_t epoch;
        double loss, validation, rate, gradient;
    } *entry; /* owned */
    size_t count, capacity;
    size_t stride; /* between the epochs kept */
};

void mli_history_init(struct mli_history *history);
void mli_history_release(struct mli_history *history);
/* The epoch that a trainer has just done. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_history_add(struct mli_history *history, const struct mli_train_state *state,
                                            struct ml_error *err);
/*
 * {"epoch":[1,2,..],"loss":[..],"validation":[..],"rate":[..],"gradient":[..]}, validation only of runs that have it;
 * losses are multiplied by unit. NULL: no memory.
 */
json_t *mli_history_json(const struct mli_history *history, double unit);

/* As tensors "history.stride" and "history.entries", and back into one that _init has made. ML_EARTIFACT, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_history_save(const struct mli_history *history, struct mli_tensors *set,
                                             struct ml_error *err);
ML_NODISCARD enum ml_status mli_history_load(struct mli_history *history, struct mli_tensors *set, struct ml_error *err);

#endif
