#include <serve/content.h>

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *type;
    enum mli_media media;
} types[] = {
    { "application/json", MLI_MEDIA_JSON },         { "text/csv", MLI_MEDIA_CSV },
    { "application/jsonlines", MLI_MEDIA_LINES },   { "application/jsonl", MLI_MEDIA_LINES },
    { "application/x-jsonlines", MLI_MEDIA_LINES }, { "application/x-ndjson", MLI_MEDIA_LINES },
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
            return refuse(fault);
    }
    return *rest == '\0' ? content : refuse(MLI_CONTENT_PARAMETER);
}

/* Whether the parameters at *s, which is moved behind them, say q=0. */
static bool unwanted(const char **s)
{
    struct parameter parameter;
    bool zero = false;

    while (**s == ';' && next_parameter(s, &parameter)) {
        if (equals(parameter.name, parameter.name_len, "q"))
            zero = strspn(parameter.value, "0.") >= parameter.value_len;
    }
    return zero;
}

enum mli_media mli_content_accepted(const char *accept)
{
    while (accept && *accept) {
        accept = skip_space(accept);
        size_t n = strcspn(accept, ",; \t");
        enum mli_media media = media_of(accept, n);
        const char *rest = skip_space(accept + n);
        bool none = unwanted(&rest);
        if (media != MLI_MEDIA_OTHER && !none)
            return media;
        accept = rest + strcspn(rest, ",");
        accept += *accept == ',';
    }
    return MLI_MEDIA_OTHER;
}
