#include <cmd/out.h>

#include <base/text.h>
#include <errno.h>
#include <eval/metrics.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 3, 0))) static void print_line(FILE *to, const char *label, const char *format, va_list args)
{
    char text[8192]; /* paths and names come from outside: no control character of theirs reaches a terminal */
    mli_text_format(text, sizeof text, format, args);
    fprintf(to, "%-10s %s\n", label, text);
}

void out_line(const char *label, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(stdout, label, format, args);
    va_end(args);
}

void out_line_to(FILE *to, const char *label, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(to, label, format, args);
    va_end(args);
}

int out_json(const struct cmd_context *ctx, json_t *doc)
{
    char *text = doc ? mli_json_text(doc, true) : NULL;
    json_decref(doc);
    if (!text) {
        struct ml_error err = { .status = ML_ENOMEM, .text = "out of memory" };
        return cmd_fail(ctx, &err);
    }
    puts(text);
    free(text);
    return out_end(ctx, CMD_DONE);
}

static double number(const json_t *doc, const char *key)
{
    return json_number_value(json_object_get(doc, key));
}

static void classes_table(const json_t *metrics)
{
    const json_t *classes = json_object_get(metrics, "classes"), *row;
    size_t i, width = 5;
    json_array_foreach(classes, i, row) {
        size_t n = strlen(json_string_value(json_object_get(row, "label")));
        width = n > width ? n : width;
    }
    width = width > 24 ? 24 : width;
    printf("%-10s %-*s  precision  recall      f1   rows\n", "", (int)width, "class");
    json_array_foreach(classes, i, row)
        out_line("", "%-*.*s  %9.4f  %6.4f  %6.4f  %5lld", (int)width, (int)width,
                 json_string_value(json_object_get(row, "label")), number(row, "precision"),
                 number(row, "recall"), number(row, "f1"),
                 (long long)json_integer_value(json_object_get(row, "support")));
}

/* Several labels, one a line; precision, recall and F1 are of the second of its classes. */
static void targets_table(const json_t *metrics)
{
    const json_t *targets = json_object_get(metrics, "targets"), *row;
    size_t i, width = 5;
    json_array_foreach(targets, i, row) {
        size_t n = strlen(json_string_value(json_object_get(row, "target")));
        width = n > width ? n : width;
    }
    width = width > 24 ? 24 : width;
    printf("%-10s %-*s  accuracy  precision  recall      f1  roc_auc  log_loss   rows\n", "", (int)width, "label");
    json_array_foreach(targets, i, row) {
        const json_t *area = json_object_get(row, "roc_auc"), *on = json_array_get(json_object_get(row, "classes"), 1);
        char auc[32] = "      -";
        if (json_is_number(area))
            snprintf(auc, sizeof auc, "%7.4f", json_number_value(area));
        out_line("", "%-*.*s  %8.4f  %9.4f  %6.4f  %6.4f  %s  %8.4f  %5lld of \"%.24s\"", (int)width, (int)width,
                 json_string_value(json_object_get(row, "target")), number(row, "accuracy"), number(row, "precision"),
                 number(row, "recall"), number(row, "f1"), auc, number(row, "log_loss"),
                 (long long)json_integer_value(json_object_get(on, "support")),
                 json_string_value(json_object_get(on, "label")));
    }
}

static void confusion_table(const json_t *metrics)
{
    const json_t *confusion = json_object_get(metrics, "confusion"), *row, *cell;
    const json_t *classes = json_object_get(metrics, "classes");
    size_t i, j;
    if (json_array_size(confusion) > 12)
        return;
    printf("%-10s confusion (a row a true class, a column a prediction, same order)\n", "");
    json_array_foreach(confusion, i, row) {
        printf("%-10s", "");
        json_array_foreach(row, j, cell)
            printf(" %7lld", (long long)json_integer_value(cell));
        char label[128];
        snprintf(label, sizeof label, "%s", json_string_value(json_object_get(json_array_get(classes, i), "label")));
        mli_text_clean(label, true);
        printf("   %s\n", label);
    }
}

/* Scores of two classes are those of the second; its label says which that is. */
static void scalar(const json_t *metrics, const struct mli_metric *metric)
{
    double value;
    const json_t *classes = json_object_get(metrics, "classes");
    const char *label = json_string_value(json_object_get(json_array_get(classes, 1), "label"));
    bool of_label = json_array_size(classes) == 2 && label && !strchr(metric->name, '.') &&
                    strcmp(metric->name, "accuracy") != 0 && !strstr(metric->name, "_loss");
    if (!mli_metric_value(metrics, metric->name, &value))
        return;
    char text[160], meaning[96];
    snprintf(meaning, sizeof meaning, "%s", metric->meaning);
    if (of_label)
        meaning[strcspn(meaning, ",")] = 0;
    snprintf(text, sizeof text, "%s%s%.40s%s", meaning, of_label ? " (of \"" : "", of_label ? label : "",
             of_label ? "\")" : "");
    out_line("", "%-20s %-12.6g %s", metric->name, value, text);
}

void out_metrics(const json_t *metrics)
{
    size_t n;
    const struct mli_metric *all = mli_metrics(&n);
    for (size_t i = 0; i < n; i++)
        scalar(metrics, &all[i]);
    if (json_object_get(metrics, "targets"))
        targets_table(metrics);
    if (json_object_get(metrics, "classes")) {
        classes_table(metrics);
        confusion_table(metrics);
    }
}

bool out_to_stderr(const struct cmd_context *ctx)
{
    return out_end(ctx, CMD_DONE) == CMD_DONE && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

int out_end(const struct cmd_context *ctx, int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    struct ml_error err = { .status = ML_EIO, .source = "standard output" };
    snprintf(err.text, sizeof err.text, "cannot be written: %s", strerror(errno));
    return cmd_fail(ctx, &err);
}
