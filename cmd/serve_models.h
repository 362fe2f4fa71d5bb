/* The models that serve is given: FILE, NAME=FILE, FOLDER or NAME=FOLDER, any number of them. */
#ifndef CMD_SERVE_MODELS_H
#define CMD_SERVE_MODELS_H

#include <cmd/cmd.h>
#include <serve/catalog.h>
#include <stdio.h>

#define SERVE_MODELS 256 /* at most */

struct serve_models {
    struct mli_source source[SERVE_MODELS];
    char *name[SERVE_MODELS]; /* heap: those of the sources; NULL: the source's is borrowed */
    size_t count;
    struct mli_second *canary; /* heap, any number, as the two below */
    size_t canaries;
    struct mli_second *shadow;
    size_t shadows;
    struct mli_label *label;
    size_t labels;
};

/*
 * Takes what is said of models: args[0..n), or the one of --model when there are none. name and version: of a single
 * file; NULL: not given. An exit code, or CMD_CONTINUE; _release either way.
 */
int serve_models_take(const struct cmd_context *ctx, struct serve_models *models, const char *const *args,
                      size_t n, const char *name, const char *version);
/* NAME=VERSION:5%, each. An exit code, or CMD_CONTINUE. */
int serve_models_try(const struct cmd_context *ctx, struct serve_models *models, char *const *texts);
/* NAME=VERSION, each; likewise. */
int serve_models_shadow(const struct cmd_context *ctx, struct serve_models *models, char *const *texts);
/* NAME:LABEL=VERSION, each; likewise. */
int serve_models_label(const struct cmd_context *ctx, struct serve_models *models, char *const *texts);
void serve_models_release(struct serve_models *models);

/* Lines: which models are served, and which versions are canaries, shadows and labelled. */
void serve_models_print(const struct mli_registry *registry, FILE *to);
/* [{"name","version","sha256"},...], with "canary" (a share), "shadow" and "labels" where they are; NULL: no memory. */
json_t *serve_models_json(const struct mli_registry *registry);

#endif
