#include <deploy/dockerfile.h>

#include <base/text.h>
#include <deploy/compose.h>

#include <string.h>

#define LABEL_MAX 1024 /* bytes of a value; the builder reads lines of at most 64 KiB */

/* C0, DEL, and C1, which is U+0080 to U+009F: c2 80 to c2 9f. */
static bool is_control(const unsigned char *s, size_t n)
{
    return n == 1 ? s[0] < 0x20 || s[0] == 0x7f : n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

/*
 * A double-quoted word of the Dockerfile language: a backslash takes the meaning of `"`, `\` and
 * `$` away; nothing else in the quotes has one, but a line end, which ends the instruction.
 */
static void add_quoted(struct mli_buf *out, const char *text)
{
    size_t n = strlen(text), length;
    mli_buf_char(out, '"');
    for (size_t i = 0; i < n; i += length) {
        length = mli_utf8_sequence(text + i, n - i);
        bool bad = length == 0 || is_control((const unsigned char *)text + i, length);
        length = length ? length : 1;
        if (i + length > LABEL_MAX)
            break;
        if (bad) {
            mli_buf_char(out, '?');
            continue;
        }
        if (strchr("\"\\$", text[i]))
            mli_buf_char(out, '\\');
        mli_buf_add(out, text + i, length);
    }
    mli_buf_char(out, '"');
}

/* One more label of the LABEL instruction; none for a value that is not there. */
static void add_label(struct mli_buf *out, const char *key, const char *value)
{
    if (!value || value[0] == '\0')
        return;
    mli_buf_printf(out, " \\\n      %s=", key);
    add_quoted(out, value);
}

/* Label keys are lower-case letters, digits, separators; other metrics have no label. */
static bool is_key(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    return n > 0 && n <= 64 && name[n] == '\0';
}

static void add_metrics(struct mli_buf *out, json_t *metrics)
{
    const char *name;
    json_t *value;
    json_object_foreach(metrics, name, value)
    {
        if (!is_key(name) || !json_is_number(value))
            continue;
        mli_buf_printf(out, " \\\n      org.mlctl.metrics.%s=\"", name);
        mli_buf_number(out, json_number_value(value));
        mli_buf_char(out, '"');
    }
}

static void add_labels(struct mli_buf *out, const struct ml_model *model,
                       const struct mli_context_config *config)
{
    json_t *data = json_object_get(model->record, "data");
    mli_buf_str(out, "LABEL org.opencontainers.image.title=");
    add_quoted(out, config->name);
    add_label(out, "org.opencontainers.image.description",
              model->loss.task == MLI_TASK_REGRESSION ? "Regression model served by mlctl"
                                                      : "Classification model served by mlctl");
    add_label(out, "org.opencontainers.image.version", config->version);
    add_label(out, "org.mlctl.model.target", model->target_names);
    add_label(out, "org.mlctl.model.sha256", model->sha256);
    add_label(out, "org.mlctl.data.sha256", json_string_value(json_object_get(data, "sha256")));
    add_metrics(out, json_object_get(model->record, "metrics"));
    mli_buf_char(out, '\n');
}

void mli_dockerfile_render(struct mli_buf *out, const struct ml_model *model,
                           const struct mli_context_config *config)
{
    mli_buf_str(
        out, "# Written by `mlctl docker`. Needs no base image and no network: docker build -t ");
    mli_compose_name(out, config->name);
    mli_buf_str(out, " .\nFROM scratch\n");
    add_labels(out, model, config);
    mli_buf_printf(out,
                   "COPY rootfs/ /\n"
                   "COPY model.safetensors /model.safetensors\n"
                   "WORKDIR /\n"
                   "USER 65532:65532\n"
                   "EXPOSE %u/tcp\n"
                   "STOPSIGNAL SIGTERM\n"
                   "HEALTHCHECK --interval=1.5s --timeout=3s --start-period=5s --retries=3 "
                   "CMD [\"/mlctl\", \"health\", \"http://127.0.0.1:%u/readyz\"]\n"
                   "ENTRYPOINT [\"/mlctl\"]\n"
                   "CMD [\"serve\", \"--address\", \"0.0.0.0\", \"--port\", \"%u\"]\n",
                   config->port, config->port, config->port);
}

void mli_dockerignore_render(struct mli_buf *out, const struct mli_closure *closure)
{
    mli_buf_str(out, "*\n!model.safetensors\n!rootfs/mlctl\n");
    for (size_t i = 0; i < closure->count; i++)
        mli_buf_printf(out, "!rootfs%s\n", closure->path[i]);
}
