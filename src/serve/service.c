#include <serve/service.h>

#include <base/mem.h>
#include <model/output.h>
#include <stdlib.h>
#include <string.h>

static json_t *labels_of(const struct mli_model_target *target)
{
    json_t *labels = json_array();

    for (size_t k = 0; k < target->classes; k++) {
        if (json_array_append_new(labels, json_string(target->label[k])) != 0) {
            json_decref(labels);
            return NULL;
        }
    }
    return labels;
}

/* The model's card. It has no name of its own: that is the operator's to give. */
static char *make_card(const struct ml_model *model)
{
    json_t *card = json_object(), *metrics = json_object_get(model->record, "metrics");
    bool made =
        mli_json_put(card, "task", json_string(mli_model_task(model))) &&
        mli_json_put(card, "target", json_string(model->target[0].name)) &&
        (model->target[0].classes == 0 || mli_json_put(card, "labels", labels_of(&model->target[0]))) &&
        mli_json_put(card, "inputs", mli_schema_to_json(mli_pipeline_schema(model->pipeline))) &&
        mli_json_put(card, "metrics", metrics ? json_incref(metrics) : json_object()) &&
        mli_json_put(card, "sha256", json_string(model->sha256)) &&
        mli_json_put(card, "program", json_string("mlctl " ML_VERSION));
    char *text = made ? mli_json_text(card, false) : NULL;

    json_decref(card);
    return text;
}

static bool make_texts(struct mli_service *service)
{
    service->model_text = make_card(service->model);
    service->version_text = mli_strdup("{\"program\":\"mlctl\",\"version\":\"" ML_VERSION "\"}\n");
    service->label_json = mli_prediction_labels_json(service->model);
    return service->model_text && service->version_text && service->label_json;
}

enum ml_status mli_service_init(struct mli_service *service, const struct ml_model *model,
                                const struct mli_server_config *config, size_t workers,
                                struct ml_error *err)
{
    enum ml_status status = ML_OK;

    memset(service, 0, sizeof(*service));
    service->model = model;
    service->config = *config;
    service->worker = mli_calloc(workers, sizeof(*service->worker));
    if (!service->worker || !make_texts(service))
        status = ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    while (status == ML_OK && service->workers < workers) {
        status = mli_worker_init(&service->worker[service->workers], model, err);
        service->workers += status == ML_OK;
    }
    if (status != ML_OK)
        mli_service_release(service);
    return status;
}

void mli_service_release(struct mli_service *service)
{
    for (size_t i = 0; i < service->workers; i++)
        mli_worker_release(&service->worker[i]);
    mli_prediction_labels_free(service->label_json);
    free(service->version_text);
    free(service->model_text);
    free(service->worker);
    memset(service, 0, sizeof(*service));
}
