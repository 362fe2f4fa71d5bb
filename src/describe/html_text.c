#include <describe/html_parts.h>

#include <base/num.h>
#include <base/text.h>
#include <math.h>
#include <string.h>

#define LONG_NAME ((size_t)120) /* characters of a name or value that are shown */

static void add_character(struct mli_buf *out, const char *text, size_t n)
{
    unsigned char c = (unsigned char)*text;
    bool control = c < 0x20 || c == 0x7f || (n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0);

    if (n == 0 || control)
        mli_buf_char(out, '?');
    else if (c == '<')
        mli_buf_str(out, "&lt;");
    else if (c == '>')
        mli_buf_str(out, "&gt;");
    else if (c == '&')
        mli_buf_str(out, "&amp;");
    else if (c == '"')
        mli_buf_str(out, "&quot;");
    else if (c == '\'')
        mli_buf_str(out, "&#39;");
    else
        mli_buf_add(out, text, n);
}

static void add_text(struct mli_buf *out, const char *text, size_t most)
{
    size_t len = strlen(text), shown = 0;

    while (len > 0 && shown < most) {
        size_t n = mli_utf8_sequence(text, len);
        add_character(out, text, n);
        text += n ? n : 1;
        len -= n ? n : 1;
        shown++;
    }
    if (len > 0)
        mli_buf_str(out, "&hellip;");
}

void mli_html_text(struct mli_buf *out, const char *text)
{
    add_text(out, text, SIZE_MAX);
}

void mli_html_name(struct mli_page *page, size_t column)
{
    add_text(&page->buf, page->d->table->column[column].name, LONG_NAME);
}

void mli_html_value(struct mli_page *page, size_t column, const struct mli_value *value)
{
    const struct mli_column *c = &page->d->table->column[column];
    char text[MLI_INSTANT_MAX];

    if (c->dict) {
        const char *value_text = mli_dict_text(c->dict, (size_t)value->code);
        add_text(&page->buf, *value_text ? value_text : "\"\"", LONG_NAME);
        return;
    }
    mli_value_text(c, value, text, sizeof(text));
    mli_buf_str(&page->buf, text);
}

/* Six digits, without an exponent where that is as short. */
void mli_html_number(struct mli_buf *out, double value)
{
    char text[MLI_NUM_MAX];

    if (isnan(value)) {
        mli_buf_str(out, "&ndash;");
    } else if (fabs(value) < 1e9 && !(value < trunc(value)) && !(value > trunc(value))) {
        mli_num_format(value, text);
        mli_buf_str(out, text);
    } else {
        mli_buf_printf(out, fabs(value) >= 1e5 && fabs(value) < 1e9 ? "%.0f" : "%.5g", value);
    }
}

void mli_html_share(struct mli_buf *out, double share)
{
    if (share > 0 && share < 0.001)
        mli_buf_str(out, "&lt;0.1%");
    else
        mli_buf_printf(out, share < 0.0995 ? "%.1f%%" : "%.0f%%", 100 * share);
}

double mli_html_part(size_t n, size_t of)
{
    return of ? (double)n / (double)of : 0;
}

void mli_html_kind(struct mli_buf *out, const char *name)
{
    for (; *name; name++)
        mli_buf_char(out, *name == '_' ? ' ' : *name);
}

const char *mli_html_type(const struct mli_column *column)
{
    return column->type == ML_TYPE_NUMBER && column->integer ? "integer"
                                                             : ml_type_name(column->type);
}

void mli_html_bar(struct mli_buf *out, double share)
{
    mli_buf_printf(out,
                   "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
                   "aria-hidden=\"true\">"
                   "<rect class=\"t\" width=\"100\" height=\"8\"/><rect class=\"f\" width=\"%.1f\" "
                   "height=\"8\"/></svg>",
                   share > 0 ? fmax(0.8, fmin(100, 100 * share)) : 0);
}

/* Places of columns in the order shown; a link goes nowhere when its column is not among them. */
static bool is_shown(const struct mli_page *page, size_t column)
{
    for (size_t i = 0; i < page->columns; i++) {
        if (page->order[i] == column)
            return true;
    }
    return false;
}

void mli_html_link(struct mli_page *page, size_t column)
{
    if (is_shown(page, column))
        mli_buf_printf(&page->buf, "<a href=\"#c%zu\">", column + 1);
    mli_buf_str(&page->buf, "<b>");
    mli_html_name(page, column);
    mli_buf_str(&page->buf, "</b>");
    if (is_shown(page, column))
        mli_buf_str(&page->buf, "</a>");
}

void mli_html_bars(struct mli_page *page, size_t column, const struct mli_value *value, size_t n,
                   size_t of)
{
    mli_buf_str(&page->buf, "<table>");
    for (size_t k = 0; k < n; k++) {
        mli_buf_str(&page->buf, "<tr><td>");
        mli_html_value(page, column, &value[k]);
        mli_buf_printf(&page->buf, "</td><td class=\"n\">%zu</td><td class=\"n\">", value[k].count);
        mli_html_share(&page->buf, mli_html_part(value[k].count, of));
        mli_buf_str(&page->buf, "</td><td>");
        mli_html_bar(&page->buf, mli_html_part(value[k].count, of));
        mli_buf_str(&page->buf, "</td></tr>");
    }
    mli_buf_str(&page->buf, "</table>");
}
