#include <cmd/describe_text.h>

#include <cmd/describe_page.h>
#include <describe/suggest.h>
#include <describe/tests.h>
#include <stdio.h>
#include <string.h>

enum { LABEL = 11 }; /* cells of the labels at the left */

static void bytes_text(uint64_t bytes, char out[32])
{
    static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
    double size = (double)bytes;
    size_t unit = 0;
    for (; size >= 1000 && unit < 4; unit++)
        size /= 1000;
    snprintf(out, 32, unit && size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

static void labelled(struct describe_page *page, const char *label, const char *text)
{
    draw_colour(&page->draw, DRAW_BOLD);
    draw_text(&page->draw, label, LABEL - 1, false);
    draw_plain(&page->draw);
    draw_spaces(&page->draw, 1);
    draw_wrapped(&page->draw, text, LABEL, LABEL);
    draw_end(&page->draw);
}

static void print_file(struct describe_page *page)
{
    const struct ml_table *t = page->d->table;
    char text[1024], size[32], missing[16], cells[64] = "no cell missing",
                                            copies[64] = "no duplicate rows";
    bytes_text(t->bytes, size);
    describe_share(describe_part(page->d->missing, t->rows * t->columns), missing);
    if (page->d->missing)
        snprintf(cells, sizeof cells, "%zu cells missing (%s)", page->d->missing, missing);
    if (page->d->duplicates)
        snprintf(copies, sizeof copies, "%zu duplicate row%s", page->d->duplicates,
                 page->d->duplicates == 1 ? "" : "s");
    snprintf(text, sizeof text, "%.300s: %zu row%s, %zu column%s, %s; %s; %s", t->source, t->rows,
             t->rows == 1 ? "" : "s", t->columns, t->columns == 1 ? "" : "s", size, cells, copies);
    labelled(page, "data", text);
}

static void print_target(struct describe_page *page)
{
    const struct mli_goal *goal = &page->d->goal;
    char text[512], what[256], share[16], label[128];
    const char *last = goal->given ? "" : ", the last column (--target takes another)";
    if (goal->kind == MLI_GOAL_NONE)
        snprintf(what, sizeof what, "no target: %s", goal->none);
    else if (goal->kind == MLI_GOAL_QUANTITY)
        snprintf(what, sizeof what, "a quantity, so a regression");
    else
        snprintf(what, sizeof what, "%zu classes", goal->classes);
    snprintf(text, sizeof text, "\"%.120s\"%s: %s", describe_name(page, goal->column), last, what);
    for (size_t k = 0;
         goal->kind == MLI_GOAL_CLASS && goal->classes <= DESCRIBE_FEW && k < goal->classes; k++) {
        size_t len = strlen(text);
        describe_value(page, goal->column, &goal->class[k], label, 40);
        describe_share(describe_part(goal->class[k].count, goal->n), share);
        snprintf(text + len, sizeof text - len, "%s%s %s", k ? ", " : ": ", label, share);
    }
    labelled(page, "target", text);
}

static void print_finding(struct describe_page *page, const struct mli_warning *w, bool first)
{
    static const enum draw_colour colours[] = { DRAW_RED, DRAW_YELLOW, DRAW_DIM };
    const char *const marks[] = { "!!", "! ", "- " };
    struct draw *draw = &page->draw;
    char text[1024];
    enum { KIND = 17, INDENT = 3 + KIND };
    if (first) {
        draw_colour(draw, colours[w->kind->level]);
        mli_buf_str(&draw->line, marks[w->kind->level]);
        draw_spaces(draw, 1);
        draw_text(draw, w->kind->name, KIND, false);
        draw_plain(draw);
    } else {
        draw_spaces(draw, INDENT);
    }
    bool file = w->column == page->d->table->columns;
    snprintf(text, sizeof text, "%.200s%s%s", file ? "" : describe_name(page, w->column),
             file ? "" : ": ", w->text);
    draw_wrapped(draw, text, INDENT, INDENT + 2);
    draw_end(draw);
}

/* What the findings have in common, behind the last of them. */
static void print_kind(struct describe_page *page, const struct mli_warning *w, size_t n)
{
    struct draw *draw = &page->draw;
    struct mli_buf advice;
    char text[160];
    if (n > DESCRIBE_FEW) {
        snprintf(text, sizeof text, "and %zu more like it (--json tells all)", n - DESCRIBE_FEW);
        draw_spaces(draw, 20);
        mli_buf_str(&draw->line, text);
        draw_end(draw);
    }
    mli_buf_init(&advice, 1 << 16);
    mli_buf_str(&advice, w->kind->why);
    if (*w->kind->advice) {
        mli_buf_str(&advice, draw->blocks ? " \xe2\x86\x92 " : " -> ");
        mli_warning_advice(page->d, w, n > 1, &mli_markup_plain, &advice);
        mli_buf_char(&advice, '.');
    }
    draw_spaces(draw, 20);
    draw_colour(draw, DRAW_DIM);
    draw_wrapped(draw, advice.data ? advice.data : "", 20, 20);
    draw_plain(draw);
    draw_end(draw);
    mli_buf_release(&advice);
}

static void print_warnings(struct describe_page *page)
{
    const struct mli_warnings *all = &page->d->warnings;
    size_t of[3] = { 0 };
    char text[160];
    for (size_t i = 0; i < all->n; i++)
        of[all->item[i].kind->level]++;
    if (all->n)
        snprintf(text, sizeof text, "%zu: %zu problem%s (!!), %zu to check (!), %zu to know (-)",
                 all->n, of[0], of[0] == 1 ? "" : "s", of[1], of[2]);
    else
        snprintf(text, sizeof text, "none");
    labelled(page, "warnings", text);
    for (size_t i = 0; i < all->n;) {
        size_t end = i;
        for (; end < all->n && all->item[end].kind == all->item[i].kind; end++)
            if (end - i < DESCRIBE_FEW)
                print_finding(page, &all->item[end], end == i);
        print_kind(page, &all->item[i], end - i);
        i = end;
    }
}

/* A command to copy: where it does not fit it goes on behind a backslash. */
static void print_command(struct describe_page *page, const char *const *files, size_t n)
{
    struct mli_suggestion suggestion;
    struct mli_buf command;
    struct draw *draw = &page->draw;
    if (mli_suggestion_make(page->d, &suggestion, NULL))
        return;
    if (page->d->goal.kind == MLI_GOAL_NONE && suggestion.n == 0) { /* nothing to train */
        mli_suggestion_release(&suggestion);
        return;
    }
    mli_buf_init(&command, 1 << 16);
    mli_buf_str(&command, "mlctl train");
    for (size_t i = 0; i < n; i++) {
        mli_buf_char(&command, ' ');
        mli_shell_word(&command, files[i]);
    }
    if (command.status)
        goto out;
    draw_colour(draw, DRAW_BOLD);
    draw_text(draw, "next", LABEL, false);
    draw_plain(draw);
    size_t at = LABEL + draw_cells(command.data);
    draw_text(draw, command.data, draw_cells(command.data), false);
    for (size_t i = 0; i < suggestion.n; i++) {
        const char *flag = suggestion.flag[i].data;
        size_t cells = draw_cells(flag);
        if (at + 1 + cells + 2 > draw->width) {
            mli_buf_str(&draw->line, " \\");
            draw_end(draw);
            draw_spaces(draw, LABEL + 2);
            at = LABEL + 2;
        } else {
            draw_spaces(draw, 1);
            at++;
        }
        draw_text(draw, flag, cells, false);
        at += cells;
    }
    draw_end(draw);
out:
    mli_buf_release(&command);
    mli_suggestion_release(&suggestion);
}

void describe_text(const struct mli_description *description, const size_t *order, size_t most,
                   const char *const *files, size_t nfiles)
{
    struct describe_page page = { .d = description,
                                  .order = order,
                                  .columns = description->table->columns };
    page.columns = page.columns < most ? page.columns : most;
    draw_init(&page.draw);
    print_file(&page);
    print_target(&page);
    print_warnings(&page);
    if (nfiles)
        print_command(&page, files, nfiles);
    describe_columns(&page);
    describe_types(&page);
    draw_release(&page.draw);
}
