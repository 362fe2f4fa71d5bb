#include <cmd/serve_models.h>

#include <cmd/out.h>

#include <base/mem.h>
#include <base/num.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file's name without folder and ending, as far as it can be a name; "model" when nothing of it can. */
static char *name_of(const char *path)
{
    char stem[MLI_NAME_MAX + 1];
    const char *base = strrchr(path, '/');
    size_t n = 0;
    for (base = base ? base + 1 : path; *base && n < MLI_NAME_MAX; base++)
        stem[n++] = *base;
    stem[n] = '\0';
    char *ending = strstr(stem, ".safetensors");
    if (ending)
        *ending = '\0';
    for (char *c = stem; *c; c++) {
        const char one[] = { *c, '\0' };
        *c = mli_name_valid(one) || (*c == '.' && c > stem) ? *c : '_';
    }
    return mli_strdup(mli_name_valid(stem) ? stem : "model");
}

static enum ml_status take(struct serve_models *models, const char *text, struct ml_error *err)
{
    struct mli_source *source = &models->source[models->count];
    const char *sign = strchr(text, '=');
    char *name = sign ? mli_strndup(text, (size_t)(sign - text)) : NULL;
    bool named = name && mli_name_valid(name);
    *source = (struct mli_source){ .path = named ? sign + 1 : text, .version = "1" };
    if (!named) {
        free(name);
        name = mli_source_is_folder(source) ? NULL : name_of(source->path);
        if (!name && !mli_source_is_folder(source))
            return ml_error_set(err, ML_ENOMEM, "out of memory for the names of models");
    }
    source->name = models->name[models->count++] = name;
    return ML_OK;
}

int serve_models_take(const struct cmd_context *ctx, struct serve_models *models, const char *const *args,
                      size_t n, const char *name, const char *version)
{
    struct ml_error err = ML_ERROR_INIT;
    for (size_t i = 0; i < n && !err.status; i++)
        take(models, args[i], &err);
    struct mli_source *only = &models->source[0];
    if (!err.status && (name || version) && (n > 1 || mli_source_is_folder(only)))
        ml_error_set(&err, ML_EUSAGE, "--name and --model-version are for a single file; say NAME=FILE, and versions by a folder NAME/VERSION/" MLI_DISK_FILE);
    if (err.status)
        return cmd_fail(ctx, &err);
    if (name)
        only->name = name;
    if (version)
        only->version = version;
    return CMD_CONTINUE;
}

/* True: it is one; the texts of the canary are heap. */
static bool parse_canary(const char *text, struct mli_second *out)
{
    const char *equals = strchr(text, '='), *colon = equals ? strchr(equals, ':') : NULL;
    size_t n = colon ? strlen(colon + 1) : 0;
    double percent;
    if (n < 2 || colon[n] != '%' || !mli_num_parse(colon + 1, n - 1, &percent) || !(percent >= 0 && percent <= 100))
        return false;
    *out = (struct mli_second){ .name = mli_strndup(text, (size_t)(equals - text)),
                                .version = mli_strndup(equals + 1, (size_t)(colon - equals - 1)),
                                .share = percent / 100 };
    return out->name && out->version && mli_name_valid(out->name) && mli_name_valid(out->version);
}

/* Room of that size for each text. NULL: no memory. */
static void *room_for(char *const *texts, size_t size)
{
    size_t n = 0;
    while (texts && texts[n])
        n++;
    return mli_calloc(n + 1, size);
}

/* What is wrong with a text, NULL: there is no memory for it. An exit code. */
static int refuse(const struct cmd_context *ctx, const char *flag, const char *text, const char *like)
{
    struct ml_error err = ML_ERROR_INIT;
    if (text)
        ml_error_set(&err, ML_EUSAGE, "--%s \"%.100s\" is not like %s", flag, text, like);
    else
        ml_error_set(&err, ML_ENOMEM, "out of memory for --%s", flag);
    return cmd_fail(ctx, &err);
}

int serve_models_try(const struct cmd_context *ctx, struct serve_models *models, char *const *texts)
{
    models->canary = room_for(texts, sizeof *models->canary);
    if (!models->canary)
        return refuse(ctx, "canary", NULL, NULL);
    for (; texts && *texts; texts++)
        if (!parse_canary(*texts, &models->canary[models->canaries++]))
            return refuse(ctx, "canary", *texts, "churn=2:5%");
    return CMD_CONTINUE;
}

/* The three names of NAME[:LABEL]=VERSION, heap; label NULL: there is to be none. False: it is not like that. */
static bool parse_names(const char *text, char **name, char **label, char **version)
{
    const char *equals = strchr(text, '='), *end = equals;
    if (label && equals) {
        end = memchr(text, ':', (size_t)(equals - text));
        *label = end ? mli_strndup(end + 1, (size_t)(equals - end - 1)) : NULL;
    }
    if (!end)
        return false;
    *name = mli_strndup(text, (size_t)(end - text));
    *version = mli_strdup(equals + 1);
    return *name && *version && mli_name_valid(*name) && mli_name_valid(*version) &&
           (!label || (*label && mli_name_valid(*label)));
}

int serve_models_shadow(const struct cmd_context *ctx, struct serve_models *models, char *const *texts)
{
    models->shadow = room_for(texts, sizeof *models->shadow);
    if (!models->shadow)
        return refuse(ctx, "shadow", NULL, NULL);
    for (; texts && *texts; texts++) {
        struct mli_second *shadow = &models->shadow[models->shadows++];
        if (!parse_names(*texts, &shadow->name, NULL, &shadow->version))
            return refuse(ctx, "shadow", *texts, "churn=3");
    }
    return CMD_CONTINUE;
}

int serve_models_label(const struct cmd_context *ctx, struct serve_models *models, char *const *texts)
{
    models->label = room_for(texts, sizeof *models->label);
    if (!models->label)
        return refuse(ctx, "label", NULL, NULL);
    for (; texts && *texts; texts++) {
        struct mli_label *label = &models->label[models->labels++];
        if (!parse_names(*texts, &label->name, &label->label, &label->version))
            return refuse(ctx, "label", *texts, "churn:stable=2");
    }
    return CMD_CONTINUE;
}

void serve_models_release(struct serve_models *models)
{
    for (size_t i = 0; i < models->canaries; i++) {
        free(models->canary[i].name);
        free(models->canary[i].version);
    }
    for (size_t i = 0; i < models->shadows; i++) {
        free(models->shadow[i].name);
        free(models->shadow[i].version);
    }
    for (size_t i = 0; i < models->labels; i++) {
        free(models->label[i].name);
        free(models->label[i].label);
        free(models->label[i].version);
    }
    for (size_t i = 0; i < models->count; i++)
        free(models->name[i]);
    free(models->canary);
    free(models->shadow);
    free(models->label);
}

static double share_of(const struct mli_lineup *lineup)
{
    return (double)lineup->share / 0x1p64;
}

static void print_lineup(const struct mli_registry *registry, const struct mli_lineup *lineup, FILE *to)
{
    const struct mli_version *at = registry->version + lineup->first;
    size_t others = 0;
    for (size_t k = 0; k < lineup->count; k++)
        others += at[k].served != NULL;
    const struct mli_served *served = registry->version[lineup->main].served;
    char more[64] = "";
    if (others > 1)
        snprintf(more, sizeof more, ", and %zu other version%s", others - 1, others > 2 ? "s" : "");
    out_line_to(to, "named", "%s, version %s (target %s)%s", lineup->name, served->version, served->model->target_names, more);
    if (lineup->canary != MLI_NO_PLACE)
        out_line_to(to, "canary", "%s: %.4g%% of the requests go to version %s", lineup->name, 100 * share_of(lineup),
                    registry->version[lineup->canary].version);
    if (lineup->shadow != MLI_NO_PLACE)
        out_line_to(to, "shadow", "%s: version %s predicts too, and /metrics compares", lineup->name,
                    registry->version[lineup->shadow].version);
    for (size_t i = 0; i < registry->labels; i++)
        if (strcmp(registry->label[i].name, lineup->name) == 0)
            out_line_to(to, "label", "%s: %s is version %s", lineup->name, registry->label[i].label, registry->label[i].version);
}

void serve_models_print(const struct mli_registry *registry, FILE *to)
{
    for (size_t i = 0; (i = mli_registry_next(registry, i)) != MLI_NO_PLACE; i++)
        print_lineup(registry, &registry->lineup[i], to);
}

/* The labels of a version. NULL: no memory. */
static json_t *labels_json(const struct mli_registry *registry, const struct mli_served *served)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < registry->labels; i++) {
        const struct mli_label *label = &registry->label[i];
        if (strcmp(label->name, served->name) == 0 && strcmp(label->version, served->version) == 0 &&
            json_array_append_new(list, json_string(label->label))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *version_json(const struct mli_registry *registry, const struct mli_lineup *lineup, size_t place)
{
    const struct mli_served *served = registry->version[place].served;
    json_t *labels = labels_json(registry, served);
    json_t *doc = json_pack("{ssssss}", "name", served->name, "version", served->version, "sha256", served->model->sha256);
    bool made = doc && labels && (place != lineup->canary || json_object_set_new(doc, "canary", json_real(share_of(lineup))) == 0) &&
                (!served->group || json_object_set_new(doc, "together", json_true()) == 0) &&
                (place != lineup->shadow || json_object_set_new(doc, "shadow", json_true()) == 0) &&
                (json_array_size(labels) == 0 || json_object_set(doc, "labels", labels) == 0);
    json_decref(labels);
    if (made)
        return doc;
    json_decref(doc);
    return NULL;
}

json_t *serve_models_json(const struct mli_registry *registry)
{
    json_t *list = json_array();
    for (size_t i = 0; i < registry->lineups; i++) {
        const struct mli_lineup *lineup = &registry->lineup[i];
        for (size_t at = lineup->first; at < lineup->first + lineup->count; at++) {
            if (registry->version[at].served && json_array_append_new(list, version_json(registry, lineup, at))) {
                json_decref(list);
                return NULL;
            }
        }
    }
    return list;
}
