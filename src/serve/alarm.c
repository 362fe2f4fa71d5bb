#include <serve/alarm.h>

#include <base/mem.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <serve/metrics.h>
#include <serve/outbox.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define TURN ((uint64_t)1000) /* milliseconds */
#define ROWS ((uint64_t)1000) /* without which nothing is said, or the window */
#define PAST 0.75             /* of the threshold */
#define NAMED ((size_t)20)    /* columns in a document at most */

/* Of a version of a model, for as long as it is served. */
struct state {
    char *name, *version;
    char digest[MLI_SHA256_HEX]; /* of the file that answers for it */
    uint64_t rows, from;         /* counted at the last look; those that were before it began anew */
    bool answers;                /* requests that say no version, or is a shadow of those */
    bool over;                   /* the threshold */
    bool there;                  /* at the look at hand */
};

struct mli_alarm {
    struct mli_alarm_config config;
    struct mli_outbox *outbox; /* NULL: nobody is told */
    struct mli_error_rate errors;
    struct state *state;
    size_t states, capacity;
    pthread_t thread;
    int stop; /* eventfd */
    _Atomic uint64_t patience; /* milliseconds, at the stop */
};

static void release_state(struct state *state)
{
    free(state->name);
    free(state->version);
}

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
    memcpy(state->digest, served->model->sha256, sizeof(state->digest));
    if (state->name && state->version) {
        alarm->states++;
        return state;
    }
    release_state(state);
    return NULL;
}

/* ---- what is said ------------------------------------------------------------------------------------------------ */

struct news {
    const char *reason; /* psi, replaced, removed */
    double psi;         /* NaN: of no rows */
    uint64_t rows;
    const struct mli_live_look *look; /* NULL: there is none */
};

/* The worst of them first. */
static int compare(const void *a, const void *b)
{
    const struct mli_drift_column *x = a, *y = b;

    return (x->psi < y->psi) - (x->psi > y->psi);
}

/* The `named` worst columns above the threshold; *more: those that are not named. NULL: no memory. */
static json_t *columns_json(const struct mli_live_look *look, double threshold, size_t named, size_t *more)
{
    size_t columns = look ? mli_drift_columns(look->drift) : 0, over = 0;
    struct mli_drift_column *column = mli_alloc(columns + 1, sizeof(*column));
    json_t *list = column ? json_array() : NULL;

    for (size_t j = 0; list && j < columns; j++) {
        mli_drift_column(look->drift, j, look->recent, &column[over]);
        over += column[over].psi > threshold;
    }
    if (list)
        qsort(column, over, sizeof(*column), compare);
    *more = over > named ? over - named : 0;
    for (size_t j = 0; list && j < over && j < named; j++)
        json_array_append_new(list, json_pack("{ssso}", "name", column[j].name, "psi", mli_json_from(column[j].psi)));
    free(column);
    return list;
}

static const char *write_time(char out[40])
{
    struct tm utc;
    time_t now = time(NULL);

    strftime(out, 40, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    return out;
}

static char *write_document(const struct mli_alarm *alarm, const struct state *state, const struct news *news, size_t named)
{
    char when[40];
    size_t more;
    json_t *columns = columns_json(news->look, alarm->config.psi, named, &more);

    json_t *doc = json_pack("{sssssssssssssosIsososIss}", "event", "drift", "state", state->over ? "firing" : "cleared",
                            "reason", news->reason, "time", write_time(when), "model", state->name, "version", state->version, "psi",
                            mli_json_from(news->psi), "rows", (json_int_t)news->rows, "threshold",
                            mli_json_from(alarm->config.psi), "columns", columns, "more_columns", (json_int_t)more,
                            "digest", state->digest);
    char *text = doc ? mli_json_text(doc, false) : NULL;
    json_decref(doc);
    return text;
}

/* Names of columns may be long: then fewer of them are in it. */
static void send_document(const struct mli_alarm *alarm, const struct state *state, const struct news *news)
{
    char *text = alarm->outbox ? write_document(alarm, state, news, NAMED) : NULL, subject[2 * MLI_NAME_MAX + 20];

    if (!alarm->outbox)
        return;
    for (size_t named = NAMED; text && strlen(text) > MLI_COURIER_MAX && named > 0;) {
        named /= 2;
        free(text);
        text = write_document(alarm, state, news, named);
    }
    snprintf(subject, sizeof(subject), "drift of %s version %s", state->name, state->version);
    if (text)
        mli_outbox_put(alarm->outbox, subject, text);
    else
        ml_log(alarm->config.log, ML_LOG_WARNING, "webhook: out of memory for the alert \"%s\"", subject);
}

static void say(const struct mli_alarm *alarm, struct state *state, bool over, const struct news *news)
{
    const bool measured = strcmp(news->reason, "psi") == 0;

    state->over = over;
    if (measured)
        ml_log(alarm->config.log, over ? ML_LOG_WARNING : ML_LOG_NOTE,
               "%s version %s: greatest PSI of the last %llu rows is %.4f, %s %g", state->name, state->version,
               (unsigned long long)news->rows, news->psi, over ? "above" : "back from above", alarm->config.psi);
    else
        ml_log(alarm->config.log, ML_LOG_NOTE, "%s version %s was above PSI %g and is %s", state->name, state->version,
               alarm->config.psi, news->reason);
    send_document(alarm, state, news);
}

/* It begins anew; what was said of it counts no more. */
static void forget(const struct mli_alarm *alarm, struct state *state, const char *reason)
{
    if (state->over)
        say(alarm, state, false, &(struct news){ .reason = reason, .psi = NAN });
}

/* ---- judging ----------------------------------------------------------------------------------------------------- */

static void judge(struct mli_alarm *alarm, struct state *state, const struct mli_live_look *look, uint64_t window)
{
    const uint64_t least = window < ROWS ? window : ROWS;
    size_t column;
    double psi = mli_live_worst(look->drift, look->recent, &column);

    if (isnan(psi) || look->recent_rows < least || look->rows - state->from < least)
        return;
    if (state->over ? psi >= PAST * alarm->config.psi : !(psi > alarm->config.psi))
        return;
    say(alarm, state, !state->over,
        &(struct news){ .reason = "psi", .psi = psi, .rows = look->recent_rows, .look = look });
}

/* answers: requests come to it that say no version. */
static void look_at(struct mli_alarm *alarm, const struct mli_served *served, bool answers, const struct mli_live_look *look)
{
    struct state *state = find_state(alarm, served);

    if (!state)
        return;
    if (strcmp(state->digest, served->model->sha256) != 0 || look->rows < state->rows) {
        forget(alarm, state, "replaced");
        memcpy(state->digest, served->model->sha256, sizeof(state->digest));
        state->from = 0;
    } else if (state->answers && !answers) {
        forget(alarm, state, "replaced");
        state->from = look->rows;
    }
    state->answers = answers;
    state->rows = look->rows;
    state->there = true;
    judge(alarm, state, look, mli_live_window(served->live));
}

static void look_at_lineup(struct mli_alarm *alarm, const struct mli_registry *registry, const struct mli_lineup *lineup)
{
    struct mli_live_look look;

    for (size_t k = lineup->first; k < lineup->first + lineup->count; k++) {
        const struct mli_served *served = registry->version[k].served;
        if (!served || !served->live || !mli_live_look(served->live, &look))
            continue;
        look_at(alarm, served, k == lineup->main || k == lineup->canary || k == lineup->shadow, &look);
        mli_live_look_free(&look);
    }
}

static void look_at_all(struct mli_alarm *alarm)
{
    struct mli_registry *registry = mli_catalog_registry(alarm->config.catalog);

    for (size_t i = 0; i < registry->lineups; i++)
        look_at_lineup(alarm, registry, &registry->lineup[i]);
    mli_registry_drop(registry);
    for (size_t i = alarm->states; i-- > 0;) {
        struct state *state = &alarm->state[i];
        if (!state->there) {
            forget(alarm, state, "removed");
            release_state(state);
            *state = alarm->state[--alarm->states];
        } else {
            state->there = false;
        }
    }
}

/* ---- requests that fail ------------------------------------------------------------------------------------------ */

static void say_errors(const struct mli_alarm *alarm)
{
    const struct mli_error_rate *errors = &alarm->errors;
    const struct mli_answers *minute = &errors->minute;
    const double rate = minute->all ? (double)minute->failed / (double)minute->all : 0;
    char when[40];

    ml_log(alarm->config.log, errors->over ? ML_LOG_WARNING : ML_LOG_NOTE,
           "%llu of %llu requests of the last minute failed, %s the share of %g", (unsigned long long)minute->failed,
           (unsigned long long)minute->all, errors->over ? "above" : "back from above", errors->threshold);
    if (!alarm->outbox)
        return;
    json_t *doc = json_pack("{sssssssosIsIsosi}", "event", "error_rate", "state", errors->over ? "firing" : "cleared", "time",
                            write_time(when), "rate", mli_json_from(rate), "requests", (json_int_t)minute->all, "failed",
                            (json_int_t)minute->failed, "threshold", mli_json_from(errors->threshold), "seconds",
                            MLI_ERROR_RATE_SECONDS);
    char *text = doc ? mli_json_text(doc, false) : NULL;
    json_decref(doc);
    if (text)
        mli_outbox_put(alarm->outbox, "error rate", text);
}

static void look_at_errors(struct mli_alarm *alarm)
{
    if (alarm->config.error_rate > 0 && mli_error_rate_look(&alarm->errors, mli_metrics_answers(alarm->config.service)))
        say_errors(alarm);
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

static uint64_t milliseconds(void)
{
    return mli_clock() / 1000000;
}

/* Whether to go on: waits for the next look, or for what the outbox has to do. */
static bool wait_for(const struct mli_alarm *alarm, uint64_t next)
{
    struct pollfd from[] = { { .fd = alarm->stop, .events = POLLIN },
                             { .fd = alarm->outbox ? mli_outbox_fd(alarm->outbox) : -1, .events = POLLIN } };
    const uint64_t now = milliseconds();
    int due = alarm->outbox ? mli_outbox_due(alarm->outbox) : -1, wait = now < next ? (int)(next - now) : 0;

    if (poll(from, 2, due >= 0 && due < wait ? due : wait) < 0 && errno != EINTR)
        return false;
    return !from[0].revents;
}

static void *watch(void *data)
{
    struct mli_alarm *alarm = data;
    uint64_t next = milliseconds() + TURN;

    while (wait_for(alarm, next)) {
        if (milliseconds() >= next) {
            look_at_all(alarm);
            look_at_errors(alarm);
            next = milliseconds() + TURN;
        }
        if (alarm->outbox)
            mli_outbox_turn(alarm->outbox);
    }
    if (alarm->outbox)
        mli_outbox_end(alarm->outbox, atomic_load(&alarm->patience));
    return NULL;
}

static void free_alarm(struct mli_alarm *alarm)
{
    for (size_t i = 0; i < alarm->states; i++)
        release_state(&alarm->state[i]);
    free(alarm->state);
    mli_outbox_free(alarm->outbox);
    if (alarm->stop >= 0)
        close(alarm->stop);
    free(alarm);
}

enum ml_status mli_alarm_start(const struct mli_alarm_config *config, struct mli_alarm **out, struct ml_error *err)
{
    struct mli_alarm *alarm = mli_calloc(1, sizeof(*alarm));

    if (!alarm)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the alarm");
    alarm->config = *config;
    alarm->errors.threshold = config->error_rate;
    alarm->stop = eventfd(0, EFD_CLOEXEC);
    alarm->outbox = config->courier ? mli_outbox_new(config->courier, config->log) : NULL;
    int failed = alarm->stop < 0 ? errno
                 : config->courier && !alarm->outbox ? ENOMEM
                                                     : pthread_create(&alarm->thread, NULL, watch, alarm);
    if (failed) {
        free_alarm(alarm);
        return ml_error_set(err, ML_EIO, "cannot start the thread that looks at drift: %s", strerror(failed));
    }
    *out = alarm;
    return ML_OK;
}

void mli_alarm_stop(struct mli_alarm *alarm, uint64_t patience)
{
    const uint64_t one = 1;

    if (!alarm)
        return;
    atomic_store(&alarm->patience, patience);
    while (write(alarm->stop, &one, sizeof(one)) < 0 && errno == EINTR)
        continue;
    pthread_join(alarm->thread, NULL);
    free_alarm(alarm);
}
