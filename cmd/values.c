/* What options say: lists, sizes, times, files to write, and which of them go together. */
#include <cmd/cmd.h>

#include <base/num.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Length up to the comma that ends an entry: the first that has no backslash before it. */
static size_t entry_length(const char *text)
{
    size_t n = 0;
    while (text[n] && text[n] != ',')
        n += text[n] == '\\' && text[n + 1] == ',' ? 2 : 1;
    return n;
}

/* Without the blanks around it, "\," as ",". NULL: there is nothing but blanks, or no memory. */
static char *take_entry(const char *text, size_t length)
{
    size_t n = 0;
    while (length > 0 && text[length - 1] == ' ')
        length--;
    char *entry = length ? malloc(length + 1) : NULL;
    if (!entry)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        i += text[i] == '\\' && i + 1 < length && text[i + 1] == ',';
        entry[n++] = text[i];
    }
    entry[n] = '\0';
    return entry;
}

char **cmd_list(const char *const *values)
{
    size_t n = 0, capacity = 1;
    if (!values)
        return NULL;
    for (size_t v = 0; values[v]; v++)
        for (const char *c = values[v]; c; c = strchr(c, ','), c = c ? c + 1 : NULL)
            capacity++;
    char **list = calloc(capacity, sizeof *list);
    for (size_t v = 0; list && values[v]; v++) {
        for (const char *c = values[v]; c;) {
            c += strspn(c, " ");
            size_t length = entry_length(c);
            list[n] = take_entry(c, length);
            n += list[n] != NULL;
            c = c[length] ? c + length + 1 : NULL;
        }
    }
    return list;
}

void cmd_list_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

void cmd_join(const char *const *names, size_t n, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", names[i]);
}

bool cmd_output_refused(const struct cmd_context *ctx, const char *output, const char *input)
{
    struct stat a, b;
    char text[512];
    if (!output || !input || strcmp(output, "-") == 0 || strcmp(input, "-") == 0 ||
        stat(output, &a) != 0 || stat(input, &b) != 0 || !S_ISREG(a.st_mode) ||
        a.st_dev != b.st_dev || a.st_ino != b.st_ino)
        return false;
    snprintf(text, sizeof text,
             "%.400s would be overwritten while it is the input; write another file", output);
    cmd_usage_error(ctx, text);
    return true;
}

bool cmd_output_is_file(const struct cmd_context *ctx, const char *output)
{
    for (size_t i = 0; i < ctx->nargs; i++)
        if (cmd_output_refused(ctx, output, ctx->args[i]))
            return true;
    for (size_t i = 0; i < sizeof ctx->inputs / sizeof *ctx->inputs; i++)
        if (cmd_output_refused(ctx, output, ctx->inputs[i]))
            return true;
    return false;
}

bool cmd_output_writable(const struct cmd_context *ctx, const char *output)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(output, '/');
    if (strcmp(output, "-") == 0)
        return true;
    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - output + 1) : 1,
             slash ? output : ".");
    struct ml_error err = ML_ERROR_INIT;
    struct stat st;
    bool allowed = access(directory, W_OK | X_OK) == 0;
    if (allowed && stat(output, &st) == 0 && S_ISDIR(st.st_mode)) {
        allowed = false;
        errno = EISDIR;
    }
    if (allowed)
        return true;
    ml_error_set(&err, ML_EIO, "cannot write %s: %s", output, strerror(errno));
    cmd_fail(ctx, &err);
    return false;
}

static bool gives(int argc, const char **argv, const char *name)
{
    size_t n = strlen(name);
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strncmp(argv[i], "--", 2) == 0 && strncmp(argv[i] + 2, name, n) == 0 && (!argv[i][2 + n] || argv[i][2 + n] == '='))
            return true;
    return false;
}

bool cmd_pairs_refused(const struct cmd_context *ctx, const struct cmd_pair *pairs, size_t n, int argc, const char **argv)
{
    struct ml_error err = ML_ERROR_INIT;
    for (size_t i = 0; i < n && !err.status; i++) {
        const struct cmd_pair *pair = &pairs[i];
        if (!gives(argc, argv, pair->flag) || gives(argc, argv, pair->other) == !pair->beside)
            continue;
        if (pair->beside)
            ml_error_set(&err, ML_EUSAGE, "--%s %s", pair->flag, pair->beside);
        else
            ml_error_set(&err, ML_EUSAGE, "--%s goes with --%s", pair->flag, pair->other);
    }
    return err.status && cmd_fail(ctx, &err) != CMD_DONE;
}

bool cmd_size(const struct cmd_context *ctx, const char *option, const char *text, size_t *out)
{
    char message[160];
    *out = 0;
    if (!text)
        return true;
    size_t digits = strspn(text, "0123456789"), shift = 0;
    const char *unit = text + digits;
    if (*unit && strchr("kKmMgG", *unit)) {
        shift = strchr("kK", *unit) ? 10 : strchr("mM", *unit) ? 20 : 30;
        unit++;
    }
    size_t value;
    if (!*unit && mli_num_parse_size(text, digits, &value) && value <= (SIZE_MAX >> shift)) {
        *out = value << shift;
        return true;
    }
    snprintf(message, sizeof message, "--%s %.60s is not a size, such as 512M or 2G", option, text);
    cmd_usage_error(ctx, message);
    return false;
}

bool cmd_seconds(const struct cmd_context *ctx, const char *option, const char *text, double *out)
{
    static const struct {
        char letter;
        double seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    char message[160];
    *out = 0;
    if (!text)
        return true;
    size_t n = strlen(text), unit = 0;
    while (n && unit < sizeof units / sizeof *units && text[n - 1] != units[unit].letter)
        unit++;
    bool given = n && unit < sizeof units / sizeof *units;
    double value;
    if (mli_num_parse(text, n - given, &value) && value > 0 && value <= 1e9) {
        *out = value * (given ? units[unit].seconds : 1);
        return true;
    }
    snprintf(message, sizeof message, "--%s %.60s is not a time, such as 60s, 5m or 1.5h", option,
             text);
    cmd_usage_error(ctx, message);
    return false;
}
