#include <export/c_steps.h>

#include <export/c_code.h>
#include <export/c_text.h>

struct writer {
    const char *name; /* prefix of every identifier */
    struct mli_buf *out;
};

static void put(struct writer *w, const char *text)
{
    mli_c_template(w->out, w->name, text);
}

static void put_dates(struct writer *w, const void *state)
{
    static const char *const names[MLI_DATE_PARTS] = {
        [MLI_DATE_YEAR] = "YEAR",       [MLI_DATE_MONTH] = "MONTH", [MLI_DATE_DAY] = "DAY",
        [MLI_DATE_WEEKDAY] = "WEEKDAY", [MLI_DATE_HOUR] = "HOUR",   [MLI_DATE_MINUTE] = "MINUTE",
        [MLI_DATE_YEARDAY] = "YEARDAY", [MLI_DATE_EPOCH] = "EPOCH",
    };
    const struct mli_dates *dates = state;

    put(w, "\n    /* dates: an instant becomes parts of it */\n");
    for (size_t k = 0; k < dates->count; k++) {
        size_t to = dates->first[k];
        for (unsigned p = 0; p < MLI_DATE_PARTS; p++)
            if (dates->parts[k] >> p & 1)
                mli_buf_printf(w->out, "    v%zu = %s_date(v%zu, %s_%s);\n", to++, w->name,
                               dates->slot[k], w->name, names[p]);
    }
}

static void put_impute(struct writer *w, const void *state)
{
    const struct mli_imputer *imputer = state;

    put(w, "\n    /* impute: a missing number becomes one that training found */\n");
    for (size_t k = 0; k < imputer->count; k++) {
        mli_buf_printf(w->out, "    if (isnan(v%zu))\n        v%zu = ", imputer->slot[k],
                       imputer->slot[k]);
        mli_c_number(w->out, imputer->value[k]);
        mli_buf_str(w->out, ";\n");
    }
}

static void put_flags(struct writer *w, const void *state)
{
    const struct mli_flags *flags = state;

    put(w, "\n    /* flags: where a number is missing */\n");
    for (size_t k = 0; k < flags->count; k++)
        mli_buf_printf(w->out, "    v%zu = isnan(v%zu) ? 1.0 : 0.0;\n", flags->first + k,
                       flags->slot[k]);
}

static void put_fill(struct writer *w, const void *state)
{
    const struct mli_fill *fill = state;

    put(w, "\n    /* fill: a missing category becomes one that training found */\n");
    for (size_t k = 0; k < fill->count; k++)
        mli_buf_printf(w->out, "    if (c%zu == -1)\n        c%zu = %d;\n", fill->slot[k],
                       fill->slot[k], (int)fill->code[k]);
}

static void put_clip(struct writer *w, const void *state)
{
    const struct mli_clip *clip = state;

    put(w, "\n    /* clip: a number that is far out becomes the bound */\n");
    for (size_t k = 0; k < clip->count; k++) {
        for (int upper = 0; upper < 2; upper++) {
            double bound = upper ? clip->high[k] : clip->low[k];
            mli_buf_printf(w->out, "    if (v%zu %c ", clip->slot[k], upper ? '>' : '<');
            mli_c_number(w->out, bound);
            mli_buf_printf(w->out, ")\n        v%zu = ", clip->slot[k]);
            mli_c_number(w->out, bound);
            mli_buf_str(w->out, ";\n");
        }
    }
}

static void put_power(struct writer *w, const void *state)
{
    const struct mli_power *power = state;

    put(w, "\n    /* power: the transform of Yeo and Johnson */\n");
    for (size_t k = 0; k < power->count; k++) {
        mli_buf_printf(w->out, "    v%zu = %s_yeo_johnson(v%zu, ", power->slot[k], w->name,
                       power->slot[k]);
        mli_c_number(w->out, power->lambda[k]);
        mli_buf_str(w->out, ");\n");
    }
}

static void put_ordinal(struct writer *w, const void *state)
{
    const struct mli_ordinal *ordinal = state;

    put(w, "\n    /* ordinal: a category becomes the place of its value; -1 where it has none */\n");
    for (size_t k = 0; k < ordinal->count; k++)
        mli_buf_printf(w->out, "    v%zu = c%zu >= 0 ? c%zu : -1;\n", ordinal->first + k,
                       ordinal->slot[k], ordinal->slot[k]);
}

/* The table of values of each slot stands above the function, see put_means(). */
static void put_target(struct writer *w, const void *state)
{
    const struct mli_target_encoder *encoder = state;

    put(w, "\n    /* target: a category becomes the mean of the target over rows that had it */\n");
    for (size_t k = 0; k < encoder->count; k++) {
        for (size_t o = 0; o < encoder->outputs; o++) {
            mli_buf_printf(w->out, "    v%zu = %s_means_%zu[(c%zu >= 0 ? c%zu : %zu - 1 - c%zu) * %zu + %zu];\n",
                           encoder->first + k * encoder->outputs + o, w->name, encoder->slot[k],
                           encoder->slot[k], encoder->slot[k], encoder->values[k], encoder->slot[k],
                           encoder->outputs, o);
        }
    }
}

static void put_means(struct writer *w, const struct mli_target_encoder *encoder)
{
    for (size_t k = 0; k < encoder->count; k++) {
        size_t n = (encoder->values[k] + 2) * encoder->outputs;
        put(w, "\nstatic const double @_means_");
        mli_buf_printf(w->out, "%zu[%zu] = {", encoder->slot[k], n);
        for (size_t i = 0; i < n; i++) {
            mli_buf_str(w->out, i % 4 == 0 ? "\n    " : " ");
            mli_c_number(w->out, encoder->value[encoder->at[k] + i]);
            mli_buf_char(w->out, ',');
        }
        put(w, "\n};\n");
    }
}

static void put_scale(struct writer *w, const void *state)
{
    const struct mli_scaler *scaler = state;

    put(w, "\n    /* scale: to the range that training saw */\n");
    for (size_t k = 0; k < scaler->count; k++) {
        bool negative = scaler->shift[k] < 0;
        mli_buf_printf(w->out, "    v%zu = (v%zu - %s", scaler->slot[k], scaler->slot[k],
                       negative ? "(" : "");
        mli_c_number(w->out, scaler->shift[k]);
        mli_buf_str(w->out, negative ? ")) / " : ") / ");
        mli_c_number(w->out, scaler->scale[k]);
        mli_buf_str(w->out, ";\n");
    }
}

/* Steps with nothing between the cells and the features have no `put`. */
static const struct {
    const struct mli_step_kind *kind;
    void (*put)(struct writer *w, const void *state);
    const char *helper; /* function that the statements call */
} steps[] = {
    { &mli_drop_step, NULL, NULL },
    { &mli_flags_step, put_flags, NULL },
    { &mli_dates_step, put_dates, mli_c_code_dates },
    { &mli_impute_step, put_impute, NULL },
    { &mli_fill_step, put_fill, NULL },
    { &mli_clip_step, put_clip, NULL },
    { &mli_power_step, put_power, mli_c_code_power },
    { &mli_hash_step, NULL, mli_c_code_hash },
    { &mli_target_step, put_target, NULL },
    { &mli_ordinal_step, put_ordinal, NULL },
    { &mli_onehot_step, NULL, mli_c_code_onehot },
    { &mli_scale_step, put_scale, NULL },
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static size_t find_step(const struct mli_step *step)
{
    size_t i = 0;
    while (i < STEPS && steps[i].kind != step->kind)
        i++;
    return i;
}

enum ml_status mli_c_steps_helpers(const struct mli_pipeline *pipeline, const char *name, struct mli_buf *out,
                                   struct ml_error *err)
{
    struct writer w = { name, out };

    for (size_t i = 0; i < mli_pipeline_steps(pipeline); i++) {
        const struct mli_step *step = mli_pipeline_step(pipeline, i);
        size_t found = find_step(step);
        if (step->kind == &mli_text_step || step->kind == &mli_tfidf_step)
            return ml_error_set(err, ML_EUSAGE,
                                "step \"%s\" cannot be exported as C: lower case and words of Unicode text are "
                                "more than the C library has; --format json describes it", step->kind->name);
        if (found == STEPS)
            return ml_error_set(err, ML_EUSAGE, "step \"%s\" cannot be exported as C",
                                step->kind->name);
        if (steps[found].helper)
            put(&w, steps[found].helper);
        if (step->kind == &mli_target_step)
            put_means(&w, step->state);
    }
    return ML_OK;
}

void mli_c_steps_statements(const struct mli_pipeline *pipeline, const char *name, struct mli_buf *out)
{
    struct writer w = { name, out };

    for (size_t i = 0; i < mli_pipeline_steps(pipeline); i++) {
        const struct mli_step *step = mli_pipeline_step(pipeline, i);
        size_t found = find_step(step);
        if (steps[found].put)
            steps[found].put(&w, step->state);
    }
}
