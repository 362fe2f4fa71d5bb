/*
 * Served: one version of a model as requests meet it: immutable, what its answers need beside the model made when it is
 * put in, and counted by those who hold it, so that it goes with the last of them.
 */
#ifndef SERVE_SERVED_H
#define SERVE_SERVED_H

#include <model/model.h>
#include <serve/live.h>
#include <serve/tally.h>
#include <table/dict.h>

#define MLI_NAME_MAX ((size_t)128) /* bytes of a name or version */

struct mli_key_text {
    char *json; /* with its quotes */
    size_t len;
    uint64_t word, mask; /* its first eight bytes as mli_short_load() has them, and which of them there are */
};

/* Of json[0..len), len > 0, which stays where it is. */
struct mli_key_text mli_key_text_of(char *json, size_t len);

struct mli_group;

struct mli_served {
    _Atomic size_t holders;
    char *name, *version;
    const struct ml_model *model;
    struct ml_model *own; /* the same when it is freed with this; NULL: borrowed */
    const struct mli_schema *schema;
    struct mli_dict *columns;  /* names of the schema's fields, numbered as they are */
    struct mli_key_text *key;  /* the same as JSON strings, as nearly all clients write them */
    bool numbers;              /* every column is a number */
    char **label_json;         /* labels as JSON strings */
    struct mli_output *output; /* what protocols call outputs (outputs.h) */
    size_t outputs;
    size_t weights;          /* of the network: multiply-adds for a row */
    struct mli_group *group; /* requests for it go through the network together (group.h); NULL: each alone */
    char *card;              /* answer of GET /model */
    struct mli_live *live;   /* how its rows are spread; NULL: nobody counts */
    struct mli_tally *tally; /* what came of its requests; of all that had this name and version before */
};

/* Letters, digits, '.', '_' and '-', not beginning with '.', at most MLI_NAME_MAX: what stands in a URL as it is. */
bool mli_name_valid(const char *name);

/*
 * A model under a name and version, held once. `own` and `tally` are taken, on failure too; own NULL: the model is
 * borrowed. window: of live, in rows; 0: nobody counts. NULL: no memory.
 */
struct mli_served *mli_served_new(const struct ml_model *model, struct ml_model *own, const char *name,
                                  const char *version, struct mli_tally *tally, size_t window);
/*
 * About the multiply-adds that a body of so many bytes takes, as far as can be told before it is read: those of the network
 * for as many rows as it has when a cell takes 4 bytes, and 16 for reading each byte.
 */
size_t mli_served_rows(const struct mli_served *served, size_t bytes); /* as many, at least 1 */
size_t mli_served_work(const struct mli_served *served, size_t bytes);
#define MLI_SERVED_LARGE ((size_t)4000000) /* beyond that, a millisecond or so, others are not to wait for it */

struct mli_served *mli_served_hold(struct mli_served *served);
void mli_served_drop(struct mli_served *served); /* NULL is fine */

#endif
