#include <train/blocks.h>

#include <base/clones.h>
#include <base/mem.h>
#include <base/prefetch.h>
#include <stdlib.h>
#include <string.h>
#include <train/pieces.h>
#include <train/supply.h>

/* Numbers of a block, 256 KiB: they fit the L2 cache of every x86-64 since 2008 and of most ARM. */
#define BLOCK_NUMBERS ((size_t)256 * 1024 / sizeof(mli_real))
/* Rows of a block; with fewer dgemm packs more than it multiplies. */
#define BLOCK_ROWS_MIN ((size_t)128)
#define BLOCK_ROWS_MAX ((size_t)512)
#define HALF_ROWS_MIN ((size_t)32) /* of a block that two threads share */
/* Partial gradients: so many, or as few as fit 32 MiB, but not fewer than the smaller number. */
#define CHUNKS_MAX ((size_t)64)
#define CHUNKS_MIN ((size_t)8)
#define CHUNK_NUMBERS ((size_t)32 * 1024 * 1024 / sizeof(mli_real))
/* Multiplications that are worth a thread: some 0.1 ms. */
#define THREAD_WORK ((size_t)1024 * 1024)
#define AHEAD 16 /* rows */
#define EXPECT_BYTES ((size_t)4096) /* of a row; the processor sees by itself that more follows */
#define LIGHT_NUMBERS ((size_t)16 * 1024 / sizeof(mli_real))
#define CACHE_LINE (64 / sizeof(mli_real)) /* numbers */

static size_t clamp(size_t x, size_t low, size_t high)
{
    return x < low ? low : x > high ? high : x;
}

static size_t quotient_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* n: most rows of a gradient. */
static size_t block_rows(const struct mli_network *net, size_t n)
{
    size_t row = net->inputs + mli_network_workspace(net, 1, true) + net->outputs;
    size_t rows = clamp(BLOCK_NUMBERS / row, BLOCK_ROWS_MIN, BLOCK_ROWS_MAX);
    return net->statistics && n > rows ? n : rows;
}

static size_t chunk_count(const struct mli_network *net, size_t n)
{
    size_t most = clamp(CHUNK_NUMBERS / net->parameters, CHUNKS_MIN, CHUNKS_MAX);
    return clamp(quotient_up(n, block_rows(net, n)), net->statistics ? 1 : 2, most);
}

/*
 * A gradient of n rows is cut into so many parts: one a block, but two even of a single block if there is work for two
 * threads, and no more than there are partial gradients.
 */
static size_t part_count(const struct mli_blocks *blocks, size_t n)
{
    size_t work = n > THREAD_WORK / blocks->net->parameters ? 2 : 1, halves = clamp(n / HALF_ROWS_MIN, 1, work);
    size_t all = quotient_up(n, blocks->rows);

    if (blocks->net->statistics)
        halves = 1;
    return clamp(all > halves ? all : halves, 1, blocks->chunks);
}

/* Forward and backward, then the loss's gradient at the outputs, in whole cache lines so that threads share none. */
static size_t workspace(const struct mli_network *net, size_t n)
{
    size_t rows = block_rows(net, n);
    size_t numbers = mli_network_workspace(net, rows, true) + rows * net->outputs;
    return quotient_up(numbers, CACHE_LINE) * CACHE_LINE + CACHE_LINE;
}

static size_t gradients(const struct mli_network *net, size_t n)
{
    size_t chunks = chunk_count(net, n);
    return chunks > 1 ? chunks * net->parameters : 0;
}

size_t mli_blocks_memory(const struct mli_network *net, size_t n, size_t threads)
{
    return (threads * workspace(net, n) + gradients(net, n)) * sizeof(mli_real) + CHUNKS_MAX * sizeof(double) +
           mli_team_memory(threads);
}

enum ml_status mli_blocks_init(struct mli_blocks *blocks, const struct mli_network *net,
                               const struct mli_loss *loss, size_t n, size_t threads,
                               struct ml_error *err)
{
    *blocks = (struct mli_blocks){
        .net = net,
        .loss = loss,
        .threads = threads,
        .rows = block_rows(net, n),
        .chunks = chunk_count(net, n),
        .stride = workspace(net, n),
        .team = mli_team_new(threads),
    };
    blocks->workspace = mli_alloc(threads, blocks->stride * sizeof(mli_real));
    blocks->sums = mli_alloc(CHUNKS_MAX, sizeof(double));
    if (blocks->chunks > 1)
        blocks->grads = mli_alloc(gradients(net, n), sizeof(mli_real));
    if (blocks->team && blocks->workspace && blocks->sums && (blocks->chunks == 1 || blocks->grads))
        return ML_OK;
    mli_blocks_release(blocks);
    return ml_error_set(err, ML_ENOMEM, "out of memory for the work space of training");
}

size_t mli_blocks_supply_memory(const struct mli_network *net, size_t n, size_t threads)
{
    return threads * block_rows(net, n) * net->inputs * sizeof(mli_real);
}

enum ml_status mli_blocks_supply(struct mli_blocks *blocks, struct ml_error *err)
{
    blocks->input = mli_alloc(blocks->threads * blocks->rows, blocks->net->inputs * sizeof(mli_real));
    return blocks->input ? ML_OK : ml_error_set(err, ML_ENOMEM, "out of memory for blocks of rows");
}

void mli_blocks_release(struct mli_blocks *blocks)
{
    mli_team_free(blocks->team);
    free(blocks->workspace);
    free(blocks->input);
    free(blocks->sums);
    free(blocks->grads);
    *blocks = (struct mli_blocks){ 0 };
}

/* A sum under way over `all` blocks. */
struct sum {
    const struct mli_blocks *blocks;
    const struct mli_train_data *data;
    const struct mli_pass *pass;
    const mli_real *theta;
    mli_real *grad;
    size_t chunks;
};

static struct mli_train_data rows_from(const struct mli_train_data *data, size_t first)
{
    struct mli_train_data rows = *data;

    if (rows.X)
        rows.X += first * data->d;
    rows.y += first;
    if (rows.weight)
        rows.weight += first;
    return rows;
}

/* Rows in random order come from memory one by one unless they are asked for early. */
static void expect_row(const struct mli_train_data *data, size_t row)
{
    const char *x = (const char *)(data->X + row * data->d);
    size_t bytes = data->d * sizeof(*data->X), most = bytes < EXPECT_BYTES ? bytes : EXPECT_BYTES;

    for (size_t at = 0; at < most; at += 64)
        mli_prefetch(x + at);
    mli_prefetch(x + most - (most > 0)); /* rows need not begin with a cache line */
    mli_prefetch(data->y + row);
}

/* Whether rows and those of the next batch fit the first cache together. */
static bool light(const struct mli_train_data *data, size_t n)
{
    return n * data->d <= LIGHT_NUMBERS;
}

/* The row to ask for with the i-th one: the one that comes so much later, or what the order wants. */
static void expect(const struct mli_train_data *data, size_t i, size_t later)
{
    const struct mli_gather *to = data->gather;

    if (!to->soon && i + later < to->known)
        expect_row(data, to->row[i + later]);
    else if (to->soon && i < to->coming)
        expect_row(data, to->soon[i]);
}

/* The n chosen rows from the first on, copied to their place. */
static struct mli_train_data gather(const struct mli_train_data *data, size_t first, size_t n)
{
    const struct mli_gather *to = data->gather;
    size_t d = data->d;
    size_t later = light(data, n) ? data->n : AHEAD;

    for (size_t i = first; i < first + n; i++) {
        size_t row = to->row[i];
        expect(data, i, later);
        memcpy(to->X + i * d, data->X + row * d, d * sizeof(mli_real));
        to->y[i] = data->y[row];
        if (data->weight)
            to->weight[i] = data->weight[row];
    }
    const struct mli_train_data there = { .d = d, .X = to->X, .y = to->y, .weight = data->weight ? to->weight : NULL };
    return rows_from(&there, first);
}

/* What a thread works in. */
struct room {
    mli_real *work, *input;
};

static double block_sum(const struct sum *sum, size_t first, size_t n, bool add, mli_real *grad, const struct room *room)
{
    const struct mli_blocks *blocks = sum->blocks;
    const struct mli_train_data *data = sum->data;
    const mli_real *theta = sum->theta;
    const struct mli_network *net = blocks->net;
    struct mli_train_data rows = data->gather ? gather(data, first, n) : rows_from(data, first);
    const mli_real *X = data->supply ? mli_supply_rows(data, first, n, room->input) : rows.X;
    mli_real *work = room->work;
    struct mli_pass pass = sum->pass ? *sum->pass : (struct mli_pass){ 0 };

    pass.row += first;
    mli_real *Z = mli_network_forward(net, &mli_kernels_blas, theta, n, X, &pass, work);
    mli_real *dZ = grad ? work + mli_network_workspace(net, n, true) : NULL;
    double value = blocks->loss->value(blocks->loss, n, net->outputs, Z, rows.y, rows.weight, dZ);
    if (grad)
        mli_network_backward(net, &mli_kernels_blas, theta, n, X, dZ, &pass, add, grad, work);
    return value;
}

/* Rows [first, end), block by block; grad is overwritten. */
static double chunk_sum(const struct sum *sum, size_t first, size_t end, mli_real *grad, const struct room *room)
{
    const struct mli_blocks *blocks = sum->blocks;
    double total = 0;

    for (size_t n, at = first; at < end; at += n) {
        n = end - at < blocks->rows ? end - at : blocks->rows;
        total += block_sum(sum, at, n, at > first, grad, room);
    }
    return total;
}

/* Whole blocks as far as there are any: the last one of the rows may be short, and that of every part is not. */
static size_t part_start(const struct sum *sum, size_t c)
{
    size_t n = sum->data->n, rows = sum->blocks->rows, all = quotient_up(n, rows);

    if (sum->chunks > all)
        return n * c / sum->chunks;
    size_t start = all * c / sum->chunks * rows;
    return start < n ? start : n;
}

static void run_chunk(void *data, size_t c, size_t thread)
{
    const struct sum *sum = data;
    const struct mli_blocks *blocks = sum->blocks;
    size_t first = part_start(sum, c), end = part_start(sum, c + 1);
    mli_real *grad = sum->grad;

    struct room room = { .work = blocks->workspace + thread * blocks->stride };
    if (sum->data->supply)
        room.input = blocks->input + thread * blocks->rows * sum->data->d;
    if (grad && sum->chunks > 1)
        grad = blocks->grads + c * blocks->net->parameters;
    blocks->sums[c] = chunk_sum(sum, first, end, grad, &room);
}

MLI_CLONES
static void add(size_t p, const struct mli_parts *parts, size_t first, size_t end, mli_real *restrict grad)
{
    const mli_real *restrict part = parts->grad;

    for (size_t j = first; j < end; j++)
        grad[j] = part[j] + part[p + j];
    for (size_t c = 2; c < parts->n; c++)
        for (size_t j = first; j < end; j++)
            grad[j] += part[c * p + j];
}

void mli_parts_add(const struct mli_parts *parts, size_t p, size_t first, size_t end, mli_real *grad)
{
    if (parts->n > 1)
        add(p, parts, first, end, grad);
}

/* The sums do not depend on it, so a small one may go without the others. */
static size_t thread_count(const struct mli_blocks *blocks, size_t n, size_t chunks, bool backward)
{
    double work = (double)n * (double)blocks->net->parameters * (backward ? 3 : 1);
    size_t worth = work < (double)(blocks->threads * THREAD_WORK) ? (size_t)work / THREAD_WORK
                                                                  : blocks->threads;
    return clamp(worth, 1, chunks);
}

double mli_blocks_parts(const struct mli_blocks *blocks, const struct mli_train_data *data, const struct mli_pass *pass,
                        const mli_real *theta, mli_real *grad, struct mli_parts *parts)
{
    size_t chunks = grad ? part_count(blocks, data->n) : clamp(quotient_up(data->n, blocks->rows), 1, CHUNKS_MAX);
    size_t threads = thread_count(blocks, data->n, chunks, grad);
    struct sum sum = { blocks, data, pass, theta, grad, chunks };

    mli_team_run(blocks->team, threads, chunks, run_chunk, &sum);
    double total = blocks->sums[0];
    for (size_t c = 1; c < chunks; c++)
        total += blocks->sums[c];
    *parts = (struct mli_parts){ chunks, blocks->grads };
    return total;
}

struct adding {
    struct mli_parts parts;
    size_t p;
    mli_real *grad;
};

static void add_range(void *data, size_t first, size_t end)
{
    const struct adding *adding = data;
    mli_parts_add(&adding->parts, adding->p, first, end, adding->grad);
}

double mli_blocks_sum(const struct mli_blocks *blocks, const struct mli_train_data *data,
                      const struct mli_pass *pass, const mli_real *theta, mli_real *grad)
{
    struct adding adding = { .p = blocks->net->parameters, .grad = grad };
    double total = mli_blocks_parts(blocks, data, pass, theta, grad, &adding.parts);

    if (grad)
        mli_pieces(adding.p, blocks->team, add_range, &adding);
    return total;
}
