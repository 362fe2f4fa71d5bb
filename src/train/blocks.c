#include <train/blocks.h>

#include <base/mem.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of a block, 256 KiB: they fit the L2 cache of every x86-64 since 2008 and of most ARM. */
#define BLOCK_NUMBERS ((size_t)256 * 1024 / sizeof(mli_real))
/* Rows of a block; with fewer dgemm packs more than it multiplies. */
#define BLOCK_ROWS_MIN ((size_t)32)
#define BLOCK_ROWS_MAX ((size_t)512)
/* Partial gradients: so many, or as few as fit 32 MiB, but not fewer than the smaller number. */
#define CHUNKS_MAX ((size_t)64)
#define CHUNKS_MIN ((size_t)8)
#define CHUNK_NUMBERS ((size_t)32 * 1024 * 1024 / sizeof(mli_real))
/* Multiplications that are worth waking a thread for: some 0.2 ms. */
#define THREAD_WORK ((size_t)1024 * 1024)
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
    return clamp(quotient_up(n, block_rows(net, n)), 1, most);
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
    return (threads * workspace(net, n) + gradients(net, n)) * sizeof(mli_real) + CHUNKS_MAX * sizeof(double);
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
    };
    blocks->workspace = mli_alloc(threads, blocks->stride * sizeof(mli_real));
    blocks->sums = mli_alloc(CHUNKS_MAX, sizeof(double));
    if (blocks->chunks > 1)
        blocks->grads = mli_alloc(gradients(net, n), sizeof(mli_real));
    if (blocks->workspace && blocks->sums && (blocks->chunks == 1 || blocks->grads))
        return ML_OK;
    mli_blocks_release(blocks);
    return ml_error_set(err, ML_ENOMEM, "out of memory for the work space of training");
}

void mli_blocks_release(struct mli_blocks *blocks)
{
    free(blocks->workspace);
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
    size_t all, chunks;
};

static double block_sum(const struct sum *sum, size_t first, size_t n, mli_real *grad, mli_real *work)
{
    const struct mli_blocks *blocks = sum->blocks;
    const struct mli_train_data *data = sum->data;
    const mli_real *theta = sum->theta;
    const struct mli_network *net = blocks->net;
    const mli_real *X = data->X + first * data->d;
    const double *weight = data->weight ? data->weight + first : NULL;
    struct mli_pass pass = sum->pass ? *sum->pass : (struct mli_pass){ 0 };

    pass.row += first;
    mli_real *Z = mli_network_forward(net, &mli_kernels_blas, theta, n, X, &pass, work);
    mli_real *dZ = grad ? work + mli_network_workspace(net, n, true) : NULL;

    double value = blocks->loss->value(blocks->loss, n, net->outputs, Z, data->y + first, weight, dZ);
    if (grad)
        mli_network_backward(net, &mli_kernels_blas, theta, n, X, dZ, &pass, grad, work);
    return value;
}

/* Rows [first, end), block by block; grad is overwritten. */
static double chunk_sum(const struct sum *sum, size_t first, size_t end, mli_real *grad, mli_real *work)
{
    const struct mli_blocks *blocks = sum->blocks;
    double total = 0;

    if (grad)
        memset(grad, 0, blocks->net->parameters * sizeof(*grad));
    for (size_t n; first < end; first += n) {
        n = end - first < blocks->rows ? end - first : blocks->rows;
        total += block_sum(sum, first, n, grad, work);
    }
    return total;
}

static void run_chunk(const struct sum *sum, size_t c, size_t thread)
{
    const struct mli_blocks *blocks = sum->blocks;
    size_t first = sum->all * c / sum->chunks * blocks->rows;
    size_t end = sum->all * (c + 1) / sum->chunks * blocks->rows;
    mli_real *grad = sum->grad;

    if (end > sum->data->n)
        end = sum->data->n;
    if (grad && sum->chunks > 1)
        grad = blocks->grads + c * blocks->net->parameters;
    blocks->sums[c] =
        chunk_sum(sum, first, end, grad, blocks->workspace + thread * blocks->stride);
}

/* The sums do not depend on it, so a small one may go without the others. */
static size_t thread_count(const struct mli_blocks *blocks, size_t n, size_t chunks, bool backward)
{
    double work = (double)n * (double)blocks->net->parameters * (backward ? 3 : 1);
    size_t worth = work < (double)(blocks->threads * THREAD_WORK) ? (size_t)work / THREAD_WORK
                                                                  : blocks->threads;
    return clamp(worth, 1, chunks);
}

double mli_blocks_sum(const struct mli_blocks *blocks, const struct mli_train_data *data,
                      const struct mli_pass *pass, const mli_real *theta, mli_real *grad)
{
    size_t all = quotient_up(data->n, blocks->rows), p = blocks->net->parameters;
    size_t chunks = clamp(all, 1, grad ? blocks->chunks : CHUNKS_MAX);
    int threads = (int)thread_count(blocks, data->n, chunks, grad);
    struct sum sum = { blocks, data, pass, theta, grad, all, chunks };

    if (threads == 1) { /* OpenMP would set up a team even for one */
        for (size_t c = 0; c < chunks; c++)
            run_chunk(&sum, c, 0);
    } else {
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t c = 0; c < chunks; c++)
            run_chunk(&sum, c, (size_t)omp_get_thread_num());
    }
    double total = blocks->sums[0];
    if (grad && chunks > 1)
        memcpy(grad, blocks->grads, p * sizeof(*grad));
    for (size_t c = 1; c < chunks; c++) {
        total += blocks->sums[c];
        for (size_t j = 0; grad && j < p; j++)
            grad[j] += blocks->grads[c * p + j];
    }
    return total;
}
