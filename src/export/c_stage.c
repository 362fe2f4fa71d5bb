#include <export/c_stage.h>

#include <export/c_text.h>
#include <stdio.h>

static void put_doubles(const char *name, const char *what, const double *x, size_t n,
                        struct mli_buf *out)
{
    mli_buf_printf(out, "\nstatic const double %s_%s[%zu] = {", name, what, n);
    for (size_t i = 0; i < n; i++) {
        mli_buf_str(out, i % 4 == 0 ? "\n    " : " ");
        mli_c_number(out, x[i]);
        mli_buf_char(out, ',');
    }
    mli_buf_str(out, "\n};\n");
}

static void select_tables(const void *state, const char *name, struct mli_buf *out)
{
    const struct mli_select *select = state;

    mli_buf_printf(out, "\n/* Features that are kept. */\nstatic const size_t %s_selected[%zu] = {",
                   name, select->count);
    for (size_t i = 0; i < select->count; i++)
        mli_buf_printf(out, "%s%zu,", i % 12 == 0 ? "\n    " : " ", select->keep[i]);
    mli_buf_str(out, "\n};\n");
}

static void select_statements(const struct mli_stage *stage, const char *name, const char *from,
                              const char *to, struct mli_buf *out)
{
    mli_buf_printf(out,
                   "\n    /* select: some of the features */\n"
                   "    for (i = 0; i < %zu; i++)\n"
                   "        %s[i] = %s[%s_selected[i]];\n",
                   stage->outputs, to, from, name);
}

static void pca_tables(const void *state, const char *name, struct mli_buf *out)
{
    const struct mli_pca *pca = state;

    put_doubles(name, "pca_mean", pca->mean, pca->inputs, out);
    put_doubles(name, "pca_component", pca->component, pca->count * pca->inputs, out);
}

static void pca_statements(const struct mli_stage *stage, const char *name, const char *from,
                           const char *to, struct mli_buf *out)
{
    mli_buf_printf(out,
                   "\n    /* pca: principal components of the features */\n"
                   "    for (i = 0; i < %zu; i++)\n"
                   "        %s[i] -= %s_pca_mean[i];\n"
                   "    for (i = 0; i < %zu; i++)\n"
                   "        %s[i] = %s_dot(%zu, %s, %s_pca_component + i * %zu);\n",
                   stage->inputs, from, name, stage->outputs, to, name, stage->inputs, from, name,
                   stage->inputs);
}

static const struct {
    const struct mli_stage_kind *kind;
    void (*tables)(const void *state, const char *name, struct mli_buf *out);
    void (*statements)(const struct mli_stage *stage, const char *name, const char *from,
                       const char *to, struct mli_buf *out);
} rows[] = {
    { &mli_select_stage, select_tables, select_statements },
    { &mli_pca_stage, pca_tables, pca_statements },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static size_t find_row(const struct mli_stage *stage)
{
    size_t i = 0;

    while (i < ROWS && rows[i].kind != stage->kind)
        i++;
    return i;
}

enum ml_status mli_c_stage_tables(const struct mli_pipeline *pipeline, const char *name,
                                  struct mli_buf *out, struct ml_error *err)
{
    for (size_t i = 0; i < mli_pipeline_stages(pipeline); i++) {
        const struct mli_stage *stage = mli_pipeline_stage(pipeline, i);
        size_t row = find_row(stage);
        if (row == ROWS)
            return ml_error_set(err, ML_EUSAGE, "step \"%s\" cannot be exported as C",
                                stage->kind->name);
        rows[row].tables(stage->state, name, out);
    }
    return ML_OK;
}

void mli_c_stage_arrays(const struct mli_pipeline *pipeline, struct mli_buf *out)
{
    for (size_t i = 0; i < mli_pipeline_stages(pipeline); i++)
        mli_buf_printf(out, ", s%zu[%zu]", i, mli_pipeline_stage(pipeline, i)->inputs);
}

void mli_c_stage_statements(const struct mli_pipeline *pipeline, const char *name,
                            struct mli_buf *out)
{
    size_t n = mli_pipeline_stages(pipeline);
    char from[24], to[24];

    for (size_t i = 0; i < n; i++) {
        const struct mli_stage *stage = mli_pipeline_stage(pipeline, i);
        snprintf(from, sizeof(from), "s%zu", i);
        if (i + 1 < n)
            snprintf(to, sizeof(to), "s%zu", i + 1);
        else
            snprintf(to, sizeof(to), "z0");
        rows[find_row(stage)].statements(stage, name, from, to, out);
    }
}
