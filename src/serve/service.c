#include <serve/service.h>

#include <base/mem.h>
#include <stdlib.h>
#include <string.h>

enum ml_status mli_service_init(struct mli_service *service, struct mli_catalog *catalog,
                                const struct mli_server_config *config, size_t loops, size_t others,
                                struct ml_error *err)
{
    memset(service, 0, sizeof(*service));
    service->config = *config;
    service->catalog = catalog;
    service->loops = loops;
    size_t workers = loops + others;
    size_t all = workers + mli_catalog_has_shadow(catalog);
    service->worker = mli_calloc_lines(all, sizeof(*service->worker));
    if (!service->worker)
        return ml_error_set(err, ML_ENOMEM, "out of memory for the server");
    for (; service->workers < workers; service->workers++)
        mli_worker_init(&service->worker[service->workers], service->workers);
    if (all > workers) {
        service->shadow_worker = &service->worker[workers];
        mli_worker_init(service->shadow_worker, workers);
    }
    enum ml_status status = mli_catalog_attach(catalog, service->worker, all, err);
    if (status != ML_OK)
        mli_service_release(service);
    return status;
}

void mli_service_release(struct mli_service *service)
{
    mli_catalog_detach(service->catalog);
    for (size_t i = 0; i < service->workers; i++)
        mli_worker_release(&service->worker[i]);
    if (service->shadow_worker)
        mli_worker_release(service->shadow_worker);
    free(service->worker);
    memset(service, 0, sizeof(*service));
}

const char *mli_service_unready(const struct mli_service *service, const struct mli_registry *registry)
{
    if (atomic_load(&service->draining))
        return "the server is about to stop";
    if (mli_registry_next(registry, 0) == MLI_NO_PLACE && !service->config.multi_model)
        return "no model is loaded";
    return NULL;
}
