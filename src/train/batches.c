#include <train/batches.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <train/pieces.h>

#define IDLE_EPOCHS 5
#define GOLDEN 0x9e3779b97f4a7c15u /* 2^64 over the golden ratio: epochs of one seed lie far apart */

static size_t batch_rows(size_t n, size_t batch)
{
    return batch < n ? batch : n;
}

size_t mli_batches_count(size_t n, size_t batch)
{
    return n / batch + (n % batch != 0);
}

static size_t row_bytes(size_t d)
{
    return d * sizeof(mli_real) + 2 * sizeof(double);
}

size_t mli_batches_memory(size_t n, size_t d, const struct mli_train_config *config)
{
    return mli_shuffle_memory(n, d, config->batch, config->windows) + batch_rows(n, config->batch) * row_bytes(d);
}

size_t mli_batches_supply_memory(size_t n, size_t d, const struct mli_train_config *config)
{
    return mli_shuffle_window(n, d, config->batch, config->windows) * row_bytes(d);
}

static bool make_window(struct mli_batches *batches, const struct mli_train_data *data)
{
    size_t n = batches->order.window;
    mli_real *X = mli_alloc_large(n, data->d * sizeof(mli_real));
    double *y = mli_alloc(n, sizeof(*y)), *weight = data->weight ? mli_alloc(n, sizeof(*weight)) : NULL;

    batches->window = (struct mli_train_data){ .n = n, .d = data->d, .X = X, .y = y, .weight = weight };
    return X && y && (weight || !data->weight);
}

enum ml_status mli_batches_init(struct mli_batches *batches, const struct mli_train_data *data,
                                const struct mli_train_config *config, struct ml_error *err)
{
    size_t size = batch_rows(data->n, config->batch);

    *batches = (struct mli_batches){
        .size = size,
        .X = mli_alloc(size, data->d * sizeof(mli_real)),
        .y = mli_alloc(size, sizeof(double)),
        .weight = data->weight ? mli_alloc(size, sizeof(double)) : NULL,
    };
    enum ml_status status = mli_shuffle_init(&batches->order, data->n, data->d, config->batch, config->windows, err);
    if (!status && (!batches->X || !batches->y || (data->weight && !batches->weight) ||
                    (data->supply && !make_window(batches, data))))
        status = ml_error_set(err, ML_ENOMEM, "out of memory for batches of %zu rows", size);
    if (status)
        mli_batches_release(batches);
    return status;
}

/* The seed of an epoch follows from its number, so that there is none to keep. */
static uint64_t epoch_seed(const struct mli_descent *descent)
{
    return descent->config->seed + GOLDEN * (descent->epoch + 1);
}

void mli_batches_order(struct mli_descent *descent)
{
    mli_shuffle_epoch(&descent->batches.order, epoch_seed(descent));
}

/* The rows of a run of the window, from a supply. */
static void read_run(void *data, size_t k, size_t thread)
{
    struct mli_descent *descent = data;
    struct mli_batches *batches = &descent->batches;
    const struct mli_train_data *from = &descent->problem.data, *to = &batches->window;
    const struct mli_shuffle_run run = mli_shuffle_run(&batches->order, k);
    (void)thread;

    for (size_t i = 0; i < run.n; i++)
        batches->order.row[run.at + i] = run.at + i;
    from->supply->read(from->supply->data, run.first, run.n, (mli_real *)to->X + run.at * to->d);
    memcpy((double *)to->y + run.at, from->y + run.first, run.n * sizeof(*from->y));
    if (from->weight)
        memcpy((double *)to->weight + run.at, from->weight + run.first, run.n * sizeof(*from->weight));
}

static void open_window(struct mli_descent *descent)
{
    struct mli_shuffle *order = &descent->batches.order;
    struct mli_team *team = descent->problem.blocks.team;

    mli_shuffle_open(order, descent->batches.next);
    if (descent->problem.data.supply)
        mli_team_run(team, mli_team_size(team), mli_shuffle_runs(order), read_run, descent);
    else
        mli_shuffle_number(order);
    mli_shuffle_mix(order);
}

void mli_batches_release(struct mli_batches *batches)
{
    mli_shuffle_release(&batches->order);
    free((void *)batches->window.X);
    free((void *)batches->window.y);
    free((void *)batches->window.weight);
    free(batches->X);
    free(batches->y);
    free(batches->weight);
    *batches = (struct mli_batches){ 0 };
}

/* The next batch; its rows are gathered by the threads that sum over them. */
static struct mli_train_data next_batch(struct mli_descent *descent, struct mli_gather *gather)
{
    const struct mli_batches *batches = &descent->batches;
    const struct mli_shuffle *order = &batches->order;

    if (!mli_shuffle_has(order, batches->next))
        open_window(descent);
    struct mli_train_data rows = descent->problem.data.supply ? batches->window : descent->problem.data;
    size_t at = batches->next - order->begin;
    *gather = (struct mli_gather){ .row = order->row + at,
                                   .known = order->end - batches->next,
                                   .soon = order->soon ? order->soon + at : NULL,
                                   .coming = order->coming > at ? order->coming - at : 0,
                                   .X = batches->X,
                                   .y = batches->y,
                                   .weight = batches->weight };
    rows.n = batch_rows(gather->known, batches->size);
    rows.gather = gather;
    return rows;
}

struct stepping {
    struct mli_descent *descent;
    mli_step *step;
};

static void step_range(void *data, size_t first, size_t end)
{
    const struct stepping *stepping = data;
    stepping->step(stepping->descent, first, end);
}

static void make_step(struct mli_descent *descent, mli_step *step)
{
    struct stepping stepping = { descent, step };

    descent->count++;
    mli_pieces(descent->problem.p, descent->problem.blocks.team, step_range, &stepping);
}

/* Whether all entries are finite. A sum would do, but could overflow by itself. */
static bool finite_all(size_t n, const mli_real *x)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

struct batch {
    size_t rows;
    double loss, weight; /* sums over the rows */
    double norm;         /* of the gradient before clipping */
};

/* Loss, weight and (clipped) gradient of the next batch. */
static enum mli_fault take_gradient(struct mli_descent *descent, struct batch *out)
{
    const struct mli_problem *problem = &descent->problem;
    struct mli_batches *batches = &descent->batches;
    struct mli_gather gather;
    struct mli_train_data rows = next_batch(descent, &gather);
    const struct mli_pass pass = { .training = true, .seed = epoch_seed(descent), .row = batches->next };
    double weight = mli_weight_sum(&rows);
    double square, loss = mli_problem_batch(problem, &rows, &pass, descent->theta, descent->grad, &square);
    enum mli_fault fault = mli_descent_check(descent, loss / weight);

    if (fault)
        return fault;
    *out = (struct batch){ rows.n, loss, weight, mli_descent_clip(descent, square) };
    return isnan(out->norm) ? MLI_FAULT_GRADIENT : MLI_FAULT_NONE;
}

static enum mli_fault take_step(struct mli_descent *descent, mli_step *step)
{
    struct mli_batches *batches = &descent->batches;
    struct batch batch;
    enum mli_fault fault = take_gradient(descent, &batch);

    if (fault)
        return fault;
    mli_descent_pace(descent);
    make_step(descent, step);
    batches->next += batch.rows;
    batches->steps++;
    batches->loss += batch.loss;
    batches->seen += batch.weight;
    batches->squares += batch.norm * batch.norm;
    return MLI_FAULT_NONE;
}

enum mli_fault mli_batches_probe(struct mli_descent *descent, mli_step *step, double *loss)
{
    struct batch batch;
    enum mli_fault fault = take_gradient(descent, &batch);

    if (fault)
        return fault;
    *loss = batch.loss / batch.weight;
    make_step(descent, step);
    descent->batches.next += batch.rows;
    if (descent->batches.next == descent->problem.data.n)
        descent->batches.next = 0;
    return MLI_FAULT_NONE;
}

/* Notes the epoch's value and whether it still differs from that of the epoch before. */
enum mli_fault mli_batches_close(struct mli_descent *descent)
{
    struct mli_batches *batches = &descent->batches;
    double before = descent->epoch ? descent->value.objective : INFINITY;
    double loss = batches->loss / batches->seen;
    double objective = loss + mli_problem_penalty(&descent->problem, descent->theta);

    if (!finite_all(descent->problem.p, descent->theta))
        return MLI_FAULT_PARAMETER;
    descent->value = (struct mli_value){ loss, objective };
    descent->norm = sqrt(batches->squares / (double)batches->steps);
    batches->next = 0;
    bool still = fabs(objective - before) <= descent->config->tolerance * fmax(fabs(objective), 1);
    descent->idle = still ? descent->idle + 1 : 0;
    if (descent->idle == IDLE_EPOCHS)
        descent->end = MLI_TRAIN_STALLED;
    return mli_descent_check(descent, objective);
}

static void open_epoch(struct mli_descent *descent)
{
    struct mli_batches *batches = &descent->batches;

    mli_batches_order(descent);
    batches->steps = 0;
    batches->loss = batches->seen = batches->squares = 0;
}

enum mli_fault mli_batches_epoch(struct mli_descent *descent,
                                 mli_step *step)
{
    const struct mli_train_config *config = descent->config;
    struct mli_batches *batches = &descent->batches;

    if (batches->next == 0)
        open_epoch(descent);
    while (batches->next < descent->problem.data.n) {
        enum mli_fault fault = take_step(descent, step);
        if (fault)
            return fault;
        if (batches->next < descent->problem.data.n && config->pause && config->pause(config->pause_data))
            return MLI_FAULT_NONE;
    }
    return mli_batches_close(descent);
}
