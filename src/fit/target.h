/*
 * Target: the column to predict as numbers. Infers the task, finds the classes, leaves out rows without a target.
 *
 * Classification when the column is no number, or has two distinct values, or holds the whole numbers 0..k-1 (all of
 * them, k <= 10: class codes). Every other number is a regression. `task` overrides.
 */
#ifndef FIT_TARGET_H
#define FIT_TARGET_H

#include <model/model.h>
#include <stdint.h>
#include <table/table.h>

struct mli_target_column {
    size_t column;  /* in the table */
    size_t classes; /* 0: a number */
    char **label;   /* classes strings, owned: sorted, numbers in numeric order */
    size_t *count;  /* classes entries: rows of each, owned */
};

struct mli_target {
    enum mli_task task;
    size_t columns;
    struct mli_target_column *of; /* columns entries, owned */
    size_t n;     /* rows that have a target */
    double *y;    /* (n, columns) values or class indices, owned */
    uint8_t *has; /* one a table row: it has a target; owned */
    bool known;   /* the classes are those of a model, which may have few rows here, or none */
    struct mli_spool *spool; /* the table's, where y is then; NULL: memory */
};

/*
 * names: fit/target_names.h, NULL: the last column. Several columns are labels, each of two values. task: "auto", "regression", "classification", or "quantity": a regression of any number.
 * ML_EUSAGE: no such column (nearest name), or a task that the column cannot have; ML_EDATA: constant target, a class with one row, fewer than two rows.
 */
ML_NODISCARD enum ml_status mli_target_find(const struct ml_table *table, const char *names, const char *task,
                                            const struct ml_log *log, struct mli_target *out, struct ml_error *err);
/*
 * The target of a model in other rows. ML_EDATA: it is not there or no number, a class that the model does not know, fewer
 * than two rows.
 */
ML_NODISCARD enum ml_status mli_target_known(const struct ml_table *table, const struct ml_model *model,
                                             const struct ml_log *log, struct mli_target *out, struct ml_error *err);
/* Whether a column would be a class by itself: task "auto" takes it for one, and it has 2 to 1000 values. */
bool mli_target_is_class(const struct ml_table *table, size_t column);
/*
 * Leaves out the rows that `out` marks (one a table row), as if they had no target. ML_EDATA when a class, or a
 * regression, is left with less than two rows.
 */
ML_NODISCARD enum ml_status mli_target_leave_out(struct mli_target *target, const struct ml_table *table,
                                                 const uint8_t *out, struct ml_error *err);
void mli_target_release(struct mli_target *target);

/* What mli_loss.outputs() wants to know: classes, 0 for a number, or how many labels. */
size_t mli_target_classes(const struct mli_target *target);
/* Its columns as --target names them; heap. NULL: no memory. */
char *mli_target_said(const struct mli_target *target, const struct ml_table *table);
/* What trains of a row's targets y (columns): y of the loss (net/losses.h). */
double mli_target_code(size_t columns, const double *y);
/*
 * What a random split keeps the shares of, for each row of y (n, columns): its class; of several labels the one that has
 * its rarer value in the row, and of such ones that with the fewest such rows, so that the rare ones come on both sides.
 */
void mli_target_strata(size_t n, size_t columns, const double *y, int32_t *out);

/* Class index of a raw text: the label itself, or the label of the number it spells. -1: none. */
int32_t mli_label_find(size_t classes, char *const *label, const char *text, size_t len);

#endif
