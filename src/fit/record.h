/*
 * Record: what a model file says of its training (the "record" object). Holds no time stamp and no thread count: the
 * same data, flags and seed give the same bytes.
 */
#ifndef FIT_RECORD_H
#define FIT_RECORD_H

#include <fit/history.h>
#include <fit/prepfile.h>
#include <fit/settings.h>
#include <fit/target.h>
#include <fit/units.h>

struct mli_record_parts {
    const struct ml_table *table;
    const struct ml_fit_config *config;
    const struct mli_settings *settings;
    const struct mli_target *target;
    const char *layers; /* of the network */
    size_t duplicates; /* rows with a target left out */
    const struct mli_prepfile *prep; /* NULL: trained on raw rows */
    const struct mli_train_state *state;
    const struct mli_history *history;
    size_t train, validation, test; /* rows */
    const struct mli_units *units;  /* of the target */
    double began;                   /* loss of the start of config->warm, in training's unit */
    double unit;                    /* losses are multiplied by this to be in the target's unit */
    bool single;
};

/*
 * {"delimiter":",","missing":"n/a","type":["zip=category"],"drop":["id"]}: what reading the file again needs, options
 * that are not the default. NULL: no memory. Back: model/reading.h.
 */
json_t *mli_record_read(const struct ml_table *table, const struct ml_read_options *options);
/* [{"path":..,"rows":..}, ...] of a table read from several files; NULL of one, or without memory. */
json_t *mli_record_files(const struct ml_table *table);
/*
 * All that the parameters depend on and that is known before training, for a checkpoint: the part of the record above
 * its results, without the paths. state holds the rate asked for. NULL: no memory.
 */
json_t *mli_record_identity(const struct mli_record_parts *parts);
/* The whole record, without metrics. NULL: no memory. */
json_t *mli_record_new(const struct mli_record_parts *parts);

#endif
