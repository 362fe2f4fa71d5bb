#include <fit/settings.h>

#include <base/limits.h>
#include <base/suggest.h>
#include <fit/layers.h>
#include <math.h>
#include <prep/options.h>
#include <stdio.h>
#include <string.h>
#include <train/schedule.h>

enum { INTERIOR_EPOCHS = 200, MEMBERS_MAX = 1000 };

/* Index of a name in a NULL-terminated list; an ML_EUSAGE that lists or suggests the names when it is not there. */
static enum ml_status find_name(const char *what, const char *name, const char *const *names,
                                struct ml_error *err)
{
    size_t n = 0;
    while (names[n]) {
        if (strcmp(names[n], name) == 0)
            return ML_OK;
        n++;
    }
    char list[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof list - 32; i++) {
        for (const char *c = names[i]; *c && used < sizeof list - 4; c++)
            list[used++] = *c;
        list[used++] = i + 1 < n ? ' ' : '\0';
        list[used] = 0;
    }
    size_t near = mli_suggest(name, names, n);
    if (near < n)
        return ml_error_set(err, ML_EUSAGE, "no %s \"%s\"; did you mean \"%s\"?", what, name, names[near]);
    return ml_error_set(err, ML_EUSAGE, "no %s \"%s\"; there are: %s", what, name, list);
}

static enum ml_status in_range(const char *option, double value, double low, double high,
                               const char *range, struct ml_error *err)
{
    if (value >= low && value <= high)
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE, "--%s %g is out of range: it must be %s", option, value, range);
}

static enum ml_status check_ranges(const struct ml_fit_config *c, struct ml_error *err)
{
    const struct {
        const char *option;
        double value, low, high;
        const char *range;
    } rows[] = {
        { "rate", c->rate, 0, INFINITY, "0 (chosen) or more" },
        { "momentum", c->momentum, 0, nextafter(1, 0), "from 0 to below 1" },
        { "warmup", c->warmup, 0, 1e9, "0 or more" },
        { "clip", c->clip, 0, INFINITY, "0 (any) or more" },
        { "min-delta", c->min_delta, 0, INFINITY, "0 or more" },
        { "time-budget", c->time_budget, 0, INFINITY, "0 (any) or more" },
        { "decay", c->decay, 0, 1e12, "0 or more" },
        { "l1", c->l1, 0, 1e12, "0 or more" },
        { "l2", c->l2, -INFINITY, 1e12, "0 or more, or negative for 1 / rows" },
        { "tolerance", c->tolerance, 0, 1, "from 0 to 1" },
        { "epochs", (double)c->epochs, 0, 1e9, "0 (chosen) to 1e9" },
        { "batch", (double)c->batch, 0, 1e9, "0 (chosen) to 1e9" },
        { "validation", c->validation, 0.001, 0.9, "from 0.001 to 0.9" },
        { "members", (double)c->members, 0, MEMBERS_MAX, "from 1 to 1000" },
        { "threads", (double)c->threads, 0, 1024, "0 (one a core) to 1024" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum ml_status status =
            in_range(rows[i].option, rows[i].value, rows[i].low, rows[i].high, rows[i].range, err);
        if (status)
            return status;
    }
    return isfinite(c->rate) ? ML_OK : ml_error_set(err, ML_EUSAGE, "--rate must be finite");
}

static enum ml_status check_names(const struct ml_fit_config *c, struct ml_error *err)
{
    static const char *const tasks[] = { "auto", "regression", "classification", "multilabel", NULL };
    static const char *const automatic[] = { "auto", NULL };
    static const char *const orders[] = { "rows", "windows", NULL };
    static const char *const precisions[] = { "auto", "double", "float", NULL };
    enum ml_status status = find_name("task", c->task, tasks, err);
    if (!status && strcmp(c->kind, automatic[0]) != 0) {
        size_t n;
        const char *names[16] = { 0 };
        const struct mli_kind *kinds = mli_kinds(&n);
        for (size_t i = 0; i < n && i < 15; i++)
            names[i] = kinds[i].name;
        status = find_name("kind", c->kind, names, err);
    }
    struct mli_loss loss;
    if (!status && c->loss)
        status = mli_loss_parse(c->loss, &loss, NULL, err);
    if (!status && strcmp(c->optimiser, automatic[0]) != 0)
        status = find_name("optimiser", c->optimiser, mli_optimiser_names(), err);
    if (!status)
        status = find_name("precision", c->precision, precisions, err);
    if (!status && c->shuffle)
        status = find_name("shuffle", c->shuffle, orders, err);
    return status;
}

static enum ml_status check_split(const struct mli_settings *s, struct ml_error *err)
{
    if (mli_split_parts(&s->split) > 2)
        return ml_error_set(err, ML_EUSAGE,
                            "--split %s: one share is held out here; mlctl split makes several files",
                            s->split_text);
    if (s->group && s->split.kind != MLI_SPLIT_RANDOM && s->split.kind != MLI_SPLIT_NONE)
        return ml_error_set(err, ML_EUSAGE, "--group goes with --split random:F, not with %s", s->split_text);
    return ML_OK;
}

/* A number is a quantity for a kind or loss that knows no classes, even if it looks like codes of classes. */
static bool wants_quantity(const struct ml_fit_config *c)
{
    const struct mli_kind *kind = mli_kind_find(c->kind);
    struct mli_loss loss;

    if (kind && !mli_kind_loss(kind, MLI_TASK_CLASSIFICATION))
        return true;
    return c->loss && mli_loss_parse(c->loss, &loss, NULL, NULL) == ML_OK && loss.task == MLI_TASK_REGRESSION;
}

enum ml_status mli_settings_check(const struct ml_fit_config *config, struct mli_settings *out,
                                  struct ml_error *err)
{
    struct mli_settings s = {
        .split_text = config->test ? "none" : config->split ? config->split : "random:0.2",
        .group = config->group,
        .dedupe = config->dedupe,
        .weight = config->weight,
        .class_weight = config->class_weight,
        .prep = &config->clean,
        .read = config->read,
        .train = MLI_TRAIN_CONFIG_INIT,
        .known = config->warm,
        .validation = config->validation,
        .members = config->members ? config->members : 1,
        .memory = config->memory ? config->memory : mli_memory_available(),
    };
    struct mli_schedule schedule;
    if (config->test && config->split && strcmp(config->split, "none") != 0)
        return ml_error_set(err, ML_EUSAGE,
                            "--test and --split exclude each other: with --test all rows of the data train");
    enum ml_status status = check_ranges(config, err);
    if (!status)
        status = check_names(config, err);
    if (!status)
        status = mli_layers_check(config, err);
    if (!status)
        status = mli_split_parse(s.split_text, &s.split, err);
    if (!status)
        status = check_split(&s, err);
    if (!status && config->schedule)
        status = mli_schedule_parse(config->schedule, &schedule, err);
    if (!status)
        status = mli_prep_check(&config->clean, err);
    if (status)
        return status;
    bool automatic = strcmp(config->optimiser, "auto") == 0, deep = mli_layers_deep(config);
    s.train.optimiser = !automatic ? config->optimiser : deep ? MLI_LAYERS_OPTIMISER : "lbfgs";
    bool full_batch = !strcmp(s.train.optimiser, "lbfgs") || !strcmp(s.train.optimiser, "gd");
    s.train.rate = config->rate;
    s.train.momentum = config->momentum;
    s.train.schedule = config->schedule;
    s.train.warmup = config->warmup;
    s.train.clip = config->clip;
    s.train.min_delta = config->min_delta;
    s.train.decay = config->decay;
    s.train.l1 = config->l1;
    s.train.l2 = config->l2;
    s.train.tolerance = config->tolerance;
    s.train.epochs = config->epochs ? config->epochs : full_batch ? 1000 : deep ? 0 : 100;
    s.train.batch = config->batch ? config->batch : MLI_LAYERS_BATCH;
    s.train.windows = config->shuffle && strcmp(config->shuffle, "windows") == 0;
    s.train.patience = config->patience;
    s.train.trained = config->warm != NULL;
    s.train.seed = config->seed;
    s.task = strcmp(config->task, "auto") == 0 && wants_quantity(config) ? "quantity" : config->task;
    s.train.threads = config->threads ? config->threads : mli_processors();
    *out = s;
    return ML_OK;
}

static enum ml_status find_kind(const char *name, enum mli_task task, const struct mli_loss *loss,
                                const struct mli_kind **out, struct ml_error *err)
{
    size_t n;
    const struct mli_kind *kinds = mli_kinds(&n), *kind = mli_kind_find(name);

    if (kind && !mli_kind_loss(kind, task) && task == MLI_TASK_MULTILABEL)
        return ml_error_set(err, ML_EUSAGE, "--kind %s takes one target; of several labels logistic and mlp learn", kind->name);
    if (kind && !mli_kind_loss(kind, task))
        return ml_error_set(err, ML_EUSAGE,
                            "--kind %s is for %s, but the task is %s; --task overrides what the target suggests",
                            kind->name, mli_task_name(kind->losses[0]->task), mli_task_name(task));
    if (!kind && !loss)
        kind = mli_kind_default(task);
    for (size_t i = 0; !kind && i < n; i++)
        kind = mli_kind_takes(&kinds[i], loss) ? &kinds[i] : NULL;
    if (!kind)
        return ml_error_set(err, ML_EUSAGE, "no kind takes loss %s", loss->name);
    *out = kind;
    return ML_OK;
}

static enum ml_status refuse_loss(const struct mli_kind *kind, const struct mli_loss *loss, struct ml_error *err)
{
    char list[256] = "";

    for (size_t i = 0, n = 0; kind->losses[i] && n < sizeof list - 40; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%.32s", i ? ", " : "", kind->losses[i]->name);
    return ml_error_set(err, ML_EUSAGE, "--kind %s does not take loss %s; it takes: %s", kind->name, loss->name, list);
}

/* Where kinks hide the optimum, the optimiser that comes to it, and epochs that are enough for it. */
static void resolve_optimiser(const struct ml_fit_config *config, size_t outputs, struct mli_settings *s)
{
    if (strcmp(config->optimiser, "auto") == 0 && s->loss.kinks && !mli_layers_deep(config)) {
        s->train.optimiser = "interior";
        ml_log(config->log, ML_LOG_NOTE, "optimiser: interior, as loss %s is not smooth (--optimiser overrides)",
               s->loss.name);
    }
    if (strcmp(s->train.optimiser, "interior") == 0 && !config->epochs)
        s->train.epochs = INTERIOR_EPOCHS * outputs; /* one output after the other */
    if (config->batch && !mli_optimiser_steps(s->train.optimiser))
        ml_log(config->log, ML_LOG_WARNING, "--batch %zu does nothing: %s takes all rows at a time (--optimiser adam takes batches)",
               config->batch, s->train.optimiser);
}

/* Whether the kind has more than one loss for such a target. */
static bool has_choice(const struct mli_kind *kind, enum mli_task task)
{
    size_t n = 0;
    for (size_t i = 0; kind->losses[i]; i++)
        n += kind->losses[i]->task == task;
    return n > 1;
}

enum ml_status mli_settings_kind(const struct ml_fit_config *config, enum mli_task task, size_t classes,
                                 struct mli_settings *settings, struct ml_error *err)
{
    bool given = false;
    struct mli_loss loss;
    const struct mli_kind *kind;
    enum ml_status status = config->loss ? mli_loss_parse(config->loss, &loss, &given, err) : ML_OK;

    const char *name;
    if (!status)
        status = mli_layers_kind(config, &name, err);
    if (!status)
        status = find_kind(name, task, config->loss ? &loss : NULL, &kind, err);
    if (status)
        return status;
    if (!config->loss)
        loss = *mli_kind_loss(kind, task);
    if (!mli_kind_takes(kind, &loss))
        return refuse_loss(kind, &loss, err);
    if (loss.task != task && (loss.task == MLI_TASK_MULTILABEL || task == MLI_TASK_MULTILABEL))
        return ml_error_set(err, ML_EUSAGE, "--loss %s is for %s; --target names %s", loss.name,
                            loss.task == MLI_TASK_MULTILABEL ? "several labels" : "one target",
                            loss.task == MLI_TASK_MULTILABEL ? "one" : "several");
    if (loss.task != task)
        return ml_error_set(err, ML_EUSAGE, "--loss %s is for %s, but the task is %s; --task overrides what the target suggests",
                            loss.name, mli_task_name(loss.task), mli_task_name(task));
    if (strcmp(config->kind, "auto") == 0)
        ml_log(config->log, ML_LOG_NOTE, "kind: %s, %s (--kind overrides)", kind->name, kind->meaning);
    if (!config->loss && has_choice(kind, task))
        ml_log(config->log, ML_LOG_NOTE, "loss: %s, %s (--loss overrides)", loss.name, loss.objective);
    settings->kind = kind;
    settings->loss = loss;
    settings->parameter_given = given;
    resolve_optimiser(config, loss.outputs(classes), settings);
    return ML_OK;
}

bool mli_settings_single(const struct ml_fit_config *config, const struct mli_network *network)
{
    bool automatic = strcmp(config->precision, "auto") == 0;
    return automatic ? network->layers > 1 : strcmp(config->precision, "float") == 0;
}
