/*
 * Explain: what a fitted pipeline does to each column, with the statistics of the training rows, for people and as JSON.
 *
 *   {"columns": [{"column": "age", "type": "number", "missing": 177,
 *                 "steps": [{"step": "impute", "method": "median", "value": 28, "text": "..."}, ...],
 *                 "features": ["age"]}, ...],
 *    "dropped": [{"column": "id", "reason": "..."}, ...],
 *    "stages": [{"stage": "select", "inputs": 40, "outputs": 12, "text": "..."}, ...],
 *    "features": 12}
 *
 * A step has "slot" where it works on a part of the column, such as "when.month". "text" is the same in words.
 */
#ifndef PREP_EXPLAIN_H
#define PREP_EXPLAIN_H

#include <prep/pipeline.h>

/* NULL: no memory. */
json_t *mli_explain(const struct mli_pipeline *pipeline);

#endif
