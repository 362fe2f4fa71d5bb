/* Rows of training data wherever they are: in memory, or read when they are wanted. */
#ifndef TRAIN_SUPPLY_H
#define TRAIN_SUPPLY_H

#include <train/trainer.h>

/* Rows [first, first + n), (n,d): those of X, or read into `room`. Not for chosen rows. */
static inline const mli_real *mli_supply_rows(const struct mli_train_data *data, size_t first, size_t n,
                                              mli_real *room)
{
    if (!data->supply)
        return data->X + first * data->d;
    data->supply->read(data->supply->data, first, n, room);
    return room;
}

#endif
