#include <serve/alarm.h>

#include <base/mem.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS ((uint64_t)1000) /* without which nothing is said, or the window */
#define PAST 0.75             /* of the threshold */
#define NAMED ((size_t)20)    /* columns in a document */

/* Of a name and version that has passed the threshold. */
struct state {
    char *name, *version;
    bool over;
};

struct mli_alarm {
    struct mli_alarm_config config;
    struct state *state;
    size_t states, capacity;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stops;
    bool stop;
};

static struct state *find_state(struct mli_alarm *alarm, const struct mli_served *served)
{
    for (size_t i = 0; i < alarm->states; i++) {
        struct state *state = &alarm->state[i];
        if (strcmp(state->name, served->name) == 0 && strcmp(state->version, served->version) == 0)
            return state;
    }
    if (!mli_grow((void **)&alarm->state, &alarm->capacity, alarm->states, sizeof(*alarm->state)))
        return NULL;
    struct state *state = &alarm->state[alarm->states];
    *state = (struct state){ .name = mli_strdup(served->name), .version = mli_strdup(served->version) };
    if (state->name && state->version) {
        alarm->states++;
        return state;
    }
    free(state->name);
    free(state->version);
    return NULL;
}

/* ---- what is said ------------------------------------------------------------------------------------------------ */

/* The worst of them first. */
static int compare(const void *a, const void *b)
{
    const struct mli_drift_column *x = a, *y = b;

    return (x->psi < y->psi) - (x->psi > y->psi);
}

/* The worst columns above the threshold; *more: those that are not named. NULL: no memory. */
static json_t *columns_json(const struct mli_live_look *look, double threshold, size_t *more)
{
    size_t columns = mli_drift_columns(look->drift), over = 0;
    struct mli_drift_column *column = mli_alloc(columns + 1, sizeof(*column));
    json_t *list = column ? json_array() : NULL;

    for (size_t j = 0; list && j < columns; j++) {
        mli_drift_column(look->drift, j, look->recent, &column[over]);
        over += column[over].psi > threshold;
    }
    if (list)
        qsort(column, over, sizeof(*column), compare);
    *more = over > NAMED ? over - NAMED : 0;
    for (size_t j = 0; list && j < over && j < NAMED; j++)
        json_array_append_new(list, json_pack("{ssso}", "name", column[j].name, "psi", mli_json_from(column[j].psi)));
    free(column);
    return list;
}

static void say(const struct mli_alarm *alarm, const struct mli_served *served, const struct mli_live_look *look,
                double psi, bool over)
{
    char when[40];
    struct tm utc;
    time_t now = time(NULL);
    size_t more;
    json_t *columns = columns_json(look, alarm->config.psi, &more);

    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    json_t *doc = json_pack("{sssssssssssosIsososI}", "event", "drift", "state", over ? "firing" : "cleared", "time", when,
                            "model", served->name, "version", served->version, "psi", mli_json_from(psi), "rows",
                            (json_int_t)look->recent_rows, "threshold", mli_json_from(alarm->config.psi), "columns", columns,
                            "more_columns", (json_int_t)more);
    if (doc)
        mli_json_put(doc, "digest", json_string(served->model->sha256));
    char *text = doc ? mli_json_text(doc, false) : NULL;
    ml_log(alarm->config.log, over ? ML_LOG_WARNING : ML_LOG_NOTE, "%s version %s: greatest PSI of the last %llu rows is %.4f, %s %g",
           served->name, served->version, (unsigned long long)look->recent_rows, psi, over ? "above" : "back from above",
           alarm->config.psi);
    if (!text || !mli_courier_send(alarm->config.courier, text, strlen(text)))
        ml_log(alarm->config.log, ML_LOG_WARNING, "webhook: an alert of %s was not sent: too many wait, or its process is gone",
               served->name);
    free(text);
    json_decref(doc);
}

static void judge(struct mli_alarm *alarm, const struct mli_served *served, const struct mli_live_look *look, uint64_t window)
{
    struct state *state = find_state(alarm, served);
    size_t column;
    double psi = mli_live_worst(look->drift, look->recent, &column);

    if (!state || isnan(psi) || look->recent_rows < (window < ROWS ? window : ROWS))
        return;
    if (state->over ? psi >= PAST * alarm->config.psi : !(psi > alarm->config.psi))
        return;
    state->over = !state->over;
    say(alarm, served, look, psi, state->over);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

static void look_at_all(struct mli_alarm *alarm)
{
    struct mli_registry *registry = mli_catalog_registry(alarm->config.catalog);
    struct mli_live_look look;

    for (size_t k = 0; k < registry->versions; k++) {
        const struct mli_served *served = registry->version[k].served;
        if (!served || !served->live || !mli_live_look(served->live, &look))
            continue;
        if (alarm->config.courier)
            judge(alarm, served, &look, mli_live_window(served->live));
        mli_live_look_free(&look);
    }
    mli_registry_drop(registry);
}

static void *watch(void *data)
{
    struct mli_alarm *alarm = data;
    struct timespec next;

    pthread_mutex_lock(&alarm->lock);
    while (!alarm->stop) {
        clock_gettime(CLOCK_MONOTONIC, &next);
        next.tv_sec++;
        pthread_cond_timedwait(&alarm->stops, &alarm->lock, &next);
        if (alarm->stop)
            break;
        pthread_mutex_unlock(&alarm->lock);
        look_at_all(alarm);
        pthread_mutex_lock(&alarm->lock);
    }
    pthread_mutex_unlock(&alarm->lock);
    return NULL;
}

static void free_alarm(struct mli_alarm *alarm)
{
    for (size_t i = 0; i < alarm->states; i++) {
        free(alarm->state[i].name);
        free(alarm->state[i].version);
    }
    free(alarm->state);
    pthread_cond_destroy(&alarm->stops);
    pthread_mutex_destroy(&alarm->lock);
    free(alarm);
}

enum ml_status mli_alarm_start(const struct mli_alarm_config *config, struct mli_alarm **out, struct ml_error *err)
{
    struct mli_alarm *alarm = mli_calloc(1, sizeof(*alarm));
    pthread_condattr_t clock;

    if (!alarm)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the alarm");
    alarm->config = *config;
    pthread_mutex_init(&alarm->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&alarm->stops, &clock);
    pthread_condattr_destroy(&clock);
    int failed = pthread_create(&alarm->thread, NULL, watch, alarm);
    if (failed) {
        free_alarm(alarm);
        return ml_error_set(err, ML_EIO, "cannot start a thread: %s", strerror(failed));
    }
    *out = alarm;
    return ML_OK;
}

void mli_alarm_stop(struct mli_alarm *alarm)
{
    if (!alarm)
        return;
    pthread_mutex_lock(&alarm->lock);
    alarm->stop = true;
    pthread_cond_signal(&alarm->stops);
    pthread_mutex_unlock(&alarm->lock);
    pthread_join(alarm->thread, NULL);
    free_alarm(alarm);
}
