/*
 * Dates: an instant becomes the parts of its calendar date and clock in UTC. A part that does not vary over the
 * training rows is left out: its weight would stay at its first value and answer with noise when the part does
 * change.
 */
#include <prep/step.h>

#include <base/mem.h>
#include <math.h>
#include <prep/training.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400
#define FIRST_SECOND (-62167219200.0) /* 0000-01-01T00:00:00Z */
#define LAST_SECOND 253402300799.0    /* 9999-12-31T23:59:59Z */

const char *const mli_date_part_name[MLI_DATE_PARTS] = {
    [MLI_DATE_YEAR] = "year",       [MLI_DATE_MONTH] = "month", [MLI_DATE_DAY] = "day",
    [MLI_DATE_WEEKDAY] = "weekday", [MLI_DATE_HOUR] = "hour",   [MLI_DATE_MINUTE] = "minute",
    [MLI_DATE_YEARDAY] = "yearday", [MLI_DATE_EPOCH] = "epoch",
};

/* Without --dates: what a calendar on the wall and a clock without hands show. */
#define USUAL_PARTS ((1U << (MLI_DATE_HOUR + 1)) - 1)

/* "none", "parts" or names with '+' between them. */
static bool parse(const char *how, unsigned *parts)
{
    bool none = strcmp(how, "none") == 0, usual = strcmp(how, "parts") == 0;

    *parts = usual ? USUAL_PARTS : 0;
    while (!usual && !none && *how) {
        size_t length = strcspn(how, "+"), p = 0;
        while (p < MLI_DATE_PARTS && (strlen(mli_date_part_name[p]) != length ||
                                      strncmp(how, mli_date_part_name[p], length) != 0))
            p++;
        if (p == MLI_DATE_PARTS)
            return false;
        *parts |= 1U << p;
        how += length;
        if (*how && !*++how)
            return false; /* ends in '+' */
    }
    return none || *parts != 0;
}

enum ml_status mli_dates_check(const char *how, unsigned column, struct ml_error *err)
{
    unsigned parts;

    (void)column;
    if (parse(how, &parts))
        return ML_OK;
    return ml_error_set(err, ML_EUSAGE,
                        "\"%.60s\" is no choice of parts; expected parts, none, or some of year, month, "
                        "day, weekday, hour, minute, yearday and epoch with + between them",
                        how);
}

unsigned mli_dates_wanted(const struct ml_prep_config *config, const char *column)
{
    unsigned parts = 0;

    return parse(mli_choice_find(config->dates, column, "parts"), &parts) ? parts : 0;
}

/* 1 to 366. */
static int64_t day_of_year(int64_t year, int64_t month, int64_t day)
{
    static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return before[month - 1] + day + (leap && month > 2);
}

/* Fills parts[MLI_DATE_PARTS]; seconds is not NaN. */
static void parts_of(double seconds, double *parts)
{
    double clamped = fmin(fmax(seconds, FIRST_SECOND), LAST_SECOND), day = floor(clamped / DAY);
    int64_t year, month, of_month;

    mli_instant_date((int64_t)day, &year, &month, &of_month);
    parts[MLI_DATE_YEAR] = (double)year;
    parts[MLI_DATE_MONTH] = (double)month;
    parts[MLI_DATE_DAY] = (double)of_month;
    parts[MLI_DATE_WEEKDAY] =
        (double)(((int64_t)day % 7 + 10) % 7); /* 1970-01-01 was a Thursday, 3 */
    parts[MLI_DATE_HOUR] = floor((clamped - day * DAY) / 3600);
    parts[MLI_DATE_MINUTE] = floor((clamped - day * DAY) / 60) - parts[MLI_DATE_HOUR] * 60;
    parts[MLI_DATE_YEARDAY] = (double)day_of_year(year, month, of_month);
    parts[MLI_DATE_EPOCH] = clamped / DAY;
}

double mli_date_part(double seconds, enum mli_date_part part)
{
    double parts[MLI_DATE_PARTS];

    if (isnan(seconds))
        return seconds;
    parts_of(seconds, parts);
    return parts[part];
}

unsigned mli_date_parts_varying(const double *x, size_t n, const uint8_t *use)
{
    double first[MLI_DATE_PARTS] = { 0 }, parts[MLI_DATE_PARTS] = { 0 };
    bool started = false;
    unsigned varying = 0;

    for (size_t i = 0; i < n; i++) {
        if ((use && !use[i]) || isnan(x[i]))
            continue;
        parts_of(x[i], started ? parts : first);
        for (unsigned p = 0; started && p < MLI_DATE_PARTS; p++)
            varying |= (unsigned)(parts[p] != first[p]) << p;
        started = true;
    }
    return varying;
}

/* ---- the step ------------------------------------------------------------------------------------------------ */

static void dates_free(void *state)
{
    struct mli_dates *dates = state;

    if (!dates)
        return;
    free(dates->slot);
    free(dates->first);
    free(dates->parts);
    free(dates);
}

/* Takes slot. */
static struct mli_dates *dates_new(size_t count, size_t *slot)
{
    struct mli_dates *dates = mli_calloc(1, sizeof(*dates));

    if (!dates) {
        free(slot);
        return NULL;
    }
    *dates = (struct mli_dates){ .count = count, .slot = slot };
    dates->first = mli_calloc(count, sizeof(*dates->first));
    dates->parts = mli_calloc(count, sizeof(*dates->parts));
    if (dates->first && dates->parts)
        return dates;
    dates_free(dates);
    return NULL;
}

static enum ml_status dates_fit(struct mli_fit *fit, void **out, struct ml_error *err)
{
    size_t count, *slot;
    enum ml_status status = mli_slots_new(fit->frame, MLI_SLOT_INSTANT, &count, &slot, err);

    if (status != ML_OK || count == 0)
        return status;
    struct mli_dates *dates = dates_new(count, slot);
    if (!dates)
        return mli_step_nomem(err);
    for (size_t k = 0; k < count; k++) {
        const struct mli_values values = mli_fit_values(fit, slot[k]);
        dates->parts[k] = mli_date_parts_varying(values.x, values.rows, values.use) &
                          mli_dates_wanted(fit->config, mli_slot_column(fit->frame, slot[k]));
    }
    *out = dates;
    return ML_OK;
}

static enum ml_status add_parts(const struct mli_dates *dates, size_t k, struct mli_frame *frame,
                                struct ml_error *err)
{
    char suffix[16];
    enum ml_status status = ML_OK;

    for (size_t p = 0; p < MLI_DATE_PARTS && status == ML_OK; p++) {
        if (!(dates->parts[k] >> p & 1))
            continue;
        snprintf(suffix, sizeof(suffix), ".%s", mli_date_part_name[p]);
        status = mli_frame_add(frame, dates->slot[k], suffix, err);
    }
    return status;
}

static enum ml_status dates_shape(void *state, struct mli_frame *frame, struct ml_error *err)
{
    struct mli_dates *dates = state;
    enum ml_status status =
        mli_frame_check(frame, dates->count, dates->slot, MLI_SLOT_INSTANT, err);

    for (size_t k = 0; k < dates->count && status == ML_OK; k++) {
        dates->first[k] = frame->count;
        status = add_parts(dates, k, frame, err);
        mli_frame_retire(frame, dates->slot[k]);
    }
    return status;
}

static void no_parts(double *parts)
{
    for (size_t p = 0; p < MLI_DATE_PARTS; p++)
        parts[p] = NAN;
}

static void dates_apply(const void *state, const struct mli_block *block)
{
    const struct mli_dates *dates = state;

    for (size_t k = 0; k < dates->count; k++) {
        const double *x = block->number[dates->slot[k]];
        for (size_t i = 0; i < block->rows; i++) {
            double parts[MLI_DATE_PARTS];
            size_t to = dates->first[k];
            if (isnan(x[i]))
                no_parts(parts);
            else
                parts_of(x[i], parts);
            for (size_t p = 0; p < MLI_DATE_PARTS; p++) {
                if (dates->parts[k] >> p & 1)
                    block->number[to++][i] = parts[p];
            }
        }
    }
}

static const size_t *dates_numbers(const void *state, size_t *count)
{
    const struct mli_dates *dates = state;

    *count = dates->count;
    return dates->slot;
}

/* ---- file ---------------------------------------------------------------------------------------------------- */

static json_t *parts_to_json(unsigned parts)
{
    json_t *list = json_array();
    bool done = list != NULL;

    for (size_t p = 0; p < MLI_DATE_PARTS && done; p++) {
        if (parts >> p & 1)
            done = json_array_append_new(list, json_string(mli_date_part_name[p])) == 0;
    }
    if (done)
        return list;
    json_decref(list);
    return NULL;
}

static enum ml_status dates_save(const void *state, json_t *doc, struct mli_tensors *set,
                                 struct ml_error *err)
{
    const struct mli_dates *dates = state;
    json_t *list = json_array();
    bool done = list && mli_slots_save(dates->count, dates->slot, doc);

    (void)set; /* no statistics */
    for (size_t k = 0; k < dates->count && done; k++)
        done = json_array_append_new(list, parts_to_json(dates->parts[k])) == 0;
    if (!done)
        json_decref(list);
    return done && mli_json_put(doc, "parts", list) ? ML_OK : mli_step_nomem(err);
}

/* Names of parts in the order of the enum, at least one. */
static bool parts_from_json(const json_t *list, unsigned *out)
{
    size_t used = 0, n = json_array_size(list);

    *out = 0;
    for (size_t p = 0; p < MLI_DATE_PARTS && used < n; p++) {
        const char *name = json_string_value(json_array_get(list, used));
        if (!name || strcmp(name, mli_date_part_name[p]) != 0)
            continue;
        *out |= 1U << p;
        used++;
    }
    return n > 0 && used == n;
}

static enum ml_status dates_load(const json_t *doc, struct mli_tensors *set, void **out,
                                 struct ml_error *err)
{
    static const char *const members[] = { "kind", "columns", "parts", NULL };
    size_t count, *slot;
    json_t *list;
    enum ml_status status = mli_step_members(doc, members, err);

    (void)set;
    if (status == ML_OK)
        status = mli_json_array(doc, "parts", &list, err);
    if (status == ML_OK)
        status = mli_slots_load(doc, &count, &slot, err);
    if (status != ML_OK)
        return status;
    struct mli_dates *dates = dates_new(count, slot);
    if (!dates)
        return mli_step_nomem(err);
    if (json_array_size(list) != count)
        status = ml_error_set(err, ML_EARTIFACT, "\"parts\" has %zu entries for %zu columns",
                              json_array_size(list), count);
    for (size_t k = 0; k < count && status == ML_OK; k++) {
        if (!parts_from_json(json_array_get(list, k), &dates->parts[k]))
            status = ml_error_set(
                err, ML_EARTIFACT,
                "\"parts[%zu]\" must list some of year, month, day, weekday, hour, minute, yearday, "
                "epoch in that order",
                k);
    }
    if (status != ML_OK) {
        dates_free(dates);
        return status;
    }
    *out = dates;
    return ML_OK;
}

const struct mli_step_kind mli_dates_step = {
    .name = "dates",
    .fit = dates_fit,
    .shape = dates_shape,
    .apply = dates_apply,
    .numbers = dates_numbers,
    .save = dates_save,
    .load = dates_load,
    .free = dates_free,
};
