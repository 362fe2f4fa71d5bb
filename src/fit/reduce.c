#include <fit/reduce.h>

#include <prep/choice.h>

enum ml_status mli_reduction_of(const struct ml_prep_config *config, struct mli_reduction *out,
                                struct ml_error *err)
{
    const char *select = mli_choice_find(config->select, "", NULL);
    const char *pca = mli_choice_find(config->pca, "", NULL);
    struct mli_reduction made = { .select = select != NULL, .pca = pca != NULL };
    enum ml_status status = ML_OK;

    if (select)
        status = mli_select_parse(select, &made.method, &made.bound, err);
    if (status == ML_OK && pca)
        status = mli_pca_parse(pca, &made.components, &made.share, err);
    if (status == ML_OK)
        *out = made;
    return status;
}

enum ml_status mli_reduce(struct mli_pipeline *pipeline, const struct mli_reduction *reduction,
                          const struct mli_reduce_rows *rows, struct ml_error *err)
{
    enum ml_status status = ML_OK;

    if (reduction->select)
        status = mli_reduce_select(pipeline, reduction, rows, err);
    if (status == ML_OK && reduction->pca)
        status = mli_reduce_pca(pipeline, reduction, rows, err);
    return status;
}

struct mli_matrix_rows mli_reduce_matrix(const struct mli_pipeline *pipeline, const struct mli_reduce_rows *rows)
{
    return (struct mli_matrix_rows){
        .pipeline = pipeline, .table = rows->table, .part = rows->part, .which = rows->which
    };
}
