#include <describe/html_parts.h>

#include <math.h>

static void add_statistic(struct mli_buf *out, const char *name, double value)
{
    mli_buf_printf(out, "<tr><td class=\"dim\">%s</td><td class=\"n\">", name);
    mli_html_number(out, value);
    mli_buf_str(out, "</td></tr>");
}

static void add_number_statistics(struct mli_page *page, size_t column)
{
    const struct mli_number *n = &page->d->profile[column].number;
    const struct {
        const char *name;
        double value;
    } all[] = {
        { "least", n->min },
        { "5%", n->q05 },
        { "25%", n->q25 },
        { "median", n->median },
        { "75%", n->q75 },
        { "95%", n->q95 },
        { "greatest", n->max },
        { "mean", n->mean },
        { "standard deviation", n->std },
        { "skewness", n->skewness },
        { "zeros", (double)n->zeros },
        { "negative", (double)n->negative },
        { "outliers (1.5 IQR)", (double)(n->outliers_low + n->outliers_high) },
    };

    mli_buf_str(&page->buf, "<table>");
    for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
        add_statistic(&page->buf, all[k].name, all[k].value);
    mli_buf_str(&page->buf, "</table>");
}

static void add_instant_statistics(struct mli_page *page, size_t column)
{
    const struct mli_instants *t = &page->d->profile[column].instants;
    struct mli_buf *out = &page->buf;
    char first[MLI_INSTANT_MAX], last[MLI_INSTANT_MAX], from[MLI_INSTANT_MAX], to[MLI_INSTANT_MAX];

    mli_instant_format(t->first, first);
    mli_instant_format(t->last, last);
    mli_instant_format(t->gap_from, from);
    mli_instant_format(t->gap_to, to);
    mli_buf_printf(out,
                   "<table><tr><td class=\"dim\">first</td><td>%s</td></tr><tr><td "
                   "class=\"dim\">last</td><td>%s"
                   "</td></tr><tr><td class=\"dim\">longest gap</td><td>%s to %s</td></tr><tr><td "
                   "class=\"dim\">"
                   "most often apart</td><td>",
                   first, last, from, to);
    mli_html_number(out, t->step);
    mli_buf_str(out, " seconds</td></tr><tr><td class=\"dim\">what varies</td><td>");
    for (size_t p = 0, n = 0; p < MLI_INSTANT_PARTS; p++) {
        if (t->varies >> p & 1)
            mli_buf_printf(out, "%s%s", n++ ? ", " : "", mli_instant_part_name(p));
    }
    mli_buf_str(out, "</td></tr></table>");
}

static void add_word_statistics(struct mli_page *page, size_t column)
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

static void add_measures(struct mli_page *page, size_t column)
{
    const struct mli_link *l = &page->d->link[column];
    const struct {
        const char *name;
        double value;
    } all[] = { { "Pearson's r", l->pearson },
                { "Spearman's rho", l->spearman },
                { "eta&sup2;", l->eta2 },
                { "ROC AUC", l->auc },
                { "Cram&eacute;r's V", l->cramers_v } };

    if (isnan(l->strength) || column == page->d->goal.column)
        return;
    mli_buf_printf(&page->buf, "<p>Link to the target: %.2f ", l->strength);
    mli_html_bar(&page->buf, l->strength);
    mli_buf_str(&page->buf, " <span class=\"dim\">");
    for (size_t k = 0, n = 0; k < sizeof(all) / sizeof(*all); k++) {
        if (!isnan(all[k].value))
            mli_buf_printf(&page->buf, "%s%s %.3f", n++ ? ", " : "(", all[k].name, all[k].value);
    }
    mli_buf_str(&page->buf, ")</span></p>");
}

static void add_alerts(struct mli_page *page, size_t column)
{
    for (size_t i = 0; i < page->d->warnings.n; i++) {
        const struct mli_warning *w = &page->d->warnings.item[i];
        if (w->column != column)
            continue;
        mli_buf_printf(&page->buf, "<p class=\"alert %s\"><b>", mli_level_name(w->kind->level));
        mli_html_kind(&page->buf, w->kind->name);
        mli_buf_str(&page->buf, "</b>: ");
        mli_html_text(&page->buf, w->text);
        mli_buf_str(&page->buf, "</p>");
    }
}

static void add_picture(struct mli_page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    struct mli_buf *out = &page->buf;

    mli_html_histogram(page, column);
    if (page->d->table->column[column].type == ML_TYPE_NUMBER && p->values.distinct > MLI_TOP)
        mli_html_box(page, column);
    mli_buf_str(out, "<div class=\"ends\"><span>");
    mli_html_bound(page, column, p->histogram.low);
    mli_buf_str(out, "</span><span>");
    bool number = page->d->table->column[column].type == ML_TYPE_NUMBER;
    mli_html_bound(page, column, number ? p->number.max : p->instants.last);
    mli_buf_str(out, "</span></div>");
}

static void add_top(struct mli_page *page, size_t column)
{
    const struct mli_profile *p = &page->d->profile[column];
    size_t rows = 0;

    mli_html_bars(page, column, p->values.top, p->values.tops, p->present);
    for (size_t k = 0; k < p->values.tops; k++)
        rows += p->values.top[k].count;
    if (p->values.distinct > p->values.tops)
        mli_buf_printf(&page->buf, "<p class=\"dim\">and %zu more values in %zu rows</p>",
                       p->values.distinct - p->values.tops, p->present - rows);
}

void mli_html_column(struct mli_page *page, size_t column)
{
    const struct mli_column *c = &page->d->table->column[column];
    const struct mli_profile *p = &page->d->profile[column];
    struct mli_buf *out = &page->buf;

    mli_buf_printf(out, "<div class=\"col\" id=\"c%zu\"><h3>", column + 1);
    mli_html_name(page, column);
    mli_buf_printf(out, "<span class=\"lvl\">%s, %zu distinct, %zu missing</span></h3>",
                   mli_html_type(c), p->values.distinct, p->missing);
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
