/*
 * Options of the pipeline: one row each. The command line, the checks, the training record and what is refused beside
 * a pipeline that is fitted already all follow from the table. To add one: a member of struct ml_prep_config
 * (mlctl/cleaning.h), a row in options.c.
 */
#ifndef PREP_OPTIONS_H
#define PREP_OPTIONS_H

#include <base/json.h>
#include <mlctl/cleaning.h>
#include <table/table.h>

enum mli_option_kind {
    MLI_OPTION_LIST,   /* const char *const *: "HOW" and "COLUMN=HOW" */
    MLI_OPTION_YES,    /* the same with yes and no for HOW; on the command line alone or with names of columns */
    MLI_OPTION_NUMBER, /* double */
    MLI_OPTION_COUNT,  /* size_t */
    MLI_OPTION_SWITCH, /* bool */
};

/* Columns as the options tell them apart, bits. */
enum { MLI_FOR_NUMBERS = 1, MLI_FOR_INSTANTS = 2, MLI_FOR_CATEGORIES = 4 };
unsigned mli_prep_column_kind(const struct mli_column *column);

struct mli_prep_option {
    const char *name;     /* "max-missing"; max_missing in JSON */
    const char *argument; /* what its value is called in the help, NULL for a switch */
    const char *help;     /* the default of a list is said here */
    enum mli_option_kind kind;
    size_t offset;     /* in struct ml_prep_config */
    double low, high;  /* NUMBER, COUNT: what it may be */
    const char *range; /* the same in words */
    unsigned columns;  /* LIST: kinds of column that an entry may name; 0: entries name none */
    /* LIST: is HOW understood, and does it go with such a column (0: with all of `columns`)? */
    enum ml_status (*check)(const char *how, unsigned column, struct ml_error *err);
};

/* In the order of the help. */
const struct mli_prep_option *mli_prep_options(size_t *n);

/* ML_EUSAGE for a number out of range and for a HOW that is not understood. */
ML_NODISCARD enum ml_status mli_prep_check(const struct ml_prep_config *config,
                                           struct ml_error *err);
/*
 * ML_EUSAGE for an entry that names a column which is not in the table (the nearest name is said), is not one of
 * columns[0..n) or has a type that does not go with HOW.
 */
ML_NODISCARD enum ml_status mli_prep_check_columns(const struct ml_prep_config *config,
                                                   const struct ml_table *table,
                                                   const size_t *columns, size_t n,
                                                   struct ml_error *err);

/* The list of a LIST or YES, NULL if it was not given. */
const char *const *mli_prep_list(const struct ml_prep_config *config, const struct mli_prep_option *option);
#define MLI_PREP_SAID 120
/* out (MLI_PREP_SAID): the option with an entry of its list as a user would have written them, cut to fit; returns it. */
const char *mli_prep_said(const struct mli_prep_option *option, const char *entry, char *out);

/* Name of the first option that is not at its default; NULL: all are. */
const char *mli_prep_given(const struct ml_prep_config *config);
/* Every option as a member of doc; false: no memory. */
bool mli_prep_to_json(const struct ml_prep_config *config, json_t *doc);

#endif
