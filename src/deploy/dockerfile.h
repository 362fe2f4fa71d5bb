/*
 * Text of the two files that the image builder reads. Every word in them that comes from outside
 * (the image's title, the target's name, metric names of a model file) stays inside one quoted
 * label value, whatever bytes it has.
 */
#ifndef DEPLOY_DOCKERFILE_H
#define DEPLOY_DOCKERFILE_H

#include <base/buf.h>
#include <deploy/closure.h>
#include <deploy/context.h>

/*
 * The Dockerfile: FROM scratch, labels, COPY, a numeric user, HEALTHCHECK, ENTRYPOINT and CMD in
 * exec form. Only what the legacy builder of Docker 20.10 knows. Label values hold the text as it
 * is, but a control character or a byte that is not UTF-8 becomes '?' (a Dockerfile has no way to
 * write a line end), and what is over 1,024 bytes is cut.
 */
void mli_dockerfile_render(struct mli_buf *out, const struct ml_model *model,
                           const struct mli_context_config *config);

/*
 * .dockerignore as an allow-list: everything is left out but the program, the libraries of
 * `closure` and the model, so that a file some earlier run or person left in the directory never
 * enters an image.
 */
void mli_dockerignore_render(struct mli_buf *out, const struct mli_closure *closure);

#endif
