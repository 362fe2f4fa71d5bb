#include <cmd/describe_page.h>

#include <math.h>
#include <stdio.h>

void describe_share(double share, char out[16])
{
    double percent = 100 * share;
    if (!(percent > 0))
        snprintf(out, 16, "-");
    else if (percent < 0.1)
        snprintf(out, 16, "<0.1%%");
    else
        snprintf(out, 16, percent < 9.95 ? "%.1f%%" : "%.0f%%", percent);
}

double describe_part(size_t n, size_t of)
{
    return of ? (double)n / (double)of : 0;
}

void describe_number(double value, char out[32])
{
    double size = fabs(value);
    if (isnan(value))
        snprintf(out, 32, "-");
    else if (size >= 1e4 && size < 1e7)
        snprintf(out, 32, "%.0f", value);
    else
        snprintf(out, 32, size < 0.01 || size >= 1e4 ? "%.3g" : "%.4g", value);
}

const char *describe_name(const struct describe_page *page, size_t column)
{
    return page->d->table->column[column].name;
}

void describe_value(const struct describe_page *page, size_t column, const struct mli_value *value,
                    char *out, size_t size)
{
    mli_value_text(&page->d->table->column[column], value, out, size);
    if (!*out)
        snprintf(out, size, "\"\"");
}
