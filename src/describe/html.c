#include <describe/html.h>

#include <base/file.h>
#include <base/num.h>
#include <base/text.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LARGEST ((size_t)256 << 20)
#define LONG_NAME ((size_t)120) /* characters of a name or value that are shown */
#define TOLD ((size_t)20)       /* findings of a kind, told one by one */

struct page {
    struct mli_buf buf;
    const struct mli_description *d;
    const size_t *order;
    size_t columns;
};

/* ---- text ---------------------------------------------------------------------------------------------------- */

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

static void add_name(struct page *page, size_t column)
{
    add_text(&page->buf, page->d->table->column[column].name, LONG_NAME);
}

static void add_value(struct page *page, size_t column, const struct mli_value *value)
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
static void add_number(struct mli_buf *out, double value)
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

static void add_share(struct mli_buf *out, double share)
{
    if (share > 0 && share < 0.001)
        mli_buf_str(out, "&lt;0.1%");
    else
        mli_buf_printf(out, share < 0.0995 ? "%.1f%%" : "%.0f%%", 100 * share);
}

static double part(size_t n, size_t of)
{
    return of ? (double)n / (double)of : 0;
}

static void add_kind(struct mli_buf *out, const char *name)
{
    for (; *name; name++)
        mli_buf_char(out, *name == '_' ? ' ' : *name);
}

static const char *type_name(const struct mli_column *column)
{
    return column->type == ML_TYPE_NUMBER && column->integer ? "integer" : ml_type_name(column->type);
}

/* ---- pictures ------------------------------------------------------------------------------------------------ */

static void add_bar(struct mli_buf *out, double share)
{
    mli_buf_printf(out,
                   "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                   "<rect class=\"t\" width=\"100\" height=\"8\"/><rect class=\"f\" width=\"%.1f\" height=\"8\"/></svg>",
                   share > 0 ? fmax(0.8, fmin(100, 100 * share)) : 0);
}

/* The bounds of a bin: dates as dates. */
static void add_bound(struct page *page, size_t column, double value)
{
    char text[MLI_INSTANT_MAX];

    if (page->d->table->column[column].type != ML_TYPE_INSTANT) {
        add_number(&page->buf, value);
        return;
    }
    mli_instant_format(value, text);
    mli_buf_printf(&page->buf, "%.10s", text);
}

static void add_columns(struct mli_buf *out, const char *class, const size_t *count, size_t n)
{
    size_t most = 1;

    for (size_t i = 0; i < n; i++)
        most = count[i] > most ? count[i] : most;
    mli_buf_printf(out,
                   "<svg class=\"%s\" viewBox=\"0 0 %zu 60\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
                   class, 10 * n);
    for (size_t i = 0; i < n; i++) {
        double height = fmax(1, 60 * (double)count[i] / (double)most);
        if (count[i] > 0)
            mli_buf_printf(out, "<rect x=\"%zu\" y=\"%.1f\" width=\"9\" height=\"%.1f\"/>", 10 * i, 60 - height,
                           height);
    }
    mli_buf_str(out, "</svg>");
}

/* The histogram, or the rows of the most frequent values; of texts nearly all distinct there is no shape. */
static void add_shape(struct page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    size_t count[MLI_TOP];

    if (p->histogram.bins > 0) {
        add_columns(&page->buf, "mini", p->histogram.count, p->histogram.bins);
    } else if (p->words.longest == 0 && p->values.tops > 0) {
        for (size_t k = 0; k < p->values.tops; k++)
            count[k] = p->values.top[k].count;
        add_columns(&page->buf, "mini", count, p->values.tops);
    }
}

/* Each bar says its bounds and its rows when it is pointed at. */
static void add_histogram(struct page *page, size_t column)
{
    const struct mli_histogram *h = &page->d->profile[column].histogram;
    bool one = h->width <= 1 && page->d->table->column[column].integer;
    size_t most = 1;

    for (size_t i = 0; i < h->bins; i++)
        most = h->count[i] > most ? h->count[i] : most;
    mli_buf_printf(&page->buf,
                   "<svg class=\"hist\" viewBox=\"0 0 %zu 60\" preserveAspectRatio=\"none\" role=\"img\" "
                   "aria-label=\"histogram\">",
                   10 * h->bins);
    for (size_t i = 0; i < h->bins; i++) {
        double height = fmax(1, 60 * (double)h->count[i] / (double)most);
        if (h->count[i] == 0)
            continue;
        mli_buf_printf(&page->buf, "<rect x=\"%zu\" y=\"%.1f\" width=\"9\" height=\"%.1f\"><title>", 10 * i,
                       60 - height, height);
        add_bound(page, column, h->low + (double)i * h->width);
        if (!one) {
            mli_buf_str(&page->buf, " to ");
            add_bound(page, column, h->low + (double)(i + 1) * h->width);
        }
        mli_buf_printf(&page->buf, ": %zu rows</title></rect>", h->count[i]);
    }
    mli_buf_str(&page->buf, "</svg>");
}

/* 5 to 95 % as a line, the middle half as a box, the median as a stroke, on the histogram's scale [Tukey 1977]. */
static void add_box(struct page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    const struct mli_number *n = &p->number;
    double whole = (double)p->histogram.bins * p->histogram.width;

    if (!(whole > 0) || !isfinite(whole))
        return;
    /* whole numbers stand in the middle of their bin when each has one of its own */
    double shift = page->d->table->column[column].integer && p->histogram.width <= 1 ? 0.5 : 0;
    double scale = 1000 / whole, low = n->min - shift;
    mli_buf_printf(&page->buf,
                   "<svg class=\"box\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                   "<rect x=\"%.1f\" y=\"6\" width=\"%.1f\" height=\"2\"/><rect x=\"%.1f\" y=\"2\" width=\"%.1f\" "
                   "height=\"10\"/><rect class=\"m\" x=\"%.1f\" width=\"6\" height=\"14\"/></svg>",
                   (n->q05 - low) * scale, (n->q95 - n->q05) * scale, (n->q25 - low) * scale,
                   fmax(2, (n->q75 - n->q25) * scale), fmax(0, (n->median - low) * scale - 3));
}

/* ---- head ---------------------------------------------------------------------------------------------------- */

static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#5c6670;--line:#d9dee3;--card:#f6f8fa;--fill:#3b7dd8;"
    "--red:#b3261e;--amber:#8a5a00;--redbg:#fdecea;--amberbg:#fff4dc}"
    "@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e9ec;--dim:#98a2ad;--line:#333a41;--card:#1c2126;"
    "--fill:#6ea8f0;--red:#ff9a90;--amber:#f2c261;--redbg:#3a1c1a;--amberbg:#352a12}}"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:70rem;padding:1rem;background:var(--bg);color:var(--fg);"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;overflow-wrap:anywhere}"
    "h1{font-size:1.6rem;margin:.2rem 0}h2{font-size:1.25rem;margin:2rem 0 .6rem}h3{font-size:1.05rem;margin:0}"
    "a{color:inherit;text-decoration-color:var(--fill)}nav a{margin-right:1rem}.dim{color:var(--dim)}"
    ".tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}.tiles div{background:var(--card);border:1px solid "
    "var(--line);border-radius:.4rem;padding:.4rem .8rem}.tiles b{display:block;font-size:1.2rem}"
    ".w{border:1px solid var(--line);border-left:.35rem solid var(--line);border-radius:.4rem;padding:.6rem .9rem;"
    "margin:.6rem 0;break-inside:avoid}.w.problem{border-left-color:var(--red);background:var(--redbg)}"
    ".w.check{border-left-color:var(--amber);background:var(--amberbg)}.w p{margin:.3rem 0}.w ul{margin:.3rem 0;"
    "padding-left:1.2rem}.lvl{font-size:.8rem;color:var(--dim);margin-left:.5rem;font-weight:normal}"
    ".problem .lvl{color:var(--red)}.check .lvl{color:var(--amber)}"
    "code{font:.9em ui-monospace,'DejaVu Sans Mono',monospace;background:var(--card);padding:.05em .3em;"
    "border-radius:.2rem}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{padding:.25rem .6rem;text-align:left;"
    "border-bottom:1px solid var(--line);vertical-align:middle}th{color:var(--dim);font-weight:600;font-size:.85rem}"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.over td:first-child{min-width:8rem}"
    "svg{fill:var(--fill);display:block}.mini{width:6rem;height:1.5rem}.bar{width:5rem;height:.5rem;"
    "display:inline-block}.bar .t{fill:var(--line)}.hist{width:100%;height:7rem}.box{width:100%;height:14px;"
    "margin-top:4px}.box rect{opacity:.55}.box .m{fill:var(--fg);opacity:1}"
    ".ends{display:flex;justify-content:space-between;font-size:.85rem;color:var(--dim)}"
    ".col{border:1px solid var(--line);border-radius:.4rem;padding:.8rem 1rem;margin:1rem 0;break-inside:avoid}"
    ".two{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:.4rem 2rem;margin-top:.5rem}"
    ".two table td{padding:.1rem .4rem}.two .bar{width:100%;min-width:3rem}.alert{color:var(--amber);margin:.2rem 0}"
    ".alert.problem{color:var(--red)}.alert.note{color:var(--dim)}"
    "@media(max-width:40rem){body{padding:.6rem;font-size:15px}th,td{padding:.25rem .35rem}.wide{display:none}}"
    "@media print{body{max-width:none;font-size:11pt}nav{display:none}.col,.w{break-inside:avoid}}";

static void add_tile(struct mli_buf *out, const char *label, size_t n)
{
    mli_buf_printf(out, "<div><b>%zu</b>%s</div>", n, label);
}

static void add_size(struct mli_buf *out, uint64_t bytes)
{
    bool large = bytes >= 1000000;

    mli_buf_printf(out, "<div><b>%.3g</b>%s</div>", (double)bytes / (large ? 1e6 : 1e3), large ? "MB" : "kB");
}

/* The file's name without its folder, which is nobody's business in a mail. */
static const char *file_name(const struct mli_description *d)
{
    const char *slash = strrchr(d->table->source, '/');
    return slash ? slash + 1 : d->table->source;
}

static void add_head(struct page *page)
{
    const struct mli_description *d = page->d;
    struct mli_buf *out = &page->buf;
    mli_buf_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                     "'unsafe-inline'\"><title>");
    mli_html_text(out, file_name(d));
    mli_buf_printf(out, "</title><style>%s</style></head>\n<body><h1>", style);
    mli_html_text(out, file_name(d));
    mli_buf_str(out, "</h1><nav><a href=\"#warnings\">Warnings</a><a href=\"#target\">Target</a>"
                     "<a href=\"#overview\">All columns</a><a href=\"#columns\">Column by column</a></nav>\n"
                     "<div class=\"tiles\">");
    add_tile(out, "rows", d->table->rows);
    add_tile(out, "columns", d->table->columns);
    add_size(out, d->table->bytes);
    mli_buf_str(out, "<div><b>");
    add_share(out, part(d->missing, d->table->rows * d->table->columns));
    mli_buf_str(out, "</b>of the cells missing</div>");
    add_tile(out, "duplicate rows", d->duplicates);
    add_tile(out, "warnings", d->warnings.n);
    mli_buf_str(out, "</div>\n");
}

/* ---- warnings ------------------------------------------------------------------------------------------------ */

/* Places of columns in the order shown; a link goes nowhere when its column is not among them. */
static bool is_shown(const struct page *page, size_t column)
{
    for (size_t i = 0; i < page->columns; i++) {
        if (page->order[i] == column)
            return true;
    }
    return false;
}

static void add_link(struct page *page, size_t column)
{
    if (is_shown(page, column))
        mli_buf_printf(&page->buf, "<a href=\"#c%zu\">", column + 1);
    mli_buf_str(&page->buf, "<b>");
    add_name(page, column);
    mli_buf_str(&page->buf, "</b>");
    if (is_shown(page, column))
        mli_buf_str(&page->buf, "</a>");
}

static void add_finding(struct page *page, const struct mli_warning *w)
{
    mli_buf_str(&page->buf, "<li>");
    if (w->column < page->d->table->columns) {
        add_link(page, w->column);
        mli_buf_str(&page->buf, ": ");
    }
    mli_html_text(&page->buf, w->text);
    mli_buf_str(&page->buf, "</li>");
}

static void add_advice(struct page *page, const struct mli_warning *w, bool general)
{
    static const struct mli_markup html = { .command = "<code>", .end = "</code>", .text = mli_html_text };

    if (!w->kind->advice[0])
        return;
    mli_buf_str(&page->buf, "<span class=\"dim\">What to do:</span> ");
    mli_warning_advice(page->d, w, general, &html, &page->buf);
    mli_buf_char(&page->buf, '.');
}

static void add_warnings(struct page *page)
{
    const struct mli_warnings *all = &page->d->warnings;
    struct mli_buf *out = &page->buf;

    mli_buf_str(out, "<h2 id=\"warnings\">Warnings</h2>\n");
    if (all->n == 0)
        mli_buf_str(out, "<p>None: nothing that these tests look for was found.</p>\n");
    for (size_t i = 0, end; i < all->n; i = end) {
        const struct mli_warning_kind *kind = all->item[i].kind;
        mli_buf_printf(out, "<div class=\"w %s\"><h3>", mli_level_name(kind->level));
        add_kind(out, kind->name);
        mli_buf_printf(out, "<span class=\"lvl\">%s</span></h3><ul>", mli_level_name(kind->level));
        for (end = i; end < all->n && all->item[end].kind == kind; end++) {
            if (end - i < TOLD)
                add_finding(page, &all->item[end]);
        }
        if (end - i > TOLD)
            mli_buf_printf(out, "<li>and %zu more</li>", end - i - TOLD);
        mli_buf_printf(out, "</ul><p>%s ", kind->why);
        add_advice(page, &all->item[i], end - i > 1);
        mli_buf_str(out, "</p></div>\n");
    }
}

/* ---- the target ---------------------------------------------------------------------------------------------- */

static void add_bars(struct page *page, size_t column, const struct mli_value *value, size_t n, size_t of)
{
    mli_buf_str(&page->buf, "<table>");
    for (size_t k = 0; k < n; k++) {
        mli_buf_str(&page->buf, "<tr><td>");
        add_value(page, column, &value[k]);
        mli_buf_printf(&page->buf, "</td><td class=\"n\">%zu</td><td class=\"n\">", value[k].count);
        add_share(&page->buf, part(value[k].count, of));
        mli_buf_str(&page->buf, "</td><td>");
        add_bar(&page->buf, part(value[k].count, of));
        mli_buf_str(&page->buf, "</td></tr>");
    }
    mli_buf_str(&page->buf, "</table>");
}

static void add_target(struct page *page)
{
    const struct mli_goal *goal = &page->d->goal;
    const struct mli_values *values = &page->d->profile[goal->column].values;
    struct mli_buf *out = &page->buf;

    mli_buf_str(out, "<h2 id=\"target\">Target</h2><p>");
    add_link(page, goal->column);
    if (!goal->given)
        mli_buf_str(out, ", the last column (<code>--target</code> takes another)");
    if (goal->kind == MLI_GOAL_NONE)
        mli_buf_printf(out, ": no target, %s.</p>\n", goal->none);
    else if (goal->kind == MLI_GOAL_QUANTITY)
        mli_buf_str(out, ": a quantity, so a regression.</p>\n");
    else
        mli_buf_printf(out, ": %zu classes.</p>\n", goal->classes);
    if (goal->kind == MLI_GOAL_CLASS)
        add_bars(page, goal->column, values->top, values->tops, goal->n);
}

/* ---- all columns --------------------------------------------------------------------------------------------- */

static void add_strength(struct page *page, size_t column)
{
    double strength = page->d->link[column].strength;

    if (column == page->d->goal.column) {
        mli_buf_str(&page->buf, "target");
    } else if (isnan(strength)) {
        mli_buf_str(&page->buf, "&ndash;");
    } else {
        mli_buf_printf(&page->buf, "%.2f ", strength);
        add_bar(&page->buf, strength);
    }
}

static void add_row(struct page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    struct mli_buf *out = &page->buf;

    mli_buf_printf(out, "<tr><td><a href=\"#c%zu\">", column + 1);
    add_name(page, column);
    mli_buf_printf(out, "</a></td><td>%s</td><td class=\"n\">", type_name(&page->d->table->column[column]));
    if (p->missing > 0)
        add_share(out, part(p->missing, page->d->table->rows));
    mli_buf_printf(out, "</td><td class=\"n\">%zu</td><td>", p->values.distinct);
    add_strength(page, column);
    mli_buf_str(out, "</td><td class=\"wide\">");
    add_shape(page, column);
    mli_buf_str(out, "</td></tr>\n");
}

static void add_overview(struct page *page)
{
    struct mli_buf *out = &page->buf;
    size_t rest = page->d->table->columns - page->columns;

    mli_buf_str(out, "<h2 id=\"overview\">All columns</h2><p class=\"dim\">Link: how strongly a column by itself goes "
                     "with the target, from 0 (not at all) to 1 (one gives the other away).</p>"
                     "<div class=\"scroll\"><table class=\"over\"><tr><th>column</th><th>type</th><th class=\"n\">"
                     "missing</th><th class=\"n\">distinct</th><th>link</th><th class=\"wide\">shape</th></tr>\n");
    for (size_t i = 0; i < page->columns; i++)
        add_row(page, page->order[i]);
    mli_buf_str(out, "</table></div>\n");
    if (rest > 0)
        mli_buf_printf(out, "<p>and %zu more columns (<code>--max-columns</code> shows them)</p>\n", rest);
}

/* ---- column by column ---------------------------------------------------------------------------------------- */

static void add_statistic(struct mli_buf *out, const char *name, double value)
{
    mli_buf_printf(out, "<tr><td class=\"dim\">%s</td><td class=\"n\">", name);
    add_number(out, value);
    mli_buf_str(out, "</td></tr>");
}

static void add_number_statistics(struct page *page, size_t column)
{
    const struct mli_number *n = &page->d->profile[column].number;
    const struct {
        const char *name;
        double value;
    } all[] = {
        { "least", n->min }, { "5%", n->q05 }, { "25%", n->q25 }, { "median", n->median }, { "75%", n->q75 },
        { "95%", n->q95 }, { "greatest", n->max }, { "mean", n->mean }, { "standard deviation", n->std },
        { "skewness", n->skewness }, { "zeros", (double)n->zeros }, { "negative", (double)n->negative },
        { "outliers (1.5 IQR)", (double)(n->outliers_low + n->outliers_high) },
    };

    mli_buf_str(&page->buf, "<table>");
    for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
        add_statistic(&page->buf, all[k].name, all[k].value);
    mli_buf_str(&page->buf, "</table>");
}

static void add_instant_statistics(struct page *page, size_t column)
{
    const struct mli_instants *t = &page->d->profile[column].instants;
    struct mli_buf *out = &page->buf;
    char first[MLI_INSTANT_MAX], last[MLI_INSTANT_MAX], from[MLI_INSTANT_MAX], to[MLI_INSTANT_MAX];

    mli_instant_format(t->first, first);
    mli_instant_format(t->last, last);
    mli_instant_format(t->gap_from, from);
    mli_instant_format(t->gap_to, to);
    mli_buf_printf(out, "<table><tr><td class=\"dim\">first</td><td>%s</td></tr><tr><td class=\"dim\">last</td><td>%s"
                        "</td></tr><tr><td class=\"dim\">longest gap</td><td>%s to %s</td></tr><tr><td class=\"dim\">"
                        "most often apart</td><td>",
                   first, last, from, to);
    add_number(out, t->step);
    mli_buf_str(out, " seconds</td></tr><tr><td class=\"dim\">what varies</td><td>");
    for (size_t p = 0, n = 0; p < MLI_INSTANT_PARTS; p++) {
        if (t->varies >> p & 1)
            mli_buf_printf(out, "%s%s", n++ ? ", " : "", mli_instant_part_name(p));
    }
    mli_buf_str(out, "</td></tr></table>");
}

static void add_word_statistics(struct page *page, size_t column)
{
    const struct mli_words *w = &page->d->profile[column].words;

    mli_buf_str(&page->buf, "<table>");
    add_statistic(&page->buf, "characters, mean", w->characters);
    add_statistic(&page->buf, "characters, least", (double)w->shortest);
    add_statistic(&page->buf, "characters, most", (double)w->longest);
    add_statistic(&page->buf, "words, mean", w->words);
    add_statistic(&page->buf, "words, most", (double)w->most_words);
    mli_buf_str(&page->buf, "</table>");
}

static void add_measures(struct page *page, size_t column)
{
    const struct mli_link *l = &page->d->link[column];
    const struct {
        const char *name;
        double value;
    } all[] = { { "Pearson's r", l->pearson }, { "Spearman's rho", l->spearman }, { "eta&sup2;", l->eta2 },
                { "ROC AUC", l->auc }, { "Cram&eacute;r's V", l->cramers_v } };

    if (isnan(l->strength) || column == page->d->goal.column)
        return;
    mli_buf_printf(&page->buf, "<p>Link to the target: %.2f ", l->strength);
    add_bar(&page->buf, l->strength);
    mli_buf_str(&page->buf, " <span class=\"dim\">");
    for (size_t k = 0, n = 0; k < sizeof(all) / sizeof(*all); k++) {
        if (!isnan(all[k].value))
            mli_buf_printf(&page->buf, "%s%s %.3f", n++ ? ", " : "(", all[k].name, all[k].value);
    }
    mli_buf_str(&page->buf, ")</span></p>");
}

static void add_alerts(struct page *page, size_t column)
{
    for (size_t i = 0; i < page->d->warnings.n; i++) {
        const struct mli_warning *w = &page->d->warnings.item[i];
        if (w->column != column)
            continue;
        mli_buf_printf(&page->buf, "<p class=\"alert %s\"><b>", mli_level_name(w->kind->level));
        add_kind(&page->buf, w->kind->name);
        mli_buf_str(&page->buf, "</b>: ");
        mli_html_text(&page->buf, w->text);
        mli_buf_str(&page->buf, "</p>");
    }
}

static void add_picture(struct page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    struct mli_buf *out = &page->buf;

    add_histogram(page, column);
    if (page->d->table->column[column].type == ML_TYPE_NUMBER && p->values.distinct > MLI_TOP)
        add_box(page, column);
    mli_buf_str(out, "<div class=\"ends\"><span>");
    add_bound(page, column, p->histogram.low);
    mli_buf_str(out, "</span><span>");
    bool number = page->d->table->column[column].type == ML_TYPE_NUMBER;
    add_bound(page, column, number ? p->number.max : p->instants.last);
    mli_buf_str(out, "</span></div>");
}

static void add_top(struct page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    size_t rows = 0;

    add_bars(page, column, p->values.top, p->values.tops, p->present);
    for (size_t k = 0; k < p->values.tops; k++)
        rows += p->values.top[k].count;
    if (p->values.distinct > p->values.tops)
        mli_buf_printf(&page->buf, "<p class=\"dim\">and %zu more values in %zu rows</p>",
                       p->values.distinct - p->values.tops, p->present - rows);
}

static void add_column(struct page *page, size_t column)
{
    const struct mli_column *c = &page->d->table->column[column];
    const struct mli_profile *p = &page->d->profile[column];
    struct mli_buf *out = &page->buf;

    mli_buf_printf(out, "<div class=\"col\" id=\"c%zu\"><h3>", column + 1);
    add_name(page, column);
    mli_buf_printf(out, "<span class=\"lvl\">%s, %zu distinct, %zu missing</span></h3>", type_name(c),
                   p->values.distinct, p->missing);
    add_alerts(page, column);
    add_measures(page, column);
    mli_buf_str(out, "<div class=\"two\"><div>");
    if (p->histogram.bins > 0)
        add_picture(page, column);
    if (p->present > 0 && (!c->number || p->values.distinct <= MLI_TOP))
        add_top(page, column);
    mli_buf_str(out, "</div><div>");
    if (p->present > 0 && c->type == ML_TYPE_NUMBER)
        add_number_statistics(page, column);
    if (p->present > 0 && c->type == ML_TYPE_INSTANT)
        add_instant_statistics(page, column);
    if (p->words.longest > 0)
        add_word_statistics(page, column);
    mli_buf_str(out, "</div></div></div>\n");
}

/* -------------------------------------------------------------------------------------------------------------- */

static void add_page(struct page *page)
{
    add_head(page);
    add_warnings(page);
    add_target(page);
    add_overview(page);
    mli_buf_str(&page->buf, "<h2 id=\"columns\">Column by column</h2>\n");
    for (size_t i = 0; i < page->columns; i++)
        add_column(page, page->order[i]);
    mli_buf_str(&page->buf, "<p class=\"dim\">Written by mlctl " ML_VERSION " describe.</p></body></html>\n");
}

enum ml_status mli_description_html(const struct mli_description *description, const size_t *order, size_t most,
                                    const char *path, struct ml_error *err)
{
    struct page page = { .d = description, .order = order, .columns = description->table->columns };
    enum ml_status status;

    page.columns = page.columns < most ? page.columns : most;
    mli_buf_init(&page.buf, LARGEST);
    add_page(&page);
    status = page.buf.status;
    if (status != ML_OK)
        ml_error_set(err, status, "the page does not fit: fewer columns by --max-columns");
    else
        status = mli_file_write(path, page.buf.data, page.buf.len, false, err);
    mli_buf_release(&page.buf);
    return status;
}
