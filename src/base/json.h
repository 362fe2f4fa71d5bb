/*
 * JSON by jansson: the one place that includes jansson.h. Reading reports the first problem with a path such as
 * `pipeline.steps[2].mean`; all getters return ML_EARTIFACT by default because the documents read here are ours (models,
 * prep files). Request bodies have their own reader in serve.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <mlctl/status.h>
#include <stdbool.h>

/* Parses text: duplicate keys, trailing bytes, NUL bytes and a depth over `max_depth` (0: 64) are refused. */
ML_NODISCARD enum ml_status mli_json_parse(const char *text, size_t len, size_t max_depth, const char *source,
                                           json_t **out, struct ml_error *err);

/* Text of a document: compact, keys in insertion order, reals with shortest round-trip text. Caller frees. NULL: no memory. */
char *mli_json_text(const json_t *doc, bool indent);

/*
 * Reads out of an object: the member must exist and have the type, else ML_EARTIFACT naming `key`.
 * Borrowed references and strings live as long as obj.
 */
ML_NODISCARD enum ml_status mli_json_object(const json_t *obj, const char *key, json_t **out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_json_array(const json_t *obj, const char *key, json_t **out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_json_str(const json_t *obj, const char *key, const char **out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_json_size(const json_t *obj, const char *key, size_t *out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_json_number(const json_t *obj, const char *key, double *out, struct ml_error *err);
ML_NODISCARD enum ml_status mli_json_bool(const json_t *obj, const char *key, bool *out, struct ml_error *err);

/*
 * For callers on the way up: puts the place of the object in front of the key that a getter's error names, so that
 * mli_json_within(err, "steps[%zu]", i) makes "mean" is missing "steps[2].mean" is missing. Other errors stay as they
 * are.
 */
void mli_json_within(struct ml_error *err, const char *format, ...) ML_PRINTF(2, 3);

/* A number as JSON: an integer when it is whole and below 2^53, a real otherwise; null when it is not finite. */
json_t *mli_json_from(double value);

/* Sets a member and takes the reference of value; false (value released) when value is NULL or memory is out. */
bool mli_json_put(json_t *obj, const char *key, json_t *value);
/* Appends and takes value; an array that lacks one is no array: *array becomes NULL and stays so. */
void mli_json_append(json_t **array, json_t *value);

#endif
