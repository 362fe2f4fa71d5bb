/*
 * Registry: the models that are served, by name and version. Requests reach a model through it alone. A served model
 * is immutable: what its answers need beside the model is made when it is put in.
 */
#ifndef SERVE_REGISTRY_H
#define SERVE_REGISTRY_H

#include <model/model.h>
#include <table/dict.h>

#define MLI_NAME_MAX ((size_t)128) /* bytes of a name or version */

struct mli_served {
    char *name, *version;
    const struct ml_model *model; /* borrowed */
    const struct mli_schema *schema;
    struct mli_dict *columns;  /* names of the schema's fields, numbered as they are */
    bool numbers;              /* every column is a number */
    char **label_json;         /* labels as JSON strings */
    struct mli_output *output; /* what protocols call outputs (outputs.h) */
    size_t outputs;
    char *card; /* answer of GET /model */
};

struct mli_registry {
    struct mli_served *served; /* the first is the one that answers where no name is given */
    size_t count;
};

/* Letters, digits, '.', '_' and '-', not beginning with '.', at most MLI_NAME_MAX: what stands in a URL as it is. */
bool mli_name_valid(const char *name);

/* A registry of one model, which is borrowed. ML_EUSAGE: a name or version that is none; ML_ENOMEM. */
ML_NODISCARD enum ml_status mli_registry_init(struct mli_registry *registry,
                                              const struct ml_model *model, const char *name,
                                              const char *version, struct ml_error *err);
void mli_registry_release(struct mli_registry *registry);

/*
 * The model of that name and version; version NULL: the first of that name, name NULL: the first of all. NULL: none.
 */
const struct mli_served *mli_registry_find(const struct mli_registry *registry, const char *name,
                                           size_t name_len, const char *version,
                                           size_t version_len);

#endif
