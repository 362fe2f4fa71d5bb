/* The inside of a trainer, for what steps it (train/trainer.c) and what takes its state out and puts it back (train/state.c). */
#ifndef TRAIN_TRAINER_PARTS_H
#define TRAIN_TRAINER_PARTS_H

#include <train/optimiser.h>

struct mli_trainer {
    struct mli_train_config config;
    const struct mli_optimiser *optimiser;
    struct mli_descent descent;
    size_t doubles;                   /* of descent.vectors */
    struct mli_train_data validation; /* n = 0: none */
    double validation_weight;
    mli_real *best; /* (p) what _theta gives */
    double least; /* lowest validation loss so far */
    double mark;  /* the one that patience counts from */
    size_t since; /* epoch of it */
    bool failed;
    struct mli_train_state state;
};

#endif
