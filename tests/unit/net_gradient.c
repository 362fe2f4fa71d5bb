/* Gradients of every layer under every loss, predicting and in training, against central differences. */
#include <tests/unit/net.h>

#include <base/mem.h>

enum { ROWS = 24, INPUTS = 4, SEEDS = 5, MOST = 256 };

/* A sum of losses over random rows as a function of theta. */
struct slope {
    const struct mli_network *net;
    const struct mli_loss *loss;
    struct mli_pass pass;
    double X[ROWS * INPUTS], y[ROWS], weight[ROWS], theta[MOST];
    double *work, *dZ;
};

static struct slope draw(const char *spec, const struct mli_loss *loss, bool training, uint64_t seed)
{
    struct slope s = { .net = net_make(spec, INPUTS), .loss = loss, .pass = { training, seed, 3 } };
    struct mli_rng rng;

    assert_true(s.net->parameters <= MOST);
    mli_rng_init(&rng, seed);
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        s.X[i] = mli_rng_normal(&rng);
    for (size_t i = 0; i < ROWS; i++) {
        size_t classes = s.net->outputs > 1 ? s.net->outputs : 2;
        s.y[i] = loss->task == MLI_TASK_CLASSIFICATION ? (double)mli_rng_below(&rng, classes)
                 : loss->task == MLI_TASK_MULTILABEL ? (double)mli_rng_below(&rng, (size_t)1 << s.net->outputs)
                 : loss->predicts == MLI_PREDICTS_MEAN ? 4 * mli_rng_uniform(&rng)
                                                       : mli_rng_normal(&rng);
        s.weight[i] = 0.1 + 2 * mli_rng_uniform(&rng);
    }
    mli_network_init(s.net, s.theta, &rng);
    for (size_t j = 0; j < s.net->parameters; j++) /* biases too, and variances stay positive */
        s.theta[j] += 0.3 * mli_rng_uniform(&rng);
    s.work = mli_alloc(mli_network_workspace(s.net, ROWS, true), sizeof(double));
    s.dZ = mli_alloc(ROWS, s.net->outputs * sizeof(double));
    assert_true(s.work && s.dZ);
    return s;
}

static void done(struct slope *s)
{
    mli_network_free((struct mli_network *)(uintptr_t)s->net);
    free(s->work);
    free(s->dZ);
}

static double value(struct slope *s, double *grad)
{
    double *Z = mli_network_forward(s->net, &mli_kernels_plain, s->theta, ROWS, s->X, &s->pass, s->work);
    double sum = s->loss->value(s->loss, ROWS, s->net->outputs, Z, s->y, s->weight, grad ? s->dZ : NULL);

    if (grad) {
        memset(grad, 0, s->net->parameters * sizeof(*grad));
        mli_network_backward(s->net, &mli_kernels_plain, s->theta, ROWS, s->X, s->dZ, &s->pass, true, grad, s->work);
    }
    return sum / ROWS;
}

static bool measured(const struct mli_network *net, size_t j)
{
    for (size_t i = 0; i < net->layers; i++) {
        size_t end = net->layer[i].offset + net->layer[i].parameters;
        if (j < end)
            return j >= end - net->layer[i].statistics;
    }
    return false;
}

/*
 * Central differences err by h^2 f'''/6 and by rounding, eps |f| / h. With h = 1e-6 both are near 1e-10 for values
 * around 1, so an entry is compared relative to its size or to 1e-3 of the value and the largest one.
 */
static void check(struct slope *s)
{
    double grad[MOST], largest = 0, f = value(s, grad);

    for (size_t j = 0; j < s->net->parameters; j++) {
        grad[j] /= ROWS;
        largest = measured(s->net, j) ? largest : fmax(largest, fabs(grad[j]));
    }
    assert_true(largest > 0);
    for (size_t j = 0; j < s->net->parameters; j++) {
        if (measured(s->net, j))
            continue;
        double x = s->theta[j], h = 1e-6 * fmax(1, fabs(x)), up, down;
        s->theta[j] = x + h;
        up = value(s, NULL);
        s->theta[j] = x - h;
        down = value(s, NULL);
        s->theta[j] = x;
        double difference = (up - down) / (2 * h), scale = fmax(fabs(grad[j]), 1e-3 * fmax(f, largest));
        if (!(fabs(difference - grad[j]) < 1e-6 * scale))
            fail_msg("%s, %s, %s, parameter %zu: %.12g, differences give %.12g", s->net->spec, s->loss->name,
                     s->pass.training ? "training" : "predicting", j, grad[j], difference);
    }
}

static void check_stack(const char *hidden, const char *loss, size_t outputs)
{
    char spec[160];

    snprintf(spec, sizeof(spec), "%s, dense %zu", hidden, outputs);
    for (uint64_t seed = 0; seed < 2 * SEEDS; seed++) {
        struct slope s = draw(spec, mli_loss_find(loss), seed % 2, seed);
        check(&s);
        done(&s);
    }
}

/* Under every loss; for classes and labels with one output and with three. */
static void check_losses(const char *hidden)
{
    size_t n;
    const struct mli_loss *const *loss = mli_losses(&n);

    for (size_t i = 0; i < n; i++) {
        check_stack(hidden, loss[i]->name, 1);
        if (loss[i]->task != MLI_TASK_REGRESSION)
            check_stack(hidden, loss[i]->name, 3);
    }
}

/* Each layer kind above a dense layer, at the bottom of the stack, and twice in a row. */
static void every_layer_under_every_loss(void **state)
{
    size_t kinds;
    const struct mli_layer_kind *const *kind = mli_layer_kinds(&kinds);
    char hidden[96];
    (void)state;

    for (size_t k = 0; k < kinds; k++) {
        check_losses(kind[k]->example);
        snprintf(hidden, sizeof(hidden), "dense 5, %s", kind[k]->example);
        check_losses(hidden);
        snprintf(hidden, sizeof(hidden), "dense 4, %s, %s", kind[k]->example, kind[k]->example);
        check_losses(hidden);
    }
}

/* Whatever follows whatever: what lies in place of what must not show. */
static void every_pair_of_layers(void **state)
{
    size_t kinds;
    const struct mli_layer_kind *const *kind = mli_layer_kinds(&kinds);
    char hidden[96];
    (void)state;

    for (size_t a = 0; a < kinds; a++) {
        for (size_t b = 0; b < kinds; b++) {
            snprintf(hidden, sizeof(hidden), "dense 3, %s, %s", kind[a]->example, kind[b]->example);
            check_stack(hidden, "squared", 1);
        }
    }
}

static void deep_stacks(void **state)
{
    static const char *const stacks[] = {
        "dense 6, relu, dropout 0.3, dense 5, tanh, dense 4, gelu",
        "dropout 0.2, dense 5, batch_norm, relu, dropout 0.5, dense 4, batch_norm, sigmoid",
        "batch_norm, dense 5, elu, dense 6, leaky_relu, dropout 0.1, batch_norm",
    };
    (void)state;

    for (size_t i = 0; i < COUNT(stacks); i++)
        check_losses(stacks[i]);
}

int net_gradient_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_under_every_loss),
        cmocka_unit_test(every_pair_of_layers),
        cmocka_unit_test(deep_stacks),
    };
    return cmocka_run_group_tests_name("net: gradients", tests, NULL, NULL);
}
