/* What `mlctl serve` is told by its flags and by the environment, and whether that makes sense. */
#ifndef CMD_SERVE_FLAGS_H
#define CMD_SERVE_FLAGS_H

#include <cmd/serve_models.h>
#include <serve/server.h>

struct serve_flags {
    struct mli_server_config server; /* its numbers of type unsigned are targets of popt's, which knows no sign: an int is written */
    const char *platform; /* the variable that said the port; NULL: none */
    char *model, *name, *version, *max_body, *prediction_size, *open, payload[16];
    struct serve_models models;
    char *nan, *batch_window;
    char **canary, **shadow, **label;
    double rate;
    struct mli_courier_config courier;
    unsigned versions, drift_window;
    int metrics_port; /* INT_MIN: not said */
    int no_sandbox, no_drift, request_ids, rate_burst;
};

/* The defaults. */
void serve_flags_init(struct serve_flags *f);
/*
 * What the platforms that start containers say by the environment: Vertex AI (AIP_...), Amazon SageMaker, MLflow. A port from
 * there means all addresses, too, because the container is the wall. These are defaults; flags go before them.
 */
void serve_flags_environment(struct serve_flags *f, struct ml_error *err);
/* After cmd_parse() of these arguments. An exit code, or CMD_CONTINUE. */
int serve_flags_take(const struct cmd_context *ctx, struct serve_flags *f, int argc, const char **argv);
/* Where the platforms put a model, when none is said and none is here. NULL: err says that it would have to be fetched. */
const char *serve_flags_model(const struct serve_flags *f, struct ml_error *err);

#endif
