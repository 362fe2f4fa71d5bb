/* Versions that predict beside another one (shadow.h): how often, and how much, they disagree with it. */
#include <serve/metrics_text.h>

#include <serve/service.h>
#include <serve/tally.h>

static double get(const _Atomic uint64_t *counter)
{
    return (double)atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_sample(const struct mli_metrics_writer *w, const struct mli_served *served, const char *name,
                       const char *more, double value)
{
    mli_buf_printf(w->out, "%s{model=\"%s\",model_version=\"%s\"%s} ", name, served->name, served->version, more);
    mli_buf_number(w->out, value);
    mli_buf_char(w->out, '\n');
}

static void add_requests(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    static const char name[] = "mlctl_shadow_requests_total";
    const struct mli_shadow_counts *counts = &served->tally->shadow;

    add_sample(w, served, name, ",outcome=\"compared\"", get(&counts->compared));
    add_sample(w, served, name, ",outcome=\"failed\"", get(&counts->failed));
    add_sample(w, served, name, ",outcome=\"dropped\"", get(&counts->dropped));
}

static void add_rows(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    add_sample(w, served, "mlctl_shadow_rows_total", "", get(&served->tally->shadow.rows));
}

static void add_disagreements(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    add_sample(w, served, "mlctl_shadow_disagreements_total", "", get(&served->tally->shadow.differing));
}

static double share(double part, double rows)
{
    return rows > 0 ? part / rows : 0;
}

static void add_rate(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    const struct mli_shadow_counts *counts = &served->tally->shadow;

    add_sample(w, served, "mlctl_shadow_disagreement_ratio", "", share(get(&counts->differing), get(&counts->rows)));
}

static void add_difference(const struct mli_metrics_writer *w, const struct mli_served *served)
{
    const struct mli_shadow_counts *counts = &served->tally->shadow;

    if (served->model->target[0].classes == 0)
        add_sample(w, served, "mlctl_shadow_mean_absolute_difference", "",
                   share(atomic_load_explicit(&counts->difference, memory_order_relaxed), get(&counts->rows)));
}

void mli_metrics_shadows(const struct mli_metrics_writer *w, const struct mli_registry *registry)
{
    static const struct {
        const char *name, *type, *help;
        void (*add)(const struct mli_metrics_writer *w, const struct mli_served *served);
    } rows[] = {
        { "mlctl_shadow_requests", "counter", "Requests that a shadow was to predict, too, by what came of it.", add_requests },
        { "mlctl_shadow_rows", "counter", "Rows whose predictions were compared with a shadow's.", add_rows },
        { "mlctl_shadow_disagreements", "counter",
          "Rows for which a shadow predicted another class, or another number.", add_disagreements },
        { "mlctl_shadow_disagreement_ratio", "gauge", "Share of those rows among all compared.", add_rate },
        { "mlctl_shadow_mean_absolute_difference", "gauge",
          "Mean of the absolute difference between a shadow's number and the one that was given.", add_difference },
    };

    if (!mli_catalog_has_shadow(w->service->catalog))
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mli_metrics_head(w, rows[i].name, rows[i].type, rows[i].help);
        for (size_t k = 0; k < registry->lineups; k++) {
            if (registry->lineup[k].shadow != MLI_NO_PLACE)
                rows[i].add(w, registry->version[registry->lineup[k].shadow].served);
        }
    }
}
