#include <cmd/explain.h>

#include <cmd/out.h>
#include <stdio.h>
#include <string.h>

enum { NAMES = 6 }; /* features that are named one by one */

static const char *text_of(const json_t *doc, const char *key)
{
    const char *text = json_string_value(json_object_get(doc, key));
    return text ? text : "";
}

static long long count_of(const json_t *doc, const char *key)
{
    return (long long)json_integer_value(json_object_get(doc, key));
}

/* "a, b, c and 40 more". */
static void name_features(const json_t *list, char *out, size_t size)
{
    size_t n = json_array_size(list), used = 0, named = n <= NAMES + 1 ? n : NAMES;
    out[0] = 0;
    for (size_t i = 0; i < named && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%.40s", i ? ", " : "",
                                 json_string_value(json_array_get(list, i)));
    if (named < n && used < size)
        snprintf(out + used, size - used, " and %zu more", n - named);
}

static void print_column(const json_t *column)
{
    const json_t *steps = json_object_get(column, "steps"), *step;
    char names[400];
    size_t i;
    long long missing = count_of(column, "missing");
    out_line("column", "%s: %s, %lld missing in training", text_of(column, "column"), text_of(column, "type"), missing);
    json_array_foreach(steps, i, step)
    {
        const char *slot = text_of(step, "slot"); /* "t.month" of a column t; one that bears its name is the column */
        if (strcmp(slot, text_of(column, "column")) == 0)
            slot = "";
        out_line("", "  %-8s %s%s%s", text_of(step, "step"), slot, *slot ? ": " : "", text_of(step, "text"));
    }
    name_features(json_object_get(column, "features"), names, sizeof names);
    out_line("", "  -> %s", names);
}

void explain_print(const json_t *doc)
{
    const json_t *item;
    size_t i;
    json_array_foreach(json_object_get(doc, "columns"), i, item)
    {
        print_column(item);
    }
    json_array_foreach(json_object_get(doc, "dropped"), i, item)
    {
        out_line("dropped", "%s: %s", text_of(item, "column"), text_of(item, "reason"));
    }
    json_array_foreach(json_object_get(doc, "stages"), i, item)
    {
        out_line(text_of(item, "stage"), "%s", text_of(item, "text"));
    }
    out_line("features", "%lld", count_of(doc, "features"));
}
