#include <fit/checkpoint.h>

#include <base/file.h>
#include <base/mem.h>
#include <errno.h>
#include <fit/clock.h>
#include <mlctl/fit.h>
#include <model/sealed.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "checkpoint.safetensors"
#define PLACE_MAX 120

struct mli_checkpoint {
    char *path;
    double every, last; /* seconds; of the clock */
    const json_t *identity;
    struct mli_tensors state; /* found */
    bool found;
};

static const struct mli_seal seal = { "mlctl-checkpoint", "mlctl.run", "a checkpoint of mlctl", "checkpoints" };

static char *path_in(const char *directory)
{
    size_t n = strlen(directory) + sizeof "/" NAME;
    char *path = mli_alloc(n, 1);
    if (path)
        snprintf(path, n, "%s/%s", directory, NAME);
    return path;
}

/* ---- whose it is ------------------------------------------------------------------------------------------------- */

static void short_text(const json_t *value, char *out, size_t size)
{
    char *text = value ? mli_json_text(value, false) : NULL;
    if (!value)
        snprintf(out, size, "not given");
    else
        snprintf(out, size, "%.*s%s", (int)size - 4, text ? text : "?", text && strlen(text) > size - 4 ? "..." : "");
    free(text);
}

/* The first key of `now` or `then` under which they differ, as a path into place; false: none. */
static bool find_difference(const json_t *then, const json_t *now, char *place, size_t at, const json_t **a, const json_t **b)
{
    const json_t *sides[] = { now, then };
    for (size_t i = 0; i < 2; i++) {
        for (void *it = json_object_iter((json_t *)(uintptr_t)sides[i]); it;
             it = json_object_iter_next((json_t *)(uintptr_t)sides[i], it)) {
            const char *key = json_object_iter_key(it);
            *a = json_object_get(then, key);
            *b = json_object_get(now, key);
            if (*a && *b && json_equal(*a, *b))
                continue;
            int n = snprintf(place + at, PLACE_MAX - at, "%s%s", at ? "." : "", key);
            size_t end = at + (size_t)n < PLACE_MAX ? at + (size_t)n : PLACE_MAX - 1;
            if (json_is_object(*a) && json_is_object(*b))
                return find_difference(*a, *b, place, end, a, b);
            return true;
        }
    }
    return false;
}

static enum ml_status check_identity(const struct mli_checkpoint *c, const json_t *then, struct ml_error *err)
{
    char place[PLACE_MAX] = "", before[60], after[60];
    const json_t *a, *b;
    if (!find_difference(then, c->identity, place, 0, &a, &b))
        return ML_OK;
    short_text(a, before, sizeof before);
    short_text(b, after, sizeof after);
    return ml_error_set(err, ML_EUSAGE,
                        "%s: a checkpoint of another run: %s was %s there and is %s now; give the same data and flags, or another --checkpoint directory",
                        c->path, place, before, after);
}

/* ---- open -------------------------------------------------------------------------------------------------------- */

static enum ml_status read_state(struct mli_checkpoint *c, struct ml_error *err)
{
    char sha256[MLI_SHA256_HEX];
    struct mli_buf file;
    json_t *identity = NULL;

    mli_buf_init(&file, MLI_SEALED_MAX);
    enum ml_status status = mli_sealed_file(c->path, &file, err);
    if (!status) {
        status = mli_sealed_decode(&seal, file.data, file.len, c->path, &c->state, &identity, sha256, err);
        ml_error_source(err, c->path);
    }
    mli_buf_release(&file);
    if (!status)
        status = check_identity(c, identity, err);
    json_decref(identity);
    c->found = !status;
    return status;
}

enum ml_status mli_checkpoint_open(const char *directory, double every, bool resume, const json_t *identity,
                                   struct mli_checkpoint **out, struct ml_error *err)
{
    enum ml_status status = mli_file_mkdirs(directory, err);
    if (status)
        return status;
    struct mli_checkpoint *c = mli_calloc(1, sizeof *c);
    if (!c || !(c->path = path_in(directory))) {
        free(c);
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    }
    mli_tensors_init(&c->state);
    c->every = every;
    c->last = mli_clock();
    c->identity = identity;
    bool there = access(c->path, F_OK) == 0;
    if (there && !resume)
        status = ml_error_set(err, ML_EUSAGE,
                              "%s is there: a training was not finished; --resume goes on with it, removing the file begins anew",
                              c->path);
    else if (there)
        status = read_state(c, err);
    if (status) {
        mli_checkpoint_close(c);
        return status;
    }
    *out = c;
    return ML_OK;
}

void mli_checkpoint_close(struct mli_checkpoint *c)
{
    if (!c)
        return;
    mli_tensors_release(&c->state);
    free(c->path);
    free(c);
}

struct mli_tensors *mli_checkpoint_found(struct mli_checkpoint *c)
{
    return c->found ? &c->state : NULL;
}

const char *mli_checkpoint_path(const struct mli_checkpoint *c)
{
    return c->path;
}

/* ---- write ------------------------------------------------------------------------------------------------------- */

bool mli_checkpoint_due(const struct mli_checkpoint *c)
{
    return mli_clock() - c->last >= c->every;
}

enum ml_status mli_checkpoint_write(struct mli_checkpoint *c, const struct mli_tensors *state, struct ml_error *err)
{
    char sha256[MLI_SHA256_HEX];
    struct mli_buf file;

    mli_buf_init(&file, MLI_SEALED_MAX);
    enum ml_status status = mli_sealed_encode(&seal, state, c->identity, &file, sha256, err);
    if (!status)
        status = mli_file_write(c->path, file.data, file.len, false, err);
    mli_buf_release(&file);
    c->last = mli_clock();
    return status;
}

enum ml_status ml_checkpoint_remove(const char *directory, struct ml_error *err)
{
    char *path = path_in(directory);
    if (!path)
        return ml_error_set(err, ML_ENOMEM, "out of memory");
    enum ml_status status = ML_OK;
    if (unlink(path) < 0 && errno != ENOENT)
        status = ml_error_set(err, ML_EIO, "%s: cannot be removed: %s", path, strerror(errno));
    free(path);
    return status;
}
