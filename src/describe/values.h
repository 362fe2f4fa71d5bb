/*
 * The distinct values of a column: how many, the most frequent ones, the rare ones. For text also what looks like one
 * value written in two ways, and numbers or dates with something else among them.
 */
#ifndef DESCRIBE_VALUES_H
#define DESCRIBE_VALUES_H

#include <describe/order.h>
#include <table/table.h>

#define MLI_TOP ((size_t)10)
#define MLI_RARE ((size_t)10) /* a value in fewer rows is rare */
#define MLI_EXAMPLES ((size_t)3)

struct mli_value {
    int32_t code;  /* of a column with a dictionary */
    double number; /* of one without */
    size_t count;
    size_t row;    /* of the first, where it is known (examples) */
};

/* Texts that are equal but for case and spaces. */
struct mli_variants {
    size_t groups; /* of two or more such texts */
    int32_t from[MLI_EXAMPLES], to[MLI_EXAMPLES]; /* two of a group, the second in more rows or as many */
};

/* A column of texts that are nearly all numbers, or nearly all dates. */
struct mli_mixed {
    enum ml_type type;  /* what most of them are: ML_TYPE_NUMBER or ML_TYPE_INSTANT */
    size_t fitting;     /* rows that are; 0: this is no such column */
    size_t values;      /* distinct values that are not */
    size_t rows;        /* rows that hold them */
    struct mli_value example[MLI_EXAMPLES]; /* those in most rows */
};

struct mli_values {
    size_t distinct;
    size_t tops;
    struct mli_value top[MLI_TOP]; /* most frequent first; of equals the lesser */
    size_t once;                   /* values of one row */
    size_t rare, rare_rows;        /* values of fewer than MLI_RARE rows, and their rows */
    struct mli_value rarest;       /* the least frequent value, the first of several */
    struct mli_variants variants;
    struct mli_mixed mixed;
};

void mli_values_of_numbers(struct mli_values *values, const struct mli_order *order);

/* column: one with codes. ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_values_of_codes(struct mli_values *values, const struct mli_column *column,
                                                size_t rows, struct ml_error *err);

/* Text of a value of that column, as ml_table_text() writes it: cut to `size`. */
void mli_value_text(const struct mli_column *column, const struct mli_value *value, char *out, size_t size);

#endif
