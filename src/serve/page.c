#include <serve/page.h>

#include <math.h>
#include <model/contributions.h>
#include <serve/assets.h>
#include <serve/markup.h>
#include <serve/page_fields.h>
#include <serve/v1.h>
#include <stdio.h>
#include <string.h>

#define LABELS ((size_t)20) /* of a target that are listed */

struct page {
    const struct mli_service *service;
    const struct mli_request *request;
    const struct mli_served *served; /* NULL: who asks may not see the model */
    char base[2 * MLI_NAME_MAX + 32]; /* what its paths begin with; "": it answers where no name is given */
};

/* ---- the card ---------------------------------------------------------------------------------------------------- */

static void begin_row(struct mli_buf *out, const char *term)
{
    mli_buf_str(out, "<dt>");
    mli_markup_text(out, term);
    mli_buf_str(out, "</dt><dd>");
}

static void end_row(struct mli_buf *out)
{
    mli_buf_str(out, "</dd>\n");
}

/* Nothing for text NULL. */
static void add_row(struct mli_buf *out, const char *term, const char *text)
{
    if (!text)
        return;
    begin_row(out, term);
    mli_markup_text(out, text);
    end_row(out);
}

static void add_target(struct mli_buf *out, const struct mli_model_target *target)
{
    begin_row(out, "Target");
    mli_markup_text(out, target->name);
    for (size_t k = 0; k < target->classes && k < LABELS; k++) {
        mli_buf_str(out, k == 0 ? ": " : ", ");
        mli_markup_text(out, target->label[k]);
    }
    if (target->classes > LABELS)
        mli_buf_printf(out, " and %zu more", target->classes - LABELS);
    end_row(out);
}

/* Those that are one number, not those of each class. */
static void add_metrics(struct mli_buf *out, const json_t *record)
{
    const char *name, *on = json_string_value(json_object_get(record, "metrics_on"));
    json_t *value;
    bool first = true;

    json_object_foreach(json_object_get(record, "metrics"), name, value) {
        if (!json_is_number(value) || strcmp(name, "rows") == 0)
            continue;
        if (first)
            begin_row(out, "Metrics");
        mli_buf_str(out, first ? "" : ", ");
        first = false;
        for (const char *c = name; *c; c++) {
            char one[] = { *c == '_' ? ' ' : *c, '\0' };
            mli_markup_text(out, one);
        }
        mli_buf_printf(out, " %.4g", json_number_value(value));
    }
    if (first)
        return;
    if (on) {
        mli_buf_str(out, " (");
        mli_markup_text(out, on);
        mli_buf_str(out, " rows)");
    }
    end_row(out);
}

/* The file's name without its folders: where it lay is nobody's business. */
static void add_data(struct mli_buf *out, const json_t *record)
{
    const json_t *data = json_object_get(record, "data"), *rows = json_object_get(record, "train_rows");
    const char *path = json_string_value(json_object_get(data, "path"));
    const char *name = path && strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

    if (!name)
        return;
    begin_row(out, "Training data");
    mli_markup_text(out, name);
    if (json_is_integer(rows))
        mli_buf_printf(out, ", trained on %" JSON_INTEGER_FORMAT " rows", json_integer_value(rows));
    end_row(out);
    add_row(out, "Its digest", json_string_value(json_object_get(data, "sha256")));
}

static void write_card(struct mli_buf *out, const struct mli_served *served)
{
    const struct ml_model *model = served->model;

    add_row(out, "Name", served->name);
    add_row(out, "Version", served->version);
    add_row(out, "Task", mli_model_task(model));
    add_row(out, "Kind", json_string_value(json_object_get(model->record, "kind")));
    add_row(out, "Network", model->network->spec);
    for (size_t t = 0; t < model->targets; t++)
        add_target(out, &model->target[t]);
    add_metrics(out, model->record);
    add_data(out, model->record);
    add_row(out, "Digest", model->sha256[0] ? model->sha256 : NULL);
    add_row(out, "Trained by", json_string_value(json_object_get(model->record, "program")));
}

/* ---- the form ---------------------------------------------------------------------------------------------------- */

static void write_fields(struct mli_buf *out, const struct mli_schema *schema)
{
    for (size_t i = 0; i < schema->count && i < MLI_PAGE_FIELDS; i++)
        mli_page_field(out, &schema->field[i], i);
}

static void write_rest(struct mli_buf *out, const struct mli_schema *schema)
{
    if (schema->count > MLI_PAGE_FIELDS)
        mli_buf_printf(out, "<p class=\"dim\">%zu more columns are sent as missing.</p>", schema->count - MLI_PAGE_FIELDS);
}

/* Text between the quotes of a shell, which a quote ends, escaped, and begins again. */
static void write_quoted(struct mli_buf *out, const char *text)
{
    for (const char *at; (at = strchr(text, '\'')) != NULL; text = at + 1) {
        mli_buf_add(out, text, (size_t)(at - text));
        mli_buf_str(out, "'\\''");
    }
    mli_buf_str(out, text);
}

static void write_row(struct mli_buf *out, const struct mli_schema *schema)
{
    mli_buf_char(out, '{');
    for (size_t i = 0; i < schema->count; i++) {
        mli_buf_json_key(out, i, schema->field[i].name);
        if (i < MLI_PAGE_FIELDS)
            mli_page_value(out, &schema->field[i]);
        else
            mli_buf_str(out, "null");
    }
    mli_buf_char(out, '}');
}

static void write_command(struct mli_buf *out, const struct page *page)
{
    const char *host = page->request->host;
    struct mli_buf row, command;

    mli_buf_init(&row, MLI_REPLY_MAX);
    mli_buf_init(&command, MLI_REPLY_MAX);
    write_row(&row, page->served->schema);
    mli_buf_str(&command, "curl -H 'Content-Type: application/json' -d '");
    if (row.status == ML_OK)
        write_quoted(&command, row.data);
    mli_buf_printf(&command, "' '%s://%s%s/predict'", page->service->config.tls_cert ? "https" : "http",
                   host ? host : "localhost", page->base);
    if (command.status == ML_OK)
        mli_markup_text(out, command.data);
    else
        out->status = command.status;
    mli_buf_release(&command);
    mli_buf_release(&row);
}

/* ---- the parts --------------------------------------------------------------------------------------------------- */

static void write_summary(struct mli_buf *out, const struct mli_served *served)
{
    size_t columns = served->schema->count;

    mli_markup_text(out, mli_model_task(served->model));
    mli_buf_str(out, " of ");
    mli_markup_text(out, served->model->target_names);
    mli_buf_printf(out, " by %zu column%s, version ", columns, columns > 1 ? "s" : "");
    mli_markup_text(out, served->version);
}

/* Links to the pages of all that is served, when this one is not alone. */
static void write_others(struct mli_buf *out, const struct page *page)
{
    const struct mli_registry *registry = page->request->registry;
    size_t served = 0;

    for (size_t i = 0; i < registry->versions; i++)
        served += registry->version[i].served != NULL;
    if (served < 2)
        return;
    mli_buf_str(out, "<h3>Served here</h3><ul>");
    for (size_t i = 0; i < registry->versions; i++) {
        const struct mli_served *one = registry->version[i].served;
        if (one)
            mli_buf_printf(out, "<li><a href=\"/models/%s/versions/%s/page\">%s, version %s</a></li>", one->name,
                           one->version, one->name, one->version);
    }
    mli_buf_str(out, "</ul>");
}

/* Who gets metrics from where the page came. */
static const char *who_has_metrics(const struct mli_server_config *config)
{
    return config->metrics_apart ? "nobody" : config->open & MLI_SCOPE_METRICS ? "all" : "key";
}

static void write_model_part(const void *data, const char *name, struct mli_buf *out)
{
    const struct page *page = data;
    const struct mli_served *served = page->served;

    if (strcmp(name, "summary") == 0)
        write_summary(out, served);
    else if (strcmp(name, "name") == 0)
        mli_markup_text(out, served->name);
    else if (strcmp(name, "version") == 0)
        mli_markup_text(out, served->version);
    else if (strcmp(name, "base") == 0)
        mli_buf_str(out, page->base);
    else if (strcmp(name, "ask") == 0)
        mli_buf_str(out, mli_contributions_can(served->model) ? "/explain" : "/predict");
    else if (strcmp(name, "count") == 0)
        mli_buf_printf(out, "%zu", served->schema->count);
    else if (strcmp(name, "fields") == 0)
        write_fields(out, served->schema);
    else if (strcmp(name, "rest") == 0)
        write_rest(out, served->schema);
    else if (strcmp(name, "metrics") == 0)
        mli_buf_str(out, who_has_metrics(&page->service->config));
    else if (strcmp(name, "curl") == 0)
        write_command(out, page);
    else if (strcmp(name, "card") == 0)
        write_card(out, served);
    else if (strcmp(name, "others") == 0)
        write_others(out, page);
}

static void write_part(const void *data, const char *name, struct mli_buf *out)
{
    const struct page *page = data;

    if (strcmp(name, "title") == 0)
        mli_markup_text(out, page->served ? page->served->name : "A model");
    else if (strcmp(name, "base") == 0)
        mli_buf_str(out, page->base);
    else if (strcmp(name, "version") == 0)
        mli_buf_str(out, ML_VERSION);
    else if (strcmp(name, "model") == 0 && page->served)
        mli_markup_expand(out, mli_asset_model, write_model_part, page);
}

static void answer(const struct page *page, struct mli_reply *reply)
{
    mli_markup_reply(reply, &(struct mli_markup){ .html = mli_asset_page,
                                                  .style = mli_asset_style,
                                                  .script = mli_asset_page_script,
                                                  .part = write_part,
                                                  .data = page });
}

/* Of the version at that place. */
static struct page page_of(const struct mli_service *service, const struct mli_request *request, size_t place)
{
    struct page page = { .service = service, .request = request, .served = request->registry->version[place].served };

    if (place != mli_registry_find(request->registry, NULL, 0, NULL, 0))
        snprintf(page.base, sizeof(page.base), "/models/%s/versions/%s", page.served->name, page.served->version);
    return page;
}

void mli_page_answer(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply)
{
    struct page page = page_of(service, request, request->place);

    (void)worker;
    answer(&page, reply);
}

void mli_page_locked(const struct mli_service *service, struct mli_reply *reply)
{
    const struct page page = { .service = service };

    answer(&page, reply);
    reply->status = 401;
}

void mli_root_answer(const struct mli_service *service, struct mli_worker *worker,
                     const struct mli_request *request, struct mli_reply *reply)
{
    size_t first = mli_registry_find(request->registry, NULL, 0, NULL, 0);

    if (!request->html || first == MLI_NO_PLACE) {
        mli_v1_alive(service, worker, request, reply);
        return;
    }
    struct page page = page_of(service, request, first);
    if (!(service->config.open & MLI_SCOPE_PREDICT))
        page.served = NULL;
    answer(&page, reply);
}
