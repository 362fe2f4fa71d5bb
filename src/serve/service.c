#include <serve/service.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

enum ml_status mli_service_init(struct mli_service *service, const struct ml_model *model,
                                const struct mli_server_config *config, size_t workers,
                                struct ml_error *err)
{
    enum ml_status status;

    memset(service, 0, sizeof(*service));
    service->config = *config;
    status = mli_registry_init(&service->registry, model, config->name, config->version, err);
    if (status != ML_OK)
        return status;
    service->worker = mli_calloc(workers, sizeof(*service->worker));
    if (!service->worker)
        status = ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    while (status == ML_OK && service->workers < workers) {
        status = mli_worker_init(&service->worker[service->workers],
                                 &service->registry.served[0], err);
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
    free(service->worker);
    mli_registry_release(&service->registry);
    memset(service, 0, sizeof(*service));
}
