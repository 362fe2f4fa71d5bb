/*
 * Drift of the rows that were predicted, and of the predictions, against those of training (live.h), of all of them and of the window. Each column is
 * looked at once for each of the two. How many columns have samples of their own is bounded, and so is a name, so that the text
 * stays below half of what an answer may be.
 */
#include <serve/metrics_text.h>

#include <base/mem.h>
#include <math.h>
#include <serve/live.h>
#include <serve/service.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS ((size_t)256)      /* of a version that have samples of their own, the first ones; */
#define ALL_COLUMNS ((size_t)4096) /* of all versions together: with more than 16 of them each has fewer */
#define NAME_BYTES ((size_t)256)   /* a column with a longer name has none */

enum { ALL, RECENT, WINDOWS };
enum { PSI, MISSING, OUTSIDE, UNSEEN, FAMILIES };

static const struct {
    const char *name, *help;
} families[FAMILIES] = {
    [PSI] = { "mlctl_drift_psi", "Population stability index of a column against the training rows." },
    [MISSING] = { "mlctl_drift_missing_ratio", "Share of a column's cells without a value." },
    [OUTSIDE] = { "mlctl_drift_out_of_range_ratio", "Share of a column's cells outside of the range of training." },
    [UNSEEN] = { "mlctl_drift_unseen_ratio", "Share of a column's cells with a category that training did not see." },
};

struct figures {
    const char *column;
    double of[FAMILIES][WINDOWS]; /* NaN: there is none */
};

/* PSI of the predictions of a target. */
struct said {
    double psi[WINDOWS];
};

/* What is said of a version. */
struct looked {
    const struct mli_served *served;
    uint64_t rows[WINDOWS];
    double worst[WINDOWS]; /* greatest PSI of all its columns */
    struct figures *figures;
    size_t columns, left_out;
    struct said *said;
    size_t targets;
};

/* ---- looking ----------------------------------------------------------------------------------------------------- */

static double share(uint64_t cells, const struct mli_drift_column *c)
{
    return c->rows ? (double)cells / (double)c->rows : NAN;
}

static void look_at_column(struct looked *at, const struct mli_live_look *look, size_t column, size_t most)
{
    struct mli_drift_column c;
    struct figures figures;

    for (size_t window = 0; window < WINDOWS; window++) {
        mli_drift_column(look->drift, column, window == RECENT ? look->recent : look->all, &c);
        figures.column = c.name;
        figures.of[PSI][window] = c.psi;
        figures.of[MISSING][window] = share(c.missing, &c);
        figures.of[OUTSIDE][window] = share(c.outside, &c);
        figures.of[UNSEEN][window] = share(c.unseen, &c);
        at->worst[window] = fmax(at->worst[window], c.psi); /* a NaN yields to a number */
    }
    if (at->columns < most && strlen(figures.column) <= NAME_BYTES)
        at->figures[at->columns++] = figures;
    else
        at->left_out++;
}

static void look_at_target(struct looked *at, const struct mli_live_look *look, size_t target)
{
    struct mli_drift_column c;

    for (size_t window = 0; window < WINDOWS; window++) {
        mli_drift_target(look->drift, target, window == RECENT ? look->recent : look->all, &c);
        at->said[target].psi[window] = c.psi;
    }
}

/* False: no memory for it, and nothing is said. */
static bool look_at(struct looked *at, const struct mli_served *served, size_t most)
{
    struct mli_live_look look;

    if (!served || !served->live || !mli_live_look(served->live, &look))
        return false;
    *at = (struct looked){ .served = served,
                           .rows = { look.rows, look.recent_rows },
                           .worst = { NAN, NAN },
                           .figures = mli_alloc(most + 1, sizeof(*at->figures)),
                           .said = mli_alloc(mli_drift_targets(look.drift) + 1, sizeof(*at->said)) };
    for (size_t j = 0; at->figures && j < mli_drift_columns(look.drift); j++)
        look_at_column(at, &look, j, most);
    for (; at->said && at->targets < mli_drift_targets(look.drift) && at->targets < most; at->targets++)
        look_at_target(at, &look, at->targets);
    mli_live_look_free(&look);
    if (!at->figures)
        free(at->said);
    return at->figures != NULL;
}

static size_t look_at_all(const struct mli_registry *registry, struct looked *all)
{
    size_t n = 0, served = 0;

    for (size_t k = 0; k < registry->versions; k++)
        served += registry->version[k].served != NULL;
    const size_t most = served * COLUMNS <= ALL_COLUMNS ? COLUMNS : ALL_COLUMNS / served;
    for (size_t k = 0; k < registry->versions; k++)
        n += look_at(&all[n], registry->version[k].served, most);
    return n;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* label: what it is of, with that value; NULL: of the version. */
static void add_sample_of(const struct mli_metrics_writer *w, const struct mli_served *served, const char *name,
                          const char *label, const char *of, size_t window, double value)
{
    if (isnan(value))
        return;
    mli_buf_printf(w->out, "%s{model=\"%s\",model_version=\"%s\",", name, served->name, served->version);
    if (label) {
        mli_buf_printf(w->out, "%s=", label);
        mli_metrics_label(w->out, of);
        mli_buf_char(w->out, ',');
    }
    mli_buf_printf(w->out, "window=\"%s\"} ", window == RECENT ? "recent" : "all");
    mli_buf_number(w->out, value);
    mli_buf_char(w->out, '\n');
}

static void add_sample(const struct mli_metrics_writer *w, const struct mli_served *served, const char *name, size_t window,
                       double value)
{
    add_sample_of(w, served, name, NULL, NULL, window, value);
}

static void add_versions(const struct mli_metrics_writer *w, const struct looked *all, size_t n)
{
    static const char left_out[] = "mlctl_drift_columns_left_out";

    mli_metrics_head(w, "mlctl_drift_rows", "gauge", "Rows that drift is measured on.");
    for (size_t i = 0; i < n * WINDOWS; i++)
        add_sample(w, all[i / WINDOWS].served, "mlctl_drift_rows", i % WINDOWS,
                   (double)all[i / WINDOWS].rows[i % WINDOWS]);
    mli_metrics_head(w, "mlctl_drift_psi_max", "gauge", "Greatest population stability index of the columns.");
    for (size_t i = 0; i < n * WINDOWS; i++)
        add_sample(w, all[i / WINDOWS].served, "mlctl_drift_psi_max", i % WINDOWS,
                   all[i / WINDOWS].worst[i % WINDOWS]);
    mli_metrics_head(w, left_out, "gauge", "Columns without samples of their own, for there are too many or their names too long.");
    for (size_t i = 0; i < n; i++)
        mli_buf_printf(w->out, "%s{model=\"%s\",model_version=\"%s\"} %zu\n", left_out, all[i].served->name,
                       all[i].served->version, all[i].left_out);
}

static void add_columns(const struct mli_metrics_writer *w, const struct looked *at, size_t family)
{
    for (size_t i = 0; i < WINDOWS * at->columns; i++) {
        const struct figures *figures = &at->figures[i % at->columns];
        add_sample_of(w, at->served, families[family].name, "column", figures->column, i / at->columns,
                      figures->of[family][i / at->columns]);
    }
}

static void add_predictions(const struct mli_metrics_writer *w, const struct looked *at)
{
    for (size_t i = 0; i < WINDOWS * at->targets; i++) {
        const char *target = at->served->model->target[i % at->targets].name;
        if (strlen(target) <= NAME_BYTES)
            add_sample_of(w, at->served, "mlctl_drift_prediction_psi", "target", target, i / at->targets,
                          at->said[i % at->targets].psi[i / at->targets]);
    }
}

void mli_metrics_drift(const struct mli_metrics_writer *w, const struct mli_registry *registry)
{
    struct looked *all = mli_calloc(registry->versions + 1, sizeof(*all));
    size_t n = all ? look_at_all(registry, all) : 0;

    if (n > 0)
        add_versions(w, all, n);
    for (size_t f = 0; n > 0 && f < FAMILIES; f++) {
        mli_metrics_head(w, families[f].name, "gauge", families[f].help);
        for (size_t i = 0; i < n; i++)
            add_columns(w, &all[i], f);
    }
    if (n > 0)
        mli_metrics_head(w, "mlctl_drift_prediction_psi", "gauge",
                         "Population stability index of the predictions against those for the rows that the model was measured on.");
    for (size_t i = 0; i < n; i++) {
        add_predictions(w, &all[i]);
        free(all[i].figures);
        free(all[i].said);
    }
    free(all);
}
