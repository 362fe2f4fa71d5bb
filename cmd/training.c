#include <cmd/training.h>

#include <cmd/out.h>

#include <base/num.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

volatile sig_atomic_t training_stopped; /* handlers have nowhere else to write */

static void on_signal(int signal)
{
    if (training_stopped)
        cmd_die(signal);
    training_stopped = signal;
}

void training_catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

char *training_prep(const struct cmd_context *ctx, const struct training *flags)
{
    const char *data = ctx->args[0];
    if (flags->prep)
        return strdup(flags->prep);
    if (flags->no_prep || ctx->nargs > 1 || strcmp(data, "-") == 0)
        return NULL;
    size_t n = strlen(data) + sizeof ".prep.json";
    char *path = malloc(n);
    struct stat st;
    if (path)
        snprintf(path, n, "%s.prep.json", data);
    if (path && stat(path, &st) == 0)
        return path;
    free(path);
    return NULL;
}

struct training training_init(void)
{
    static char automatic[] = "auto";
    struct training f = { .reading = READING_INIT, .model = CMD_MODEL_DEFAULT, .rate = automatic, .l2 = -DBL_MAX };
    return f;
}

/* "auto" or a step size. */
static bool take_rate(const struct cmd_context *ctx, const char *text, double *out)
{
    struct ml_error err = ML_ERROR_INIT;
    *out = 0;
    if (strcmp(text, "auto") == 0 || (mli_num_parse(text, strlen(text), out) && *out > 0))
        return true;
    ml_error_set(&err, ML_EUSAGE, "--rate %.60s is out of range: it must be auto or a number above 0", text);
    cmd_fail(ctx, &err);
    return false;
}

static bool is_stdout(const struct training *f)
{
    return strcmp(f->model, "-") == 0;
}

bool training_output_refused(const struct cmd_context *ctx, const struct training *f)
{
    struct ml_error err = ML_ERROR_INIT;
    if (cmd_output_is_file(ctx, f->model) || dialect_output_refused(ctx, &f->reading.options.csv, f->model))
        return true;
    if (!ctx->json || !is_stdout(f))
        return false;
    ml_error_set(&err, ML_EUSAGE, "--json and --model - both want standard output; give the model a file");
    cmd_fail(ctx, &err);
    return true;
}

bool training_is_silent(const struct cmd_context *ctx, const struct training *f)
{
    return is_stdout(f) && (ctx->quiet || !out_to_stderr(ctx));
}

/* A test file that is not there is said before the training, not behind it. */
static int check_test(const struct cmd_context *ctx, const char *test)
{
    struct ml_error err = ML_ERROR_INIT;
    if (!test || strcmp(test, "-") == 0 || access(test, R_OK) == 0)
        return CMD_CONTINUE;
    ml_error_at(&err, ML_EIO, test, 0, 0, "cannot be opened: %s", strerror(errno));
    return cmd_fail(ctx, &err);
}

int training_flags(struct cmd_context *ctx, struct training *f)
{
    struct ml_fit_config *fit = &f->reading.fit;
    const struct {
        const char *name;
        long value;
        size_t *out;
    } counts[] = { { "epochs", f->epochs, &fit->epochs },
                   { "batch", f->batch, &fit->batch },
                   { "patience", f->patience, &fit->patience },
                   { "members", f->members, &fit->members },
                   { "threads", f->threads, &fit->threads } };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (reading_count(ctx, counts[i].name, counts[i].value, counts[i].out) != CMD_CONTINUE)
            return CMD_USAGE;
    fit->batch_norm = f->batch_norm != 0;
    if (!cmd_size(ctx, "memory", f->memory, &fit->memory) || !take_rate(ctx, f->rate, &fit->rate))
        return CMD_USAGE;
    bool given = f->l2 > -DBL_MAX || f->l2 < -DBL_MAX || isnan(f->l2);
    if (given && !(f->l2 >= 0)) {
        struct ml_error err = ML_ERROR_INIT;
        ml_error_set(&err, ML_EUSAGE, "--l2 %g is out of range: it must be 0 or more", f->l2);
        return cmd_fail(ctx, &err);
    }
    if (given)
        fit->l2 = f->l2;
    ctx->inputs[2] = f->prep;
    int code = reading_options(ctx, &f->reading);
    return code == CMD_CONTINUE ? check_test(ctx, fit->test) : code;
}
