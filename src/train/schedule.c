#include <train/schedule.h>

#include <base/num.h>
#include <base/suggest.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCHEDULES(X) X(constant) X(linear) X(step) X(exponential) X(cosine) X(onecycle) X(plateau)
#define ROW(name) &mli_schedule_##name,
static const struct mli_schedule_kind *const rows[] = { SCHEDULES(ROW) };
#define COUNT (sizeof(rows) / sizeof(rows[0]))

#define BETTER 1e-4 /* share by which a loss must be lower to count as better, as PyTorch's ReduceLROnPlateau has it */

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static enum ml_status unknown(const char *text, size_t length, struct ml_error *err)
{
    const char *names[COUNT];
    char name[32];
    for (size_t i = 0; i < COUNT; i++)
        names[i] = rows[i]->name;
    length = length < sizeof name - 1 ? length : sizeof name - 1;
    memcpy(name, text, length);
    name[length] = 0;
    size_t near = mli_suggest(name, names, COUNT);
    if (near < COUNT)
        return ml_error_set(err, ML_EUSAGE, "unknown schedule \"%s\"; did you mean %s?", name, rows[near]->form);
    return ml_error_set(err, ML_EUSAGE,
                        "unknown schedule \"%s\"; there are: constant, linear, step:N:F, exponential:F, cosine, onecycle, plateau:N:F",
                        name);
}

/* An argument that is being read: at is where it begins. */
struct reading {
    const char *text, *at;
    const struct mli_schedule_kind *kind;
};

static enum ml_status malformed(const struct reading *r, const char *wanted, struct ml_error *err)
{
    return ml_error_set(err, ML_EUSAGE, "schedule \"%.64s\", column %zu: expected %s, found \"%.*s\" (%s)", r->text,
                        (size_t)(r->at - r->text) + 1, wanted, (int)strcspn(r->at, ":"), r->at, r->kind->form);
}

/* The next argument as a number; at moves behind it and its colon. */
static enum ml_status take(struct reading *r, const char *wanted, double low, double high, bool whole,
                           double *out, struct ml_error *err)
{
    size_t length = strcspn(r->at, ":");
    double value;
    if (!mli_num_parse(r->at, length, &value) || !(value >= low && value <= high) || (whole && floor(value) < value))
        return malformed(r, wanted, err);
    r->at += length;
    r->at += *r->at == ':';
    *out = value;
    return ML_OK;
}

enum ml_status mli_schedule_parse(const char *text, struct mli_schedule *out, struct ml_error *err)
{
    size_t length = strcspn(text, ":"), i = 0;
    while (i < COUNT && (strlen(rows[i]->name) != length || strncmp(rows[i]->name, text, length) != 0))
        i++;
    if (i == COUNT)
        return unknown(text, length, err);
    struct reading r = { text, text + length + (text[length] == ':'), rows[i] };
    double every = 1, factor = 1;
    enum ml_status status = ML_OK;
    if (rows[i]->every)
        status = take(&r, "a number of epochs", 1, 1e9, true, &every, err);
    if (!status && rows[i]->factor)
        status = take(&r, "a factor above 0 and below 1", 1e-12, nextafter(1, 0), false, &factor, err);
    if (!status && (*r.at || (text[strlen(text) - 1] == ':')))
        status = malformed(&r, "its end", err);
    if (!status)
        *out = (struct mli_schedule){ rows[i], (size_t)every, factor, 0 };
    return status;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

void mli_schedule_begin(struct mli_schedule_memory *memory)
{
    *memory = (struct mli_schedule_memory){ .share = 1, .least = INFINITY };
}

static size_t warm_steps(const struct mli_schedule *schedule, const struct mli_schedule_place *place)
{
    double epochs = schedule->warmup < 1 ? schedule->warmup * mli_schedule_epochs(place) : schedule->warmup;
    return (size_t)llround(epochs * (double)place->per_epoch);
}

double mli_schedule_share(const struct mli_schedule *schedule, const struct mli_schedule_place *place,
                          const struct mli_schedule_memory *memory)
{
    size_t warm = schedule->warmup > 0 ? warm_steps(schedule, place) : 0;
    struct mli_schedule_place rest = *place;

    rest.step = place->step > warm ? place->step - warm : 0;
    rest.steps = place->steps > warm ? place->steps - warm : 1;
    double grown = place->step < warm ? (double)(place->step + 1) / (double)warm : 1;
    return grown * schedule->kind->share(schedule, &rest, memory);
}

void mli_schedule_watch(const struct mli_schedule *schedule, double loss, struct mli_schedule_memory *memory)
{
    if (!schedule->kind->watches)
        return;
    if (!(memory->least < INFINITY) || loss < memory->least - BETTER * fabs(memory->least)) {
        memory->least = loss;
        memory->idle = 0;
    } else if (++memory->idle == schedule->every) {
        memory->share *= schedule->factor;
        memory->idle = 0;
    }
}
