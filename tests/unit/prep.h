/* What the unit tests of src/prep share: groups, one a file, tables made of text, pipelines fitted on them. */
#ifndef TESTS_UNIT_PREP_H
#define TESTS_UNIT_PREP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <prep/step.h>

int prep_apply_tests(void);
int prep_columns_tests(void);
int prep_drop_tests(void);
int prep_explain_tests(void);
int prep_memory_tests(void);
int prep_numeric_tests(void);
int prep_options_tests(void);
int prep_parity_tests(void);
int prep_saved_tests(void);
int prep_stage_tests(void);
int prep_stats_tests(void);
int prep_steps_tests(void);
int prep_text_tests(void);

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* A log that gathers its lines, each ended by '\n'. */
struct notes {
    char text[4096];
};
struct ml_log log_to(struct notes *notes);

struct ml_table *table_of(const char *text);
struct ml_table *table_typed(const char *text, const char *const *type);
/* `rows` lines of a column: printf's format with the row number from 0 on; NULL ends nothing early. */
struct ml_table *table_counted(const char *header, size_t rows, const char *format);

/* On all columns. config, train, log: NULL is the default. */
enum ml_status fit_all(const struct ml_table *table, const uint8_t *train,
                       const struct ml_prep_config *config, struct notes *notes,
                       struct mli_pipeline **out, struct ml_error *err);
struct mli_pipeline *pipeline_of(const struct ml_table *table, const uint8_t *train,
                                 const struct ml_prep_config *config);
/* The features' names with a space behind each; valid until the next call. */
const char *features_of(const struct mli_pipeline *pipeline);
/* X of a table, seen through the pipeline's schema; caller frees. */
double *matrix_of(const struct mli_pipeline *pipeline, const struct ml_table *table,
                  struct mli_apply_counts *counts);

void expect_error(const struct ml_error *err, enum ml_status status, const char *part);

#endif
