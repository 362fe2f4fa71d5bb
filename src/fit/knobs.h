/*
 * Knobs: the settings of a fit that a search may turn, by the names of their flags: those of training, one row each, and
 * those of cleaning (prep/options.h). A new member of struct ml_fit_config that training looks at is one row here.
 */
#ifndef FIT_KNOBS_H
#define FIT_KNOBS_H

#include <base/arena.h>
#include <base/json.h>
#include <mlctl/fit.h>

enum mli_knob_kind {
    MLI_KNOB_NUMBER, /* double */
    MLI_KNOB_COUNT,  /* size_t */
    MLI_KNOB_TEXT,   /* const char * */
    MLI_KNOB_LIST,   /* const char *const *: one entry, or several with commas between them, after those that are there */
    MLI_KNOB_SWITCH, /* bool: yes or no */
};

struct mli_knob {
    const char *name;
    enum mli_knob_kind kind;
    size_t offset; /* in struct ml_fit_config */
    const char *only; /* the one kind that looks at it, NULL: all */
    bool cleaning; /* turning it changes the features */
};

/* False: no setting of that name; *nearest is the name to suggest, NULL: none. */
bool mli_knob_find(const char *name, struct mli_knob *out, const char **nearest);
/*
 * Sets the member; what must last is allocated from arena. ML_EUSAGE when the text is no value of that kind; whether it
 * is in range is for mli_settings_check() to say.
 */
ML_NODISCARD enum ml_status mli_knob_put(const struct mli_knob *knob, const char *text, struct mli_arena *arena,
                                         struct ml_fit_config *config, struct ml_error *err);
/* Sets every member of {"l2":0.1,"hidden":"128,64"}. ML_EUSAGE, ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_knobs_put(const json_t *settings, struct mli_arena *arena, struct ml_fit_config *config,
                                          struct ml_error *err);
/* A value as such a document has it: a number where the knob is one. NULL: no memory. */
json_t *mli_knob_value(const struct mli_knob *knob, const char *text);
/* Every knob as it stands in config. NULL: no memory. */
json_t *mli_knobs_json(const struct ml_fit_config *config);

#endif
