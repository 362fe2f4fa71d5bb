/* Drift of the rows that were predicted against those of training (live.h), of all of them and of the window. */
#include <serve/metrics_text.h>

#include <base/mem.h>
#include <math.h>
#include <serve/live.h>
#include <serve/service.h>
#include <stdlib.h>

#define COLUMNS ((size_t)256) /* of a model that have samples of their own; the greatest PSI is of all */

struct looked {
    const struct mli_served *served;
    struct mli_live_look look;
};

static void add_sample(const struct mli_metrics_writer *w, const struct mli_served *served, const char *name,
                       const char *column, bool recent, double value)
{
    mli_buf_printf(w->out, "%s{model=\"%s\",model_version=\"%s\",", name, served->name, served->version);
    if (column) {
        mli_buf_str(w->out, "column=");
        mli_metrics_label(w->out, column);
        mli_buf_char(w->out, ',');
    }
    mli_buf_printf(w->out, "window=\"%s\"} ", recent ? "recent" : "all");
    mli_buf_number(w->out, value);
    mli_buf_char(w->out, '\n');
}

/* ---- one value a column ------------------------------------------------------------------------------------------ */

static double share(uint64_t cells, const struct mli_drift_column *c)
{
    return c->rows ? (double)cells / (double)c->rows : NAN;
}

static double psi_of(const struct mli_drift_column *c)
{
    return c->psi;
}

static double missing_of(const struct mli_drift_column *c)
{
    return share(c->missing, c);
}

static double outside_of(const struct mli_drift_column *c)
{
    return share(c->outside, c);
}

static double unseen_of(const struct mli_drift_column *c)
{
    return share(c->unseen, c);
}

static const struct {
    const char *name, *help;
    double (*of)(const struct mli_drift_column *c);
} families[] = {
    { "mlctl_drift_psi", "Population stability index of a column against the training rows.", psi_of },
    { "mlctl_drift_missing_ratio", "Share of a column's cells without a value.", missing_of },
    { "mlctl_drift_out_of_range_ratio", "Share of a column's cells outside of the range of training.", outside_of },
    { "mlctl_drift_unseen_ratio", "Share of a column's cells with a category that training did not see.", unseen_of },
};

static void add_columns(const struct mli_metrics_writer *w, const struct looked *at, size_t family, bool recent)
{
    const struct mli_live_look *look = &at->look;
    size_t columns = mli_drift_columns(look->drift);
    struct mli_drift_column c;

    for (size_t j = 0; j < columns && j < COLUMNS; j++) {
        mli_drift_column(look->drift, j, recent ? look->recent : look->all, &c);
        double value = families[family].of(&c);
        if (!isnan(value))
            add_sample(w, at->served, families[family].name, c.name, recent, value);
    }
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

/* Nothing is said of a model without memory for looking at it. */
static size_t look_at_all(const struct mli_registry *registry, struct looked *all)
{
    size_t n = 0;

    for (size_t k = 0; k < registry->versions; k++) {
        const struct mli_served *served = registry->version[k].served;
        if (served && served->live && mli_live_look(served->live, &all[n].look))
            all[n++].served = served;
    }
    return n;
}

static void add_all(const struct mli_metrics_writer *w, const struct looked *all, size_t n)
{
    size_t column;

    mli_metrics_head(w, "mlctl_drift_rows", "gauge", "Rows that drift is measured on.");
    for (size_t i = 0; i < n; i++) {
        add_sample(w, all[i].served, "mlctl_drift_rows", NULL, false, (double)all[i].look.rows);
        add_sample(w, all[i].served, "mlctl_drift_rows", NULL, true, (double)all[i].look.recent_rows);
    }
    mli_metrics_head(w, "mlctl_drift_psi_max", "gauge", "Greatest population stability index of the columns.");
    for (size_t i = 0; i < n; i++)
        for (int recent = 0; recent < 2; recent++) {
            const struct mli_live_look *look = &all[i].look;
            double worst = mli_live_worst(look->drift, recent ? look->recent : look->all, &column);
            if (!isnan(worst))
                add_sample(w, all[i].served, "mlctl_drift_psi_max", NULL, recent, worst);
        }
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        mli_metrics_head(w, families[f].name, "gauge", families[f].help);
        for (size_t i = 0; i < n; i++) {
            add_columns(w, &all[i], f, false);
            add_columns(w, &all[i], f, true);
        }
    }
}

void mli_metrics_drift(const struct mli_metrics_writer *w, const struct mli_registry *registry)
{
    struct looked *all = mli_calloc(registry->versions + 1, sizeof(*all));
    size_t n = all ? look_at_all(registry, all) : 0;

    if (n > 0)
        add_all(w, all, n);
    for (size_t i = 0; i < n; i++)
        mli_live_look_free(&all[i].look);
    free(all);
}
