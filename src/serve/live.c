#include <serve/live.h>

#include <base/mem.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NOTES ((size_t)12) /* a tenth of the window apart or more: so many are enough */

struct mli_live_part {
    struct mli_live *live;
    struct mli_live_part *next, **link;
    pthread_mutex_t lock; /* of what follows; the thread that counts has it nearly always for itself */
    uint64_t rows;
    uint64_t counts[];
};

struct note {
    uint64_t rows, *counts;
};

struct mli_live {
    struct mli_drift *drift;
    size_t counts, window;
    pthread_mutex_t lock; /* of all that follows, taken before a part's */
    struct mli_live_part *part;
    struct note gone;        /* of parts that are no more */
    struct note note[NOTES]; /* the oldest first */
    size_t notes;
};

struct mli_live *mli_live_new(struct mli_drift *drift, size_t window)
{
    struct mli_live *live = drift ? mli_calloc(1, sizeof(*live)) : NULL;

    if (live) {
        live->drift = drift;
        live->counts = mli_drift_counts(drift);
        live->gone.counts = mli_calloc(live->counts + 1, sizeof(*live->gone.counts));
    }
    if (!live || !live->gone.counts) {
        mli_drift_free(drift);
        free(live);
        return NULL;
    }
    live->window = window;
    pthread_mutex_init(&live->lock, NULL);
    return live;
}

void mli_live_free(struct mli_live *live)
{
    if (!live)
        return;
    for (size_t i = 0; i < live->notes; i++)
        free(live->note[i].counts);
    free(live->gone.counts);
    mli_drift_free(live->drift);
    pthread_mutex_destroy(&live->lock);
    free(live);
}

size_t mli_live_window(const struct mli_live *live)
{
    return live->window;
}

/* ---- counting ---------------------------------------------------------------------------------------------------- */

static void add_counts(uint64_t *to, const uint64_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

struct mli_live_part *mli_live_part_new(struct mli_live *live)
{
    size_t bytes;

    if (!mli_mul(live->counts, sizeof(uint64_t), &bytes) || !mli_add(bytes, sizeof(struct mli_live_part), &bytes))
        return NULL;
    struct mli_live_part *part = mli_calloc(bytes, 1);
    if (!part)
        return NULL;
    part->live = live;
    pthread_mutex_init(&part->lock, NULL);
    pthread_mutex_lock(&live->lock);
    part->next = live->part;
    part->link = &live->part;
    if (part->next)
        part->next->link = &part->next;
    live->part = part;
    pthread_mutex_unlock(&live->lock);
    return part;
}

void mli_live_part_free(struct mli_live_part *part)
{
    if (!part)
        return;
    struct mli_live *live = part->live;
    pthread_mutex_lock(&live->lock);
    live->gone.rows += part->rows;
    add_counts(live->gone.counts, part->counts, live->counts);
    *part->link = part->next;
    if (part->next)
        part->next->link = part->link;
    pthread_mutex_unlock(&live->lock);
    pthread_mutex_destroy(&part->lock);
    free(part);
}

void mli_live_add(struct mli_live_part *part, const struct ml_table *rows, const double *P)
{
    pthread_mutex_lock(&part->lock);
    part->rows += rows->rows;
    mli_drift_add(part->live->drift, rows, part->counts);
    if (P)
        mli_drift_add_predictions(part->live->drift, P, rows->rows, part->counts);
    pthread_mutex_unlock(&part->lock);
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

static void add_up(struct mli_live *live, struct note *out)
{
    out->rows = live->gone.rows;
    memcpy(out->counts, live->gone.counts, live->counts * sizeof(*out->counts));
    for (struct mli_live_part *part = live->part; part; part = part->next) {
        pthread_mutex_lock(&part->lock);
        out->rows += part->rows;
        add_counts(out->counts, part->counts, live->counts);
        pthread_mutex_unlock(&part->lock);
    }
}

/* Without memory there is no note this time; the window is longer then. */
static void take_note(struct mli_live *live, const struct note *now)
{
    uint64_t last = live->notes ? live->note[live->notes - 1].rows : 0;
    uint64_t *counts = NULL;

    if ((now->rows - last) * 10 < live->window || now->rows == last)
        return;
    if (live->notes == NOTES) {
        counts = live->note[0].counts;
        memmove(live->note, live->note + 1, --live->notes * sizeof(*live->note));
    } else {
        counts = mli_calloc(live->counts + 1, sizeof(*counts));
    }
    if (!counts)
        return;
    memcpy(counts, now->counts, live->counts * sizeof(*counts));
    live->note[live->notes++] = (struct note){ now->rows, counts };
}

/* The newest note that is old enough; NULL: everything is in the window. */
static const struct note *window_begin(const struct mli_live *live, uint64_t rows)
{
    for (size_t i = live->notes; i-- > 0;) {
        if (rows - live->note[i].rows >= live->window)
            return &live->note[i];
    }
    return NULL;
}

bool mli_live_look(struct mli_live *live, struct mli_live_look *out)
{
    struct note now = { 0, mli_calloc(live->counts + 1, sizeof(*now.counts)) };
    uint64_t *recent = mli_calloc(live->counts + 1, sizeof(*recent));

    if (!now.counts || !recent) {
        free(now.counts);
        free(recent);
        return false;
    }
    pthread_mutex_lock(&live->lock);
    add_up(live, &now);
    const struct note *begin = window_begin(live, now.rows);
    for (size_t i = 0; i < live->counts; i++)
        recent[i] = now.counts[i] - (begin ? begin->counts[i] : 0);
    *out = (struct mli_live_look){ .drift = live->drift,
                                   .rows = now.rows,
                                   .recent_rows = now.rows - (begin ? begin->rows : 0),
                                   .all = now.counts,
                                   .recent = recent };
    take_note(live, &now);
    pthread_mutex_unlock(&live->lock);
    return true;
}

void mli_live_look_free(struct mli_live_look *look)
{
    free(look->all);
    free(look->recent);
}

double mli_live_worst(const struct mli_drift *drift, const uint64_t *counts, size_t *column)
{
    struct mli_drift_column c;
    double worst = NAN;

    *column = 0;
    for (size_t j = 0; j < mli_drift_columns(drift); j++) {
        mli_drift_column(drift, j, counts, &c);
        if (isnan(c.psi) || c.psi <= worst)
            continue;
        worst = c.psi;
        *column = j;
    }
    return worst;
}
