#include <serve/page_fields.h>

#include <base/num.h>
#include <math.h>
#include <serve/markup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHOICES ((size_t)100) /* categories of a list to choose from; of more the first are proposals */

static void add_number(struct mli_buf *out, double value)
{
    char text[MLI_NUM_MAX + 1];

    text[mli_num_format(value, text)] = '\0';
    mli_buf_str(out, text);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* In the middle of what training saw, with no more digits than its width calls for; NaN: it saw none. */
static double middle(const struct mli_field *field)
{
    double value = field->low / 2 + field->high / 2, width = field->high - field->low;
    char text[32];

    if (field->integer)
        return floor(value);
    if (!(width > 0) || !isfinite(width))
        return value;
    double digits = 2 - floor(log10(width));
    snprintf(text, sizeof(text), "%.*f", digits < 0 ? 0 : digits > 15 ? 15 : (int)digits, value);
    double rounded = fabs(value) < 1e15 ? strtod(text, NULL) : value;
    return rounded >= field->low && rounded <= field->high ? rounded : value;
}

static bool has_time(const struct mli_field *field)
{
    return fmod(field->low, 86400) != 0 || fmod(field->high, 86400) != 0;
}

/* The last instant that training saw as the browser's fields have it: without a zone, to the second. */
static void write_instant(const struct mli_field *field, char out[MLI_INSTANT_MAX])
{
    char text[MLI_INSTANT_MAX] = "";

    if (!isnan(field->high))
        mli_instant_format(floor(field->high), text);
    text[strcspn(text, "Z")] = '\0';
    if (strlen(text) == strlen("YYYY-MM-DD") && has_time(field))
        snprintf(out, MLI_INSTANT_MAX, "%.10sT00:00:00", text);
    else
        memcpy(out, text, MLI_INSTANT_MAX);
}

void mli_page_value(struct mli_buf *out, const struct mli_field *field)
{
    char text[MLI_INSTANT_MAX];
    bool listed = field->dict && mli_dict_count(field->dict) > 0;

    if (field->type == ML_TYPE_NUMBER && !isnan(field->low)) {
        add_number(out, middle(field));
    } else if (field->type == ML_TYPE_INSTANT && !isnan(field->high)) {
        write_instant(field, text);
        mli_buf_json_string(out, text, strlen(text));
    } else if (listed) {
        const char *first = mli_dict_text(field->dict, 0);
        mli_buf_json_string(out, first, strlen(first));
    } else {
        mli_buf_str(out, "null");
    }
}

/* ---- fields ------------------------------------------------------------------------------------------------------ */

/* What every field says of itself behind its element's name. */
static void write_name(struct mli_buf *out, const struct mli_field *field, size_t number, const char *type)
{
    mli_buf_printf(out, " id=\"c%zu\" aria-describedby=\"h%zu\" data-type=\"%s\" data-column=\"", number, number, type);
    mli_markup_text(out, field->name);
    mli_buf_char(out, '"');
}

static void write_number(struct mli_buf *out, const struct mli_field *field, size_t number)
{
    bool known = !isnan(field->low), wide = known && field->low < field->high && isfinite(field->high - field->low);

    mli_buf_str(out, "<div class=\"pair\"><input type=\"number\" step=\"any\"");
    write_name(out, field, number, "number");
    mli_buf_str(out, " value=\"");
    if (known)
        add_number(out, middle(field));
    mli_buf_str(out, "\">");
    if (wide) {
        mli_buf_printf(out, "<input type=\"range\" id=\"c%zus\" step=\"%s\" aria-label=\"", number,
                       field->integer ? "1" : "any");
        mli_markup_text(out, field->name);
        mli_buf_str(out, ", slider\" min=\"");
        add_number(out, field->low);
        mli_buf_str(out, "\" max=\"");
        add_number(out, field->high);
        mli_buf_str(out, "\" value=\"");
        add_number(out, middle(field));
        mli_buf_str(out, "\">");
    }
    mli_buf_str(out, "</div>");
}

static void write_instant_field(struct mli_buf *out, const struct mli_field *field, size_t number)
{
    char text[MLI_INSTANT_MAX];
    bool time = has_time(field);

    write_instant(field, text);
    mli_buf_str(out, time ? "<input type=\"datetime-local\" step=\"1\"" : "<input type=\"date\"");
    write_name(out, field, number, "instant");
    mli_buf_printf(out, " value=\"%s\">", text);
}

static void write_options(struct mli_buf *out, const struct mli_dict *dict)
{
    for (size_t i = 0; i < mli_dict_count(dict) && i < CHOICES; i++) {
        mli_buf_str(out, "<option value=\"");
        mli_markup_text(out, mli_dict_text(dict, i));
        mli_buf_str(out, "\">");
        mli_markup_text(out, mli_dict_text(dict, i));
        mli_buf_str(out, "</option>");
    }
}

static void write_choice(struct mli_buf *out, const struct mli_field *field, size_t number)
{
    mli_buf_str(out, "<select");
    write_name(out, field, number, "category");
    mli_buf_char(out, '>');
    write_options(out, field->dict);
    mli_buf_str(out, "<option data-missing value=\"\">(missing)</option></select>");
}

/* A line to write in, with proposals if there are any. */
static void write_text(struct mli_buf *out, const struct mli_field *field, size_t number)
{
    bool listed = field->dict && mli_dict_count(field->dict) > 0;

    mli_buf_str(out, "<input type=\"text\"");
    write_name(out, field, number, "text");
    if (listed) {
        mli_buf_printf(out, " list=\"l%zu\" value=\"", number);
        mli_markup_text(out, mli_dict_text(field->dict, 0));
        mli_buf_str(out, "\">");
        mli_buf_printf(out, "<datalist id=\"l%zu\">", number);
        write_options(out, field->dict);
        mli_buf_str(out, "</datalist>");
    } else {
        mli_buf_char(out, '>');
    }
}

static void write_long_text(struct mli_buf *out, const struct mli_field *field, size_t number)
{
    mli_buf_str(out, "<textarea rows=\"3\"");
    write_name(out, field, number, "text");
    mli_buf_str(out, "></textarea>");
}

static void write_hint(struct mli_buf *out, const struct mli_field *field, size_t number)
{
    char low[MLI_INSTANT_MAX] = "", high[MLI_INSTANT_MAX] = "";
    size_t values = field->dict ? mli_dict_count(field->dict) : 0;

    mli_buf_printf(out, "<small id=\"h%zu\">", number);
    if (field->type == ML_TYPE_NUMBER && !isnan(field->low)) {
        mli_buf_str(out, field->integer ? "whole, " : "");
        add_number(out, field->low);
        mli_buf_str(out, " to ");
        add_number(out, field->high);
        mli_buf_str(out, " in training");
    } else if (field->type == ML_TYPE_INSTANT && !isnan(field->low)) {
        mli_instant_format(field->low, low);
        mli_instant_format(field->high, high);
        mli_buf_printf(out, "%s to %s in training, UTC", low, high);
    } else if (values > 0) {
        mli_buf_printf(out, "%zu value%s in training", values, values > 1 ? "s" : "");
    } else {
        mli_buf_str(out, "a text");
    }
    mli_buf_str(out, field->missing > 0 ? "; may be missing</small>" : "</small>");
}

void mli_page_field(struct mli_buf *out, const struct mli_field *field, size_t number)
{
    bool listed = field->dict && mli_dict_count(field->dict) > 0;

    mli_buf_printf(out, "<div class=\"field\"><label for=\"c%zu\">", number);
    mli_markup_text(out, field->name);
    mli_buf_str(out, "</label>");
    if (field->type == ML_TYPE_NUMBER)
        write_number(out, field, number);
    else if (field->type == ML_TYPE_INSTANT)
        write_instant_field(out, field, number);
    else if (listed && mli_dict_count(field->dict) <= CHOICES)
        write_choice(out, field, number);
    else if (field->type == ML_TYPE_TEXT && !listed)
        write_long_text(out, field, number);
    else
        write_text(out, field, number);
    write_hint(out, field, number);
    mli_buf_str(out, "</div>\n");
}
