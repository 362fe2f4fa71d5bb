/*
 * Schema: what a model expects of its raw rows. Names, types and categories of the columns, in order, each with what
 * training saw of it. The codes of a CATEGORY column index into the field's own dictionary, here and in every table
 * read against the schema, so the pipeline never meets a foreign code.
 */
#ifndef TABLE_SCHEMA_H
#define TABLE_SCHEMA_H

#include <base/json.h>
#include <table/bins.h>
#include <table/table.h>

#define MLI_SCHEMA_FIELDS ((size_t)65536)       /* at most */
#define MLI_SCHEMA_CATEGORIES ((size_t)1000000) /* at most, in all fields together */

struct mli_field {
    char *name;
    enum ml_type type;
    enum mli_format format; /* INSTANT: how the cells of a file are written; ISO 8601 is understood beside it */
    bool integer;          /* NUMBER: only whole numbers were seen */
    struct mli_dict *dict; /* coded types but a TEXT whose values are not listed: the values seen (BOOLEAN: its two words, seen or not), owned; else NULL */
    double low, high;      /* NUMBER, INSTANT: smallest and largest value seen, NaN if none */
    size_t missing;        /* missing cells seen */
    struct mli_bins *bins; /* how the values seen are spread, owned; NULL: not known, as of a TEXT without a dictionary */
};

struct mli_schema {
    size_t count;
    struct mli_field *field;
};

/*
 * Schema of columns[0..n) of a table (deep copy), of what rows with use[row] != 0 hold (NULL: all rows): statistics
 * and dictionaries. A dictionary keeps the table's order but not the values that no row in use has: those are unknown
 * to training. So CODES MAY DIFFER from the table's and are translated by text, as mli_pipeline_view() does; they are
 * equal when every value of the table's dictionary is in use, as in a table just read with use NULL. ML_ENOMEM;
 * ML_ELIMIT for more than 1000000 categories in all, which _from_json would not read back.
 */
ML_NODISCARD enum ml_status mli_schema_from_table(const struct ml_table *table, const size_t *columns, size_t n,
                                                  const uint8_t *use, struct mli_schema **out, struct ml_error *err);
/* What rows in use hold of a column of numbers: how many there are, between what they lie, and how they are spread. */
struct mli_range {
    size_t present;
    double low, high;
    const struct mli_bins *bins; /* is copied; NULL: not known */
};
/*
 * The same; the columns with text[i] != 0 (NULL: none) become TEXT fields whose values are not listed. range: of columns[i]
 * if it is of numbers, NULL: is to be found. With ranges categories get bins, too.
 */
ML_NODISCARD enum ml_status mli_schema_from_columns(const struct ml_table *table, const size_t *columns, size_t n,
                                                    const uint8_t *text, const struct mli_range *range, const uint8_t *use,
                                                    struct mli_schema **out, struct ml_error *err);
void mli_schema_free(struct mli_schema *schema); /* NULL is fine */
/* Index of a field, schema->count when there is none. */
size_t mli_schema_find(const struct mli_schema *schema, const char *name);

/*
 * [{"name":"age","type":"number","integer":true,"missing":177,"min":0.42,"max":80},
 * {"name":"sex","type":"category","missing":0,"categories":["female","male"]},
 * {"name":"body","type":"text","missing":3}], and "histogram" (table/bins.h) in each that has bins
 */
json_t *mli_schema_to_json(const struct mli_schema *schema); /* NULL: no memory */
/*
 * The reverse; ML_EARTIFACT names the field at fault (duplicate or empty names, duplicate categories, unknown type,
 * more than 65536 fields or 1000000 categories in all...).
 */
ML_NODISCARD enum ml_status mli_schema_from_json(const json_t *doc, struct mli_schema **out, struct ml_error *err);

#endif
