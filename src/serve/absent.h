/*
 * Absent: the answers about what is not there, a path, a method, a model or a version, in the words that the protocol of the path
 * has for it. They name what was asked for and what there is instead; whoever may not know that has been turned away before.
 */
#ifndef SERVE_ABSENT_H
#define SERVE_ABSENT_H

#include <serve/routes.h>

/* No path of the table. 404, and 400 below /v1 as TensorFlow Serving has it. allow: methods that the path takes, then 405; NULL: none. */
void mli_absent_path(struct mli_reply *reply, const char *method, const char *path, size_t len, const char *allow);
/* 404: no model, version or label that the path names. */
void mli_absent_model(struct mli_reply *reply, const struct mli_registry *registry, const struct mli_match *match);

#endif
