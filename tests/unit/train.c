#include <tests/unit/train.h>

#include <base/mem.h>
#include <stdio.h>

bool suits(const char *optimiser, const struct mli_loss *loss)
{
    if (strcmp(optimiser, "interior") == 0)
        return loss->kinks;
    return !loss->kinks || (strcmp(optimiser, "lbfgs") != 0 && strcmp(optimiser, "gd") != 0);
}

static double *doubles(size_t n)
{
    double *x = mli_calloc(n, sizeof(double));
    assert_non_null(x);
    return x;
}

static struct problem allocate(const char *spec, const char *loss, size_t n, size_t d)
{
    struct problem problem = { .loss = mli_alloc(1, sizeof(*problem.loss)), .X = doubles(n * d), .y = doubles(n) };

    assert_int_equal(mli_loss_parse(loss, problem.loss, NULL, NULL), ML_OK);
    assert_int_equal(mli_network_new(spec, d, &problem.net, NULL), ML_OK);
    problem.data = (struct mli_train_data){ .n = n, .d = d, .X = problem.X, .y = problem.y };
    return problem;
}

void problem_release(struct problem *problem)
{
    mli_network_free(problem->net);
    free(problem->loss);
    free(problem->X);
    free(problem->y);
    free(problem->weight);
}

/* The class whose hidden score, plus noise, is largest. */
static size_t draw_class(struct mli_rng *rng, const double *x, size_t d, const double *hidden,
                         size_t classes)
{
    size_t best = 0;
    double top = -INFINITY;

    for (size_t c = 0; c < classes; c++) {
        double score = mli_dot(d, x, hidden + c * d) + 2 * mli_rng_normal(rng);
        if (score > top)
            best = c;
        top = fmax(top, score);
    }
    return best;
}

/* Each whether its hidden score, plus noise, is above 0. */
static double draw_labels(struct mli_rng *rng, const double *x, size_t d, const double *hidden, size_t labels)
{
    double on[MLI_LABELS_MAX];

    for (size_t c = 0; c < labels; c++)
        on[c] = mli_dot(d, x, hidden + c * d) + 2 * mli_rng_normal(rng) > 0;
    return mli_labels_code(labels, on);
}

struct problem problem_new(const char *spec, const char *loss, size_t n, size_t d, double spread,
                           uint64_t seed)
{
    struct problem problem = allocate(spec, loss, n, d);
    size_t outputs = problem.net->outputs, classes = outputs > 1 ? outputs : 2;
    double *hidden = doubles(classes * d);
    struct mli_rng rng;

    mli_rng_init(&rng, seed);
    for (size_t j = 0; j < classes * d; j++)
        hidden[j] = mli_rng_normal(&rng);
    for (size_t i = 0; i < n; i++) {
        double *x = problem.X + i * d;
        for (size_t j = 0; j < d; j++)
            x[j] = mli_rng_normal(&rng);
        if (problem.loss->task == MLI_TASK_MULTILABEL)
            problem.y[i] = draw_labels(&rng, x, d, hidden, outputs);
        else if (problem.loss->task == MLI_TASK_CLASSIFICATION)
            problem.y[i] = (double)draw_class(&rng, x, d, hidden, classes);
        else
            problem.y[i] = 0.5 + mli_dot(d, x, hidden) + 0.3 * mli_rng_normal(&rng);
        if (problem.loss->predicts == MLI_PREDICTS_MEAN)
            problem.y[i] = floor(exp(0.3 * problem.y[i]));
        for (size_t j = 0; j < d; j++)
            x[j] *= pow(spread, (double)j);
    }
    free(hidden);
    return problem;
}

/*
 * ---- tables ------------------------------------------------------------------------------------------------------
 */

static size_t count_fields(const char *line)
{
    size_t n = 1;
    for (; *line; line++)
        n += *line == ',';
    return n;
}

/* A number, or the place of a label among the alphabetically ordered labels of the tables used here. */
static double target(const char *text)
{
    static const char *const labels[][3] = { { "benign", "malignant", "" },
                                             { "setosa", "versicolor", "virginica" } };
    char *end;
    double number = strtod(text, &end);

    if (end != text)
        return number;
    for (size_t t = 0; t < COUNT(labels); t++)
        for (size_t c = 0; c < 3; c++)
            if (labels[t][c][0] && strncmp(text, labels[t][c], strlen(labels[t][c])) == 0)
                return (double)c;
    fail_msg("unknown label %s", text);
    return NAN;
}

static void standardise(double *X, size_t n, size_t d)
{
    for (size_t j = 0; j < d; j++) {
        double mean = 0, square = 0;
        for (size_t i = 0; i < n; i++)
            mean += X[i * d + j] / (double)n;
        for (size_t i = 0; i < n; i++)
            square += (X[i * d + j] - mean) * (X[i * d + j] - mean);
        for (size_t i = 0; i < n; i++)
            X[i * d + j] = (X[i * d + j] - mean) / sqrt(square / (double)n);
    }
}

struct problem problem_read(const char *path, const char *loss, size_t outputs, bool weighted)
{
    char line[4096], spec[32];
    FILE *file = fopen(path, "r");

    if (!file)
        fail_msg("%s: cannot be opened; run the tests from the top of the tree", path);
    assert_non_null(fgets(line, sizeof(line), file));
    size_t d = count_fields(line) - 1, n = 0;
    while (fgets(line, sizeof(line), file))
        n++;
    snprintf(spec, sizeof(spec), "dense %zu", outputs);
    struct problem problem = allocate(spec, loss, n, d);
    rewind(file);
    assert_non_null(fgets(line, sizeof(line), file));
    for (size_t i = 0; i < n; i++) {
        char *at = fgets(line, sizeof(line), file);
        assert_non_null(at);
        for (size_t j = 0; j < d; j++, at++)
            problem.X[i * d + j] = strtod(at, &at);
        problem.y[i] = target(at);
    }
    fclose(file);
    standardise(problem.X, n, d);
    if (weighted) {
        problem.data.weight = problem.weight = doubles(n);
        for (size_t i = 0; i < n; i++)
            problem.weight[i] = 1 + (double)(i % 3);
    }
    return problem;
}

/*
 * ---- training ----------------------------------------------------------------------------------------------------
 */

struct mli_train_state problem_train(const struct problem *problem,
                                     const struct mli_train_config *config, double *theta)
{
    struct ml_error err = ML_ERROR_INIT;
    struct mli_trainer *trainer = NULL;
    struct mli_rng rng;
    size_t p = problem->net->parameters;
    double *start = doubles(p);

    mli_rng_init(&rng, config->seed);
    mli_network_init(problem->net, start, &rng);
    if (mli_trainer_new(problem->net, problem->loss, &problem->data, NULL, config, start, &trainer,
                        &err) != ML_OK)
        fail_msg("%s: %s", config->optimiser, err.text);
    free(start); /* copied */
    while (mli_trainer_state(trainer)->end == MLI_TRAIN_RUNNING)
        if (mli_trainer_epoch(trainer, &err) != ML_OK)
            fail_msg("%s: %s", config->optimiser, err.text);
    struct mli_train_state state = *mli_trainer_state(trainer);
    memcpy(theta, mli_trainer_theta(trainer), p * sizeof(double));
    mli_trainer_free(trainer);
    return state;
}

double problem_value(const struct problem *problem, const struct mli_train_config *config,
                     const double *theta, double *grad)
{
    double value;

    assert_int_equal(mli_objective(problem->net, problem->loss, &problem->data, config->l1,
                                   config->l2, config->threads, theta, grad, &value, NULL),
                     ML_OK);
    return value;
}

int main(void)
{
    int failed = 0;

    failed += train_gradient_tests();
    failed += train_optimum_tests();
    failed += train_steps_tests();
    failed += train_epoch_tests();
    failed += train_state_tests();
    failed += train_supply_tests();
    return failed > 0;
}
