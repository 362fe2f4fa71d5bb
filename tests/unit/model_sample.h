/* Models for tests: a made-up table of every column type, a pipeline fitted on it, and random parameters. */
#ifndef TESTS_UNIT_MODEL_SAMPLE_H
#define TESTS_UNIT_MODEL_SAMPLE_H

#include <model/model.h>

/* SAMPLE_MULTILABEL: three labels of two classes each. */
enum sample_kind { SAMPLE_REGRESSION, SAMPLE_BINARY, SAMPLE_MULTICLASS, SAMPLE_MULTILABEL, SAMPLES };

/*
 * Columns: numbers with and without missing cells, categories (one with missing cells, one with values that need
 * quoting everywhere), instants. Names that are no C identifiers. `unknown` adds categories that no other table has.
 */
struct ml_table *sample_table(size_t rows, uint64_t seed, bool unknown);

/* Fitted on sample_table(200, 1, false). note: goes into the record, to give the file a wanted size. */
struct ml_model *sample_model(enum sample_kind kind, const struct ml_prep_config *config,
                              const char *note);

/* The same with a stack of layers; the last has 1 output, or 3 for SAMPLE_MULTICLASS and SAMPLE_MULTILABEL. */
struct ml_model *sample_stack(enum sample_kind kind, const char *layers);

/* The smallest model that has it all; small enough for hostile files. */
struct ml_model *sample_model_small(const char *note);

/* The same of three labels. */
struct ml_model *sample_labels_small(const char *note);

/* Bytes of a model's file, in a buffer that the caller releases. */
struct mli_buf sample_bytes(const struct ml_model *model);

#endif
