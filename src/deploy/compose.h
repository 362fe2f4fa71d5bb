/* compose.yaml, one service run with the least it needs; and the name of image and service. */
#ifndef DEPLOY_COMPOSE_H
#define DEPLOY_COMPOSE_H

#include <base/buf.h>
#include <deploy/context.h>
#include <stdint.h>

/*
 * A name as image references and services take it: lower-case letters and digits, every other run
 * of bytes one '-', none at the ends, at most 63 bytes; "model" when nothing is left. "Churn: 2024
 * Q1" becomes "churn-2024-q1".
 */
void mli_compose_name(struct mli_buf *out, const char *name);

/* The file. model_bytes is the size of the model file; the memory limit grows with it. */
void mli_compose_render(struct mli_buf *out, const struct mli_context_config *config,
                        uint64_t model_bytes);

#endif
