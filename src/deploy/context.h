/*
 * Docker build context (docs/docker.md): Dockerfile FROM scratch, rootfs/ with the program and the
 * closure of shared libraries it loads, the model, .dockerignore, compose.yaml. Needs no network
 * and no base image.
 */
#ifndef DEPLOY_CONTEXT_H
#define DEPLOY_CONTEXT_H

#include <model/model.h>

struct mli_context_config {
    const char *directory; /* where the context goes, e.g. "docker" */
    const char *model;     /* path of the model file */
    const char *program;   /* path of the executable to ship */
    const char *name;      /* image title and compose service, e.g. "churn" */
    unsigned port;
    const char *version; /* label; NULL: none */
    const struct ml_log *log;
};

/*
 * Writes the context. The model must have been loaded from config->model (its digest and metrics
 * become labels). An existing directory is updated file by file (each replaced whole); nothing
 * outside it is touched, also not by way of symbolic links in it. Files for the image are 0644 or
 * 0755 whatever the umask; same inputs, same bytes.
 */
ML_NODISCARD enum ml_status mli_context_write(const struct ml_model *model,
                                              const struct mli_context_config *config,
                                              struct ml_error *err);

#endif
