/* The pipeline as JSON for people: each step and stage with its numbers and the formula ("how") by which a row goes through it. */
#ifndef EXPORT_JSON_STEPS_H
#define EXPORT_JSON_STEPS_H

#include <base/json.h>
#include <prep/stage.h>

/* NULL: no memory, or a step that cannot be written, which err says. */
json_t *mli_json_pipeline(const struct mli_pipeline *pipeline, struct ml_error *err);

#endif
