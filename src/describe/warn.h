/*
 * Warnings: what is wrong with a table, or worth a look before one trains on it. A kind is one row of a table in warn.c:
 * its name, why it matters, what to do about it, and the test that finds it. The row's place is its importance.
 */
#ifndef DESCRIBE_WARN_H
#define DESCRIBE_WARN_H

#include <base/buf.h>
#include <mlctl/status.h>
#include <stdbool.h>

struct mli_description;

enum mli_level {
    MLI_LEVEL_PROBLEM, /* training refuses it, or learns something wrong */
    MLI_LEVEL_CHECK,   /* may be right; look before training */
    MLI_LEVEL_NOTE,    /* good to know; training copes with it */
};
const char *mli_level_name(enum mli_level level); /* "problem", "check", "note" */

/* What a test found: the text without the column's name, and a value that the advice needs. */
struct mli_finding {
    char text[640], value[96];
};

/* A flag of mlctl train that mends all warnings of a kind: alone, or with a list of their columns or values. */
struct mli_warning_flag {
    const char *name;
    bool list, of_value;
    const char *value; /* of a list "COLUMN=VALUE", NULL: of columns alone */
};

struct mli_warning_kind {
    const char *name; /* stable, for --json */
    enum mli_level level;
    const char *why;
    const char *advice; /* NAME is the column, VALUE the finding's value, commands stand in `...`; "": nothing to do */
    const struct mli_warning_flag *flag; /* NULL: there is none that is right without a second thought */
    /* One of the two: a test of each column by itself, or one of the whole that gives any number of findings. */
    bool (*column)(const struct mli_description *d, size_t column, struct mli_finding *out);
    /* *state is 0 at first, for the test to keep its place; *column: the one that is meant, table->columns: the file. */
    bool (*next)(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);
};

struct mli_warning {
    const struct mli_warning_kind *kind;
    size_t column; /* table->columns: the file as a whole */
    char *text, *value;
};

struct mli_warnings {
    struct mli_warning *item; /* by kind, then by column */
    size_t n;
};

/* Runs every test on a description that is complete but for its warnings. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_warnings_find(const struct mli_description *d, struct mli_warnings *out,
                                              struct ml_error *err);
void mli_warnings_release(struct mli_warnings *warnings);

/* How words and commands of an advice are written: with what around a command, and how text is escaped. */
struct mli_markup {
    const char *command, *end;
    void (*text)(struct mli_buf *out, const char *text);
};
extern const struct mli_markup mli_markup_plain;

/*
 * Appends the advice with the column's name and the value put in, each quoted for a shell if it has to be. With `general`
 * NAME and VALUE stay: for several warnings of a kind at once.
 */
void mli_warning_advice(const struct mli_description *d, const struct mli_warning *warning, bool general,
                        const struct mli_markup *markup, struct mli_buf *out);

/* Every kind there is, for documents and tests; *n of them. */
const struct mli_warning_kind *mli_warning_kinds(size_t *n);

#endif
