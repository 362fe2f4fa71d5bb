#include <train/interior.h>

#include <float.h>
#include <la/eigen.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#define ROWS ((size_t)128) /* of a product */
#define PARTS_MIN ((size_t)4)
#define PARTS_MAX ((size_t)16)
#define PART_DOUBLES ((size_t)4 << 20)
#define TERMS ((size_t)2) /* kinks of a loss at most */
#define NUMBERS ((size_t)4)
#define SUMS (sizeof(struct mli_interior_sums) / sizeof(double))

/* ---- layout ------------------------------------------------------------------------------------------------------ */

static size_t parts_of(size_t n, size_t m)
{
    size_t parts = PART_DOUBLES / (m * m), blocks = n / ROWS + 1;

    parts = parts < PARTS_MIN ? PARTS_MIN : parts > PARTS_MAX ? PARTS_MAX : parts;
    return parts < blocks ? parts : blocks;
}

/* Of a part: products of pairs, two vectors, sums, two numbers a row of a block, and the block's rows. */
static size_t stride_of(size_t m)
{
    return m * m + 2 * m + SUMS + 2 * ROWS + ROWS * m;
}

size_t mli_interior_doubles(const struct mli_network *net, size_t n)
{
    size_t d = net->inputs, m = d + 1;

    return MLI_INTERIOR_SCALARS + 7 * m + 2 * m * m + 3 * n + TERMS * NUMBERS * n + NUMBERS * d + parts_of(n, m) * stride_of(m);
}

struct mli_interior mli_interior_view(const struct mli_descent *descent, size_t output)
{
    const struct mli_problem *problem = &descent->problem;
    size_t n = problem->data.n, d = problem->data.d, m = d + 1;
    struct mli_interior work = {
        .problem = problem,
        .n = n,
        .d = d,
        .m = m,
        .output = output,
        .outputs = problem->blocks.net->outputs,
        .parts = parts_of(n, m),
        .l1 = problem->l1 * problem->weight,
        .l2 = problem->l2 * problem->weight,
        .stride = stride_of(m),
    };
    double *next = descent->vectors, **const vectors[] = { &work.theta, &work.affine, &work.step, &work.slope,
                                                           &work.pull,  &work.lift,   &work.bend };

    work.scalar = next;
    next += MLI_INTERIOR_SCALARS;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++, next += m)
        *vectors[i] = next;
    work.gram = next;
    work.factor = next + m * m;
    work.z = next + 2 * m * m;
    work.dz_affine = work.z + n;
    work.dz = work.dz_affine + n;
    work.term = work.dz + n;
    work.penalty = work.term + TERMS * NUMBERS * n;
    work.part = work.penalty + NUMBERS * d;
    return work;
}

/* ---- one term ---------------------------------------------------------------------------------------------------- */

struct direction {
    double stiffness, pull; /* da = stiffness dz + pull */
    double da, dt, du;
};

/* Newton's step towards a t = 0 = b u for a change dz of z. */
static struct direction affine_of(const double term[4], double dz)
{
    double u = term[0], t = term[1], a = term[2], b = term[3];
    struct direction way = { .stiffness = 1 / (u / b + t / a) };

    way.pull = way.stiffness * (u - t);
    way.da = way.stiffness * dz + way.pull;
    way.dt = -t * (1 + way.da / a);
    way.du = -u * (1 - way.da / b);
    return way;
}

/* The same towards a t = centre = b u, with what the affine step leaves at second order [Mehrotra 1992]. */
static struct direction centred_of(const double term[4], const struct direction *affine, double centre, double dz)
{
    double u = term[0], t = term[1], a = term[2], b = term[3];
    double below = centre - a * t - affine->da * affine->dt, above = centre - b * u + affine->da * affine->du;
    struct direction way = { .stiffness = affine->stiffness };

    way.pull = way.stiffness * (below / a - above / b);
    way.da = way.stiffness * dz + way.pull;
    way.dt = (below - t * way.da) / a;
    way.du = (above + u * way.da) / b;
    return way;
}

static double longest(double x, double dx, double step)
{
    return dx < 0 && x < step * -dx ? x / -dx : step;
}

static void bound_steps(const double term[4], const struct direction *way, struct mli_interior_sums *sums)
{
    sums->step_primal = longest(term[0], way->du, sums->step_primal);
    sums->step_primal = longest(term[1], way->dt, sums->step_primal);
    sums->step_dual = longest(term[2], way->da, sums->step_dual);
    sums->step_dual = longest(term[3], -way->da, sums->step_dual);
}

static void measure_term(const double term[4], double r, struct mli_interior_sums *sums)
{
    sums->gap += r > 0 ? term[3] * r : -term[2] * r;
    sums->complement += term[2] * term[1] + term[3] * term[0];
}

static void measure_affine(const double term[4], const struct direction *way, struct mli_interior_sums *sums)
{
    double u = term[0], t = term[1], a = term[2], b = term[3];

    sums->primal += a * way->dt + b * way->du;
    sums->dual += way->da * (t - u);
    sums->both += way->da * (way->dt - way->du);
    bound_steps(term, way, sums);
}

static void begin_term(double term[4], double rise, double r, double spread)
{
    term[0] = fmax(r, 0) + spread;
    term[1] = fmax(-r, 0) + spread;
    term[2] = term[3] = 0.5 * rise;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static struct mli_kinks kinks_of(const struct mli_interior *work, size_t row, double *weight)
{
    const struct mli_train_data *data = &work->problem->data;
    const struct mli_loss *loss = work->problem->blocks.loss;
    struct mli_kinks kinks;

    loss->kinks(loss, data->y[row], work->output, work->outputs, &kinks);
    *weight = data->weight ? data->weight[row] : 1;
    if (!(*weight > 0)) /* no part in it */
        kinks.n = 0;
    return kinks;
}

/* The l1 term of a weight. */
static double penalty_rise(const struct mli_interior *work)
{
    return 2 * work->l1;
}

static void step_term(double term[4], double dz_affine, double dz, const double *scalar)
{
    struct direction affine = affine_of(term, dz_affine);
    struct direction way = centred_of(term, &affine, scalar[MLI_INTERIOR_CENTRE], dz);

    term[0] += scalar[MLI_INTERIOR_PRIMAL] * way.du;
    term[1] += scalar[MLI_INTERIOR_PRIMAL] * way.dt;
    term[2] += scalar[MLI_INTERIOR_DUAL] * way.da;
    term[3] -= scalar[MLI_INTERIOR_DUAL] * way.da;
}

/* What a sweep does with row i: two numbers whose products with the row are summed, and a scale for its pairs. */
typedef double (*visit)(struct mli_interior *work, size_t i, struct mli_interior_sums *sums, double pair[2]);

static double visit_measure(struct mli_interior *work, size_t i, struct mli_interior_sums *sums, double pair[2])
{
    double weight, scale = 0, *term = work->term + i * TERMS * NUMBERS;
    struct mli_kinks kinks = kinks_of(work, i, &weight);
    bool pending = work->scalar[MLI_INTERIOR_PENDING] > 0;

    for (size_t k = 0; pending && k < kinks.n; k++)
        step_term(term + k * NUMBERS, work->dz_affine[i], work->dz[i], work->scalar);
    if (pending)
        work->z[i] += work->scalar[MLI_INTERIOR_PRIMAL] * work->dz[i];
    pair[0] = weight * kinks.slope;
    pair[1] = 0;
    sums->loss += weight * kinks.slope * (work->z[i] - kinks.at[0]);
    for (size_t k = 0; k < kinks.n; k++, term += NUMBERS) {
        double rise = weight * kinks.rise[k], r = work->z[i] - kinks.at[k];
        struct direction way = affine_of(term, 0);
        sums->loss += rise * fmax(r, 0);
        measure_term(term, r, sums);
        pair[0] += term[2];
        pair[1] += way.pull;
        scale += way.stiffness;
    }
    return scale;
}

static double visit_try(struct mli_interior *work, size_t i, struct mli_interior_sums *sums, double pair[2])
{
    double weight, *term = work->term + i * TERMS * NUMBERS;
    struct mli_kinks kinks = kinks_of(work, i, &weight);

    pair[0] = pair[1] = 0;
    for (size_t k = 0; k < kinks.n; k++, term += NUMBERS) {
        struct direction way = affine_of(term, work->dz_affine[i]);
        measure_affine(term, &way, sums);
        pair[0] += way.stiffness * (1 / term[2] - 1 / term[3]);
        pair[1] += way.stiffness * way.da * (way.du / term[3] + way.dt / term[2]);
    }
    return 0;
}

static double visit_aim(struct mli_interior *work, size_t i, struct mli_interior_sums *sums, double pair[2])
{
    double weight, *term = work->term + i * TERMS * NUMBERS;
    struct mli_kinks kinks = kinks_of(work, i, &weight);

    (void)pair;
    for (size_t k = 0; k < kinks.n; k++, term += NUMBERS) {
        struct direction affine = affine_of(term, work->dz_affine[i]);
        struct direction way = centred_of(term, &affine, work->scalar[MLI_INTERIOR_CENTRE], work->dz[i]);
        bound_steps(term, &way, sums);
    }
    return 0;
}

/* ---- sweeps ------------------------------------------------------------------------------------------------------ */

/* finite, as a checkpoint is to hold it */
static const struct mli_interior_sums nothing = { .step_primal = DBL_MAX, .step_dual = DBL_MAX };

static void add_sums(struct mli_interior_sums *to, const struct mli_interior_sums *part)
{
    to->loss += part->loss;
    to->gap += part->gap;
    to->complement += part->complement;
    to->primal += part->primal;
    to->dual += part->dual;
    to->both += part->both;
    to->step_primal = fmin(to->step_primal, part->step_primal);
    to->step_dual = fmin(to->step_dual, part->step_dual);
}

/* Work space of one part. */
struct part {
    double *gram, *products, *bias; /* (m,m), (2,d), (2) */
    struct mli_interior_sums *sums;
    double *pair, *rows; /* (ROWS,2), (ROWS,m) */
};

static struct part part_of(const struct mli_interior *work, size_t p)
{
    struct part part = { .gram = work->part + p * work->stride };

    part.products = part.gram + work->m * work->m;
    part.bias = part.products + 2 * work->d;
    part.sums = (struct mli_interior_sums *)(part.bias + 2);
    part.pair = part.bias + 2 + SUMS;
    part.rows = part.pair + 2 * ROWS;
    return part;
}

static void scale_row(const struct mli_interior *work, size_t row, double scale, double *out)
{
    const double *x = work->problem->data.X + row * work->d;

    for (size_t j = 0; j < work->d; j++)
        out[j] = scale * x[j];
    out[work->d] = scale;
}

/* z (n) = X w + b for rows [begin, begin + n) */
static void project(const struct mli_interior *work, size_t begin, size_t n, const double *theta, double *z)
{
    mli_kernels_plain.multiply_nt(n, 1, work->d, work->problem->data.X + begin * work->d, theta, 0, z);
    for (size_t i = 0; i < n; i++)
        z[i] += theta[work->d];
}

/* Products of a block's rows with the two numbers of each. */
static void add_products(const struct mli_interior *work, size_t begin, size_t n, struct part *part)
{
    const double *X = work->problem->data.X + begin * work->d;

    mli_kernels_plain.multiply_tn(n, 2, work->d, part->pair, X, 1, part->products);
    for (size_t i = 0; i < n; i++) {
        part->bias[0] += part->pair[2 * i];
        part->bias[1] += part->pair[2 * i + 1];
    }
}

struct sweep {
    visit visit;
    const double *along; /* (m) projected into `z` first, NULL: nothing */
    double *z;
    double *first, *second; /* (m) get the products of the rows with the two numbers of each, NULL: not wanted */
    bool gram;
};

static void sweep_part(struct mli_interior *work, const struct sweep *sweep, size_t p)
{
    struct part part = part_of(work, p);
    size_t m = work->m, begin = work->n * p / work->parts, end = work->n * (p + 1) / work->parts;

    *part.sums = nothing;
    memset(part.products, 0, 2 * m * sizeof(double));
    if (sweep->gram)
        memset(part.gram, 0, m * m * sizeof(double));
    for (size_t n; begin < end; begin += n) {
        n = end - begin < ROWS ? end - begin : ROWS;
        if (sweep->along)
            project(work, begin, n, sweep->along, sweep->z + begin);
        for (size_t i = 0; i < n; i++) {
            double scale = sweep->visit(work, begin + i, part.sums, part.pair + 2 * i);
            if (sweep->gram)
                scale_row(work, begin + i, sqrt(scale), part.rows + i * m);
        }
        if (sweep->first)
            add_products(work, begin, n, &part);
        if (sweep->gram)
            mli_gram_add(n, m, part.rows, part.gram);
    }
}

/* Sums of the parts in order. */
static struct mli_interior_sums sweep_all(struct mli_interior *work, const struct sweep *sweep)
{
    struct mli_interior_sums sums = nothing;
    size_t threads = work->problem->blocks.threads, m = work->m;

    threads = threads < work->parts ? threads : work->parts;
#pragma omp parallel for schedule(static, 1) num_threads((int)threads)
    for (size_t p = 0; p < work->parts; p++)
        sweep_part(work, sweep, p);
    for (size_t p = 0; p < work->parts; p++) {
        struct part part = part_of(work, p);
        add_sums(&sums, part.sums);
        for (size_t j = 0; sweep->first && j < m; j++) {
            double first = j < m - 1 ? part.products[j] : part.bias[0];
            double second = j < m - 1 ? part.products[m - 1 + j] : part.bias[1];
            sweep->first[j] = first + (p ? sweep->first[j] : 0);
            sweep->second[j] = second + (p ? sweep->second[j] : 0);
        }
        for (size_t j = 0; sweep->gram && j < m * m; j++)
            work->gram[j] = part.gram[j] + (p ? work->gram[j] : 0);
    }
    return sums;
}

/* ---- the sweeps by name, each with the terms of l1 behind those of the rows --------------------------------------- */

void mli_interior_begin(struct mli_interior *work)
{
    double sum = 0, weight;
    size_t count = 0;

    project(work, 0, work->n, work->theta, work->z);
    for (size_t i = 0; i < work->n; i++) {
        struct mli_kinks kinks = kinks_of(work, i, &weight);
        for (size_t k = 0; k < kinks.n; k++, count++)
            sum += fabs(work->z[i] - kinks.at[k]);
    }
    double spread = fmax(sum / (double)count, 1e-3);
    for (size_t i = 0; i < work->n; i++) {
        struct mli_kinks kinks = kinks_of(work, i, &weight);
        for (size_t k = 0; k < kinks.n; k++)
            begin_term(work->term + (i * TERMS + k) * NUMBERS, weight * kinks.rise[k], work->z[i] - kinks.at[k],
                       spread);
    }
    for (size_t j = 0; work->l1 > 0 && j < work->d; j++)
        begin_term(work->penalty + j * NUMBERS, penalty_rise(work), work->theta[j], spread);
    work->scalar[MLI_INTERIOR_PENDING] = 0;
}

struct mli_interior_sums mli_interior_measure(struct mli_interior *work)
{
    const struct sweep sweep = { .visit = visit_measure, .first = work->slope, .second = work->pull, .gram = true };
    bool pending = work->scalar[MLI_INTERIOR_PENDING] > 0;
    struct mli_interior_sums sums = sweep_all(work, &sweep);

    for (size_t j = 0; work->l1 > 0 && j < work->d; j++) {
        double *term = work->penalty + j * NUMBERS;
        if (pending)
            step_term(term, work->affine[j], work->step[j], work->scalar);
    }
    for (size_t j = 0; pending && j < work->m; j++)
        work->theta[j] += work->scalar[MLI_INTERIOR_PRIMAL] * work->step[j];
    for (size_t j = 0; work->l1 > 0 && j < work->d; j++) {
        const double *term = work->penalty + j * NUMBERS;
        struct direction way = affine_of(term, 0);
        measure_term(term, work->theta[j], &sums);
        work->slope[j] += term[2] - work->l1;
        work->pull[j] += way.pull;
        work->gram[j * work->m + j] += way.stiffness;
    }
    for (size_t j = 0; j < work->d; j++) {
        work->slope[j] += work->l2 * work->theta[j];
        work->gram[j * work->m + j] += work->l2;
    }
    work->scalar[MLI_INTERIOR_PENDING] = 0;
    return sums;
}

struct mli_interior_sums mli_interior_try(struct mli_interior *work)
{
    const struct sweep sweep = { visit_try, work->affine, work->dz_affine, work->lift, work->bend, false };
    struct mli_interior_sums sums = sweep_all(work, &sweep);

    for (size_t j = 0; work->l1 > 0 && j < work->d; j++) {
        const double *term = work->penalty + j * NUMBERS;
        struct direction way = affine_of(term, work->affine[j]);
        measure_affine(term, &way, &sums);
        work->lift[j] += way.stiffness * (1 / term[2] - 1 / term[3]);
        work->bend[j] += way.stiffness * way.da * (way.du / term[3] + way.dt / term[2]);
    }
    return sums;
}

struct mli_interior_sums mli_interior_aim(struct mli_interior *work, double centre)
{
    const struct sweep sweep = { visit_aim, work->step, work->dz, NULL, NULL, false };

    work->scalar[MLI_INTERIOR_CENTRE] = centre;
    struct mli_interior_sums sums = sweep_all(work, &sweep);
    for (size_t j = 0; work->l1 > 0 && j < work->d; j++) {
        const double *term = work->penalty + j * NUMBERS;
        struct direction affine = affine_of(term, work->affine[j]);
        struct direction way = centred_of(term, &affine, centre, work->step[j]);
        bound_steps(term, &way, &sums);
    }
    return sums;
}
