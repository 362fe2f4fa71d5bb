#include <cmd/commands.h>
#include <cmd/out.h>

#include <deploy/compose.h>
#include <deploy/context.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct docker_flags {
    char *model, *directory, *name, *program;
    int port;
};

/* The serve-only twin beside this program, or in ../libexec/mlctl of an installation, else this program. */
static bool find_program(char out[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    static const char *const places[] = { "mlctl-runtime", "../libexec/mlctl/mlctl-runtime" };
    for (size_t i = 0; slash && i < 2; i++) {
        int len = snprintf(out, PATH_MAX, "%.*s/%s", (int)(slash - self), self, places[i]);
        if (len > 0 && len < PATH_MAX && access(out, X_OK) == 0)
            return true;
    }
    snprintf(out, PATH_MAX, "%s", self);
    return true;
}

static int docker(struct cmd_context *ctx, const struct docker_flags *f)
{
    struct ml_error err = ML_ERROR_INIT;
    struct ml_model *model = NULL;
    char program[PATH_MAX];
    if (f->program)
        snprintf(program, sizeof program, "%s", f->program);
    else if (!find_program(program)) {
        ml_error_set(&err, ML_EIO, "cannot find the running program; --program FILE names it");
        return cmd_fail(ctx, &err);
    }
    const struct mli_context_config config = {
        .directory = f->directory,
        .model = f->model,
        .program = program,
        .name = f->name,
        .port = (unsigned)f->port,
        .version = ML_VERSION,
        .log = &ctx->log,
    };
    enum ml_status status = ml_model_load(f->model, &model, &err);
    if (!status)
        status = mli_context_write(model, &config, &err);
    ml_model_free(model);
    if (status)
        return cmd_fail(ctx, &err);
    if (ctx->json)
        return out_json(ctx, json_pack("{sssssssi}", "directory", f->directory, "model", f->model, "name",
                                       f->name, "port", f->port));
    struct mli_buf tag; /* the name as an image tag may be spelled */
    mli_buf_init(&tag, 1024);
    mli_compose_name(&tag, f->name);
    out_line("wrote", "%s/: Dockerfile, compose.yaml, the program, its libraries and %s", f->directory,
             f->model);
    out_line("next", "docker build -t %s %s && docker run --rm -p %d:%d %s", tag.data, f->directory, f->port,
             f->port, tag.data);
    mli_buf_release(&tag);
    return out_end(ctx, CMD_DONE);
}

int cmd_docker(struct cmd_context *ctx, int argc, const char **argv)
{
    struct docker_flags f = { .model = CMD_MODEL_DEFAULT, .directory = "docker", .name = "mlctl-model", .port = 8080 };
    struct poptOption options[] = {
        { "model", 'm', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.model, 0, "model file", "FILE" },
        { "output", 'o', POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.directory, 0, "directory to write", "DIR" },
        { "name", 0, POPT_ARG_STRING | POPT_ARGFLAG_SHOW_DEFAULT, &f.name, 0, "image title and compose service", "NAME" },
        { "port", 'p', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &f.port, 0, "port the container listens on", "PORT" },
        { "program", 0, POPT_ARG_STRING, &f.program, 0, "executable to ship (mlctl-runtime beside mlctl if not given)", "FILE" },
        POPT_TABLEEND
    };
    int code = cmd_parse(ctx, argc, argv, options, 0, 1);
    if (code != CMD_CONTINUE)
        return code;
    if (ctx->nargs)
        f.model = (char *)ctx->args[0];
    if (f.port < 1024 || f.port > 65535) {
        struct ml_error err = ML_ERROR_INIT;
        ml_error_set(&err, ML_EUSAGE, "--port %d: a container without privileges needs 1024 to 65535", f.port);
        return cmd_fail(ctx, &err);
    }
    return docker(ctx, &f);
}
