#include <prep/parallel.h>

#include <base/limits.h>
#include <base/mem.h>
#include <base/ordered.h>
#include <stdlib.h>

#define SMALL ((size_t)1 << 17) /* cells: less work than starting a thread is worth */

struct jobs {
    size_t count, next;
    size_t *k; /* of each slot */
    struct mli_spool *spool; /* of the table, NULL: none */
    enum ml_status (*job)(void *data, size_t k, struct ml_error *err);
    void *data;
};

static enum ml_status make(void *data, size_t slot, bool *made, struct ml_error *err)
{
    struct jobs *jobs = data;

    (void)err;
    *made = jobs->next < jobs->count;
    if (*made)
        jobs->k[slot] = jobs->next++;
    return ML_OK;
}

static enum ml_status work(void *data, size_t slot, struct ml_error *err)
{
    struct jobs *jobs = data;

    return jobs->job(jobs->data, jobs->k[slot], err);
}

/* What the job has looked at may leave memory. */
static enum ml_status commit(void *data, size_t slot, struct ml_error *err)
{
    const struct jobs *jobs = data;

    (void)slot;
    (void)err;
    mli_spool_rest_all(jobs->spool);
    return ML_OK;
}

enum ml_status mli_fit_each(const struct mli_fit *fit, size_t count,
                            enum ml_status (*job)(void *data, size_t k, struct ml_error *err),
                            void *data, struct ml_error *err)
{
    struct jobs jobs = { .count = count, .job = job, .data = data, .spool = fit->table->spool };
    enum ml_status status = ML_OK;

    if (count < 2 || fit->rows < SMALL / count) {
        for (size_t k = 0; k < count && status == ML_OK; k++)
            status = job(data, k, err);
        return status;
    }
    size_t threads = fit->config->threads ? fit->config->threads : mli_processors();
    struct mli_ordered plan = { .threads = threads < count ? threads : count,
                                .make = make,
                                .work = work,
                                .commit = commit,
                                .data = &jobs };
    plan.slots = mli_ordered_slots(plan.threads);
    jobs.k = mli_alloc(plan.slots, sizeof(*jobs.k));
    status = jobs.k ? mli_ordered_run(&plan, err) : mli_step_nomem(err);
    free(jobs.k);
    return status;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

#define CHUNK ((size_t)1 << 14) /* rows: a column of them stays in the first-level cache */

struct chunks {
    const struct mli_step *step;
    const struct mli_block *block;
    size_t slots;
};

static enum ml_status apply_chunk(void *data, size_t k, struct ml_error *err)
{
    const struct chunks *chunks = data;
    size_t begin = k * CHUNK, left = chunks->block->rows - begin;
    struct mli_block part = { .rows = left < CHUNK ? left : CHUNK,
                              .number = mli_alloc(chunks->slots, sizeof(*part.number)),
                              .code = mli_alloc(chunks->slots, sizeof(*part.code)),
                              .fold = chunks->block->fold ? chunks->block->fold + begin : NULL };
    enum ml_status status = part.number && part.code ? ML_OK : mli_step_nomem(err);

    for (size_t s = 0; s < chunks->slots && status == ML_OK; s++) {
        double *number = chunks->block->number[s];
        int32_t *code = chunks->block->code[s];
        part.number[s] = number ? number + begin : NULL;
        part.code[s] = code ? code + begin : NULL;
    }
    if (status == ML_OK)
        chunks->step->kind->apply(chunks->step->state, &part);
    free(part.number);
    free(part.code);
    return status;
}

enum ml_status mli_fit_apply(const struct mli_fit *fit, const struct mli_step *step,
                             const struct mli_block *block, size_t slots, struct ml_error *err)
{
    struct chunks chunks = { .step = step, .block = block, .slots = slots };

    return mli_fit_each(fit, (block->rows + CHUNK - 1) / CHUNK, apply_chunk, &chunks, err);
}
