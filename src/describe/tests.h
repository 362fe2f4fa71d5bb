/* The tests behind the warnings, see warn.h: of a column by itself, of the target, of the file as a whole. */
#ifndef DESCRIBE_TESTS_H
#define DESCRIBE_TESTS_H

#include <describe/describe.h>

/* Writes the text of a finding. Always true, so that a test may end with it. */
bool mli_found(struct mli_finding *out, const char *format, ...) ML_PRINTF(2, 3);

#define MLI_LABEL 64 /* bytes of a name or value within a text, with NUL */
/* A name or value for use within a text: one line, cut with "..." */
void mli_label(const char *text, char out[MLI_LABEL]);
void mli_label_value(const struct mli_column *column, const struct mli_value *value, char out[MLI_LABEL]);

/* A word of a command line: as it is when a shell leaves it so, else in single quotes. */
void mli_shell_word(struct mli_buf *out, const char *word);
/* A name in a list of a flag, before a shell sees it: a comma has a backslash before it. */
void mli_list_word(struct mli_buf *out, const char *name);

/* Texts of so many words that words are what there is to learn from; mli_test_text() asks it of columns but the target. */
bool mli_is_text(const struct mli_description *d, size_t column);
#define MLI_TEXT_WORDS "tfidf:4096:chars" /* what --text is advised to make of them, as drop does */

/* of a column: tests_column.c, tests_number.c, tests_values.c */
bool mli_test_leak(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_mostly_missing(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_missing(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_empty(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_constant(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_row_number(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_identifier(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_ambiguous_dates(const struct mli_description *d, size_t column, struct mli_finding *out);

bool mli_test_sentinel(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_capped(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_extreme(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_skewed(const struct mli_description *d, size_t column, struct mli_finding *out);

bool mli_test_mixed(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_variants(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_many_values(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_rare_values(const struct mli_description *d, size_t column, struct mli_finding *out);
bool mli_test_text(const struct mli_description *d, size_t column, struct mli_finding *out);

/* of the target: tests_target.c */
bool mli_test_target(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);
bool mli_test_target_missing(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);
bool mli_test_rare_class(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);
bool mli_test_imbalance(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);
bool mli_test_ordered(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);
bool mli_test_sorted(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);

/* of the whole: tests_file.c */
bool mli_test_few_rows(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);
bool mli_test_duplicates(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);
bool mli_test_correlated(const struct mli_description *d, size_t *state, size_t *column, struct mli_finding *out);
bool mli_test_missing_together(const struct mli_description *d, size_t *state, size_t *column,
                               struct mli_finding *out);

#endif
