#include <serve/content.h>

#include <base/num.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *type;
    enum mli_media media;
} types[] = {
    { "application/json", MLI_MEDIA_JSON },         { "text/csv", MLI_MEDIA_CSV },
    { "application/jsonlines", MLI_MEDIA_LINES },   { "application/jsonl", MLI_MEDIA_LINES },
    { "application/x-jsonlines", MLI_MEDIA_LINES }, { "application/x-ndjson", MLI_MEDIA_LINES },
    { MLI_MEDIA_TENSORS_TYPE, MLI_MEDIA_TENSORS },
};

struct parameter {
    const char *name, *value;
    size_t name_len, value_len;
};

static bool equals(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t");
}

static enum mli_media media_of(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (equals(text, len, types[i].type))
            return types[i].media;
    }
    return MLI_MEDIA_OTHER;
}

/* One ";name=value" at *s, which is moved behind it. False: it is not one. */
static bool next_parameter(const char **s, struct parameter *out)
{
    out->name = skip_space(*s + 1);
    out->name_len = strcspn(out->name, "=;, \t");
    if (out->name[out->name_len] != '=')
        return false;
    out->value = out->name + out->name_len + 1;
    bool quoted = *out->value == '"';
    out->value += quoted;
    out->value_len = strcspn(out->value, quoted ? "\"" : ";, \t");
    if (quoted && out->value[out->value_len] != '"')
        return false;
    *s = skip_space(out->value + out->value_len + quoted);
    return true;
}

static enum mli_content_fault take_parameter(struct mli_content *content,
                                             const struct parameter *parameter)
{
    const char *name = parameter->name, *value = parameter->value;
    size_t n = parameter->name_len, len = parameter->value_len;

    if (equals(name, n, "charset"))
        return equals(value, len, "utf-8") ? MLI_CONTENT_FINE : MLI_CONTENT_CHARSET;
    if (content->media == MLI_MEDIA_TENSORS && equals(name, n, "json-header-size") &&
        mli_num_parse_size(value, len, &content->json_part)) {
        content->parts = true;
        return MLI_CONTENT_FINE;
    }
    if (content->media != MLI_MEDIA_CSV)
        return MLI_CONTENT_PARAMETER;
    if (equals(name, n, "header") && equals(value, len, "present"))
        content->header = MLI_HEADER_PRESENT;
    else if (equals(name, n, "header") && equals(value, len, "absent"))
        content->header = MLI_HEADER_ABSENT;
    else if (!equals(name, n, "label_size") || !equals(value, len, "0"))
        return MLI_CONTENT_PARAMETER;
    return MLI_CONTENT_FINE;
}

static struct mli_content refuse(enum mli_content_fault fault)
{
    return (struct mli_content){ .fault = fault };
}

struct mli_content mli_content_parse(const char *content_type)
{
    struct mli_content content = { .fault = MLI_CONTENT_FINE };
    struct parameter parameter;

    if (!content_type)
        return refuse(MLI_CONTENT_TYPE);
    size_t n = strcspn(content_type, "; \t");
    content.media = media_of(content_type, n);
    if (content.media == MLI_MEDIA_OTHER)
        return refuse(MLI_CONTENT_TYPE);
    const char *rest = skip_space(content_type + n);
    while (*rest == ';') {
        if (!next_parameter(&rest, &parameter))
            return refuse(MLI_CONTENT_PARAMETER);
        enum mli_content_fault fault = take_parameter(&content, &parameter);
        if (fault != MLI_CONTENT_FINE)
            return (struct mli_content){ .fault = fault, .parameter = parameter.name, .parameter_len = parameter.name_len };
    }
    return *rest == '\0' ? content : refuse(MLI_CONTENT_PARAMETER);
}

/* ---- Accept ------------------------------------------------------------------------------------------------------ */

struct range {
    size_t type_len;
    const char *type, *version;
    size_t version_len; /* 0: none said */
    unsigned q;         /* thousandths */
};

/* qvalue [RFC 9110, 12.4.2]; what is none is taken for 0, so that it chooses nothing. */
static unsigned weight_of(const char *value, size_t n)
{
    unsigned q = 0, digit = 1000;

    if (n == 0 || n > 5 || (value[0] != '0' && value[0] != '1') || (n > 1 && value[1] != '.'))
        return 0;
    q = value[0] == '1' ? 1000 : 0;
    for (size_t i = 2; i < n; i++) {
        if (value[i] < '0' || value[i] > '9')
            return 0;
        digit /= 10;
        q += (unsigned)(value[i] - '0') * digit;
    }
    return q <= 1000 ? q : 0;
}

/* Reads the range at *s, which is moved behind it and its comma. */
static bool next_range(const char **s, struct range *out)
{
    struct parameter parameter;
    const char *rest = *s + strspn(*s, ", \t");

    if (*rest == '\0')
        return false;
    *out = (struct range){ .type = rest, .type_len = strcspn(rest, ",; \t"), .q = 1000 };
    rest = skip_space(rest + out->type_len);
    while (*rest == ';' && next_parameter(&rest, &parameter)) {
        if (equals(parameter.name, parameter.name_len, "q")) {
            out->q = weight_of(parameter.value, parameter.value_len);
        } else if (equals(parameter.name, parameter.name_len, "version")) {
            out->version = parameter.value;
            out->version_len = parameter.value_len;
        }
    }
    *s = rest + strcspn(rest, ",");
    return true;
}

enum mli_media mli_content_accepted(const char *accept)
{
    enum mli_media best = MLI_MEDIA_OTHER;
    struct range range;
    unsigned q = 0;

    while (accept && next_range(&accept, &range)) {
        enum mli_media media = media_of(range.type, range.type_len);
        if (media == MLI_MEDIA_OTHER || media == MLI_MEDIA_TENSORS || range.q <= q)
            continue;
        best = media;
        q = range.q;
    }
    return best;
}

/* ---- metrics ----------------------------------------------------------------------------------------------------- */

static bool has_version(const struct range *range, const char *exact, const char *series)
{
    return range->version_len == 0 || equals(range->version, range->version_len, exact) ||
           (series && range->version_len > 2 && strncmp(range->version, series, 2) == 0);
}

/* How closely a range names the type of Prometheus' text: 0, not at all. */
static unsigned closeness(const struct range *range)
{
    if (equals(range->type, range->type_len, "text/plain"))
        return has_version(range, "0.0.4", NULL) ? 3 : 0;
    return equals(range->type, range->type_len, "text/*") ? 2 : equals(range->type, range->type_len, "*/*");
}

bool mli_content_openmetrics(const char *accept)
{
    unsigned open = 0, text = 0, close = 0;
    struct range range;

    while (accept && next_range(&accept, &range)) {
        unsigned closer = closeness(&range);
        if (equals(range.type, range.type_len, "application/openmetrics-text")) {
            if (has_version(&range, "0.0.1", "1.") && range.q > open)
                open = range.q;
        } else if (closer > close || (closer == close && range.q > text)) {
            close = closer;
            text = closer ? range.q : 0;
        }
    }
    return open > 0 && open >= text;
}
