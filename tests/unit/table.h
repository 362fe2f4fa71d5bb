/* What the unit tests of src/table share: groups, one a file, and tables made of text. */
#ifndef TESTS_UNIT_TABLE_H
#define TESTS_UNIT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <table/rows.h>
#include <table/schema.h>

int table_advise_tests(void);
int table_bins_tests(void);
int table_boolean_tests(void);
int table_chunks_tests(void);
int table_csv_tests(void);
int table_decode_tests(void);
int table_dict_tests(void);
int table_duplicates_tests(void);
int table_fast_tests(void);
int table_flow_tests(void);
int table_format_tests(void);
int table_grid_tests(void);
int table_instant_tests(void);
int table_memory_tests(void);
int table_read_tests(void);
int table_rows_tests(void);
int table_rules_tests(void);
int table_schema_tests(void);
int table_split_tests(void);
int table_stream_tests(void);
int table_write_tests(void);

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct mli_input *input_of(const char *text, size_t len); /* named "test.csv" */
struct ml_table *table_of(const char *text);
struct ml_table *table_with(const char *text, const struct ml_read_options *options);
/* Reading must fail with this status, place and part of the message. */
void expect_refused(const char *text, const struct ml_read_options *options, enum ml_status status,
                    size_t line, size_t column, const char *part);
void expect_error(const struct ml_error *err, enum ml_status status, size_t line, size_t column,
                  const char *part);
/* A cell as text, as ml_table_text() gives it; valid until the next call. */
const char *cell(const struct ml_table *table, size_t row, size_t column);
struct mli_schema *schema_of(const struct ml_table *table); /* all columns, all rows */

/* A log that gathers its lines, each ended by '\n'. */
struct notes {
    char text[2048];
    size_t lines;
};
struct ml_log log_to(struct notes *notes);

#endif
