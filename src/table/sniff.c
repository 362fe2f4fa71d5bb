#include <table/sniff.h>

#include <string.h>

#define RECORDS 256 /* looked at */
#define COLUMNS 64  /* whose cells are looked at more closely */
#define LENGTHS 32  /* numbers of fields that are told apart; the rest counts as one more */
#define LOST 16384  /* a quote that is open for so long at the end of a part of a file is never closed */

struct cell {
    const char *text;
    size_t len;
    bool quoted;
};

struct column {
    size_t present, numbers; /* below the first row */
    size_t filled, quoted;   /* with it: cells that are not empty; of them in quotes */
    bool first_is_number, first_is_empty, first_repeats, repeats;
    struct cell first, second; /* of the first two rows */
};

/* What a delimiter and a quote make of the text. */
struct view {
    char delimiter, quote;
    size_t records;
    size_t fields[RECORDS], line[RECORDS]; /* of each: how many, where it starts */
    size_t cells, known, words;            /* in all; that look like something; that are text */
    size_t quoted, needed;                 /* fields in quotes; those that could not do without */
    size_t faults, faulty;                 /* quotes out of place; records with one */
    size_t commas, thousands, points;      /* numbers with a comma; of them such as 1,234; with a point */
    struct column column[COLUMNS];
};

/* ---- cells ----------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && is_digit(text[n]))
        n++;
    return n;
}

/* [+-] digits [mark digits] [e [+-] digits], or without digits on one side of the mark. */
static bool is_number(const struct cell *cell, char mark)
{
    const char *text = cell->text;
    size_t len = cell->len, at = len > 0 && (*text == '-' || *text == '+');
    size_t whole = digits(text + at, len - at), part = 0;

    at += whole;
    if (at < len && text[at] == mark) {
        part = digits(text + at + 1, len - at - 1);
        at += 1 + part;
    }
    if (whole + part == 0)
        return false;
    if (at < len && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += at < len && (text[at] == '-' || text[at] == '+');
        size_t power = digits(text + at, len - at);
        if (power == 0)
            return false;
        at += power;
    }
    return at == len;
}

static bool is_thousands(const struct cell *cell)
{
    const char *comma = memchr(cell->text, ',', cell->len);
    size_t before = comma ? (size_t)(comma - cell->text) : 0;

    return comma && before <= 4 && cell->len - before == 4 && is_digit(comma[-(before > 0)]) &&
           digits(comma + 1, 3) == 3;
}

/* Whether a cell without quotes holds what would have been cut by another dialect. */
static bool is_known(const struct cell *cell)
{
    for (size_t i = 0; i < cell->len; i++) {
        if (strchr(",;\t|\"", cell->text[i]) || (unsigned char)cell->text[i] < ' ')
            return false;
    }
    return true;
}

static bool same(const struct cell *a, const struct cell *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void see_in_column(struct column *column, const struct cell *cell, bool number, size_t record)
{
    column->filled += cell->len > 0;
    column->quoted += cell->len > 0 && cell->quoted;
    if (record == 0) {
        column->first = *cell;
        column->first_is_number = number;
        column->first_is_empty = cell->len == 0;
        return;
    }
    if (cell->len == 0)
        return;
    if (column->present++ == 0)
        column->second = *cell;
    else
        column->repeats = column->repeats || same(cell, &column->second);
    column->numbers += number;
    column->first_repeats = column->first_repeats || same(cell, &column->first);
}

static void see_cell(struct view *view, const struct cell *cell, size_t index)
{
    bool point = is_number(cell, '.'), comma = !point && is_number(cell, ',');

    view->cells++;
    view->known += cell->quoted || point || (comma && view->delimiter != ',') || is_known(cell);
    view->words += cell->len > 0 && !point && !comma;
    view->points += point && memchr(cell->text, '.', cell->len);
    view->commas += comma;
    view->thousands += comma && is_thousands(cell);
    if (index < COLUMNS)
        see_in_column(&view->column[index], cell, point || comma, view->records);
}

/* ---- records --------------------------------------------------------------------------------- */

struct scan {
    const char *at, *end;
    bool whole;
    size_t line;
};

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static void pass_line_end(struct scan *scan)
{
    bool cr = *scan->at++ == '\r';

    scan->at += cr && scan->at < scan->end && *scan->at == '\n';
    scan->line++;
}

static void pass_line(struct scan *scan)
{
    while (scan->at < scan->end && !is_line_end(*scan->at))
        scan->at++;
    if (scan->at < scan->end)
        pass_line_end(scan);
}

static void pass_spaces(struct scan *scan, char delimiter)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t') && *scan->at != delimiter)
        scan->at++;
}

/* From behind the opening quote to behind the closing one. False when there is none. */
static bool pass_quoted(struct scan *scan, const struct view *view, bool *needed)
{
    while (scan->at < scan->end) {
        char c = *scan->at;
        *needed = *needed || c == view->delimiter || is_line_end(c);
        if (is_line_end(c)) {
            pass_line_end(scan);
            continue;
        }
        scan->at++;
        if (c != view->quote)
            continue;
        if (scan->at == scan->end || *scan->at != view->quote)
            return true;
        *needed = true;
        scan->at++;
    }
    return false;
}

/* The rest of a field, to its delimiter or line end; a double quote in it is a fault. */
static void pass_plain(struct scan *scan, struct view *view)
{
    for (; scan->at < scan->end && *scan->at != view->delimiter && !is_line_end(*scan->at); scan->at++)
        view->faults += view->quote == '"' && *scan->at == '"';
}

/* An opening quote that nothing closes is text, like the rest of its line. */
static struct cell take_quoted(struct scan *scan, struct view *view)
{
    struct scan begin = *scan;
    bool needed = false;
    struct cell cell = { .quoted = true };

    scan->at++;
    if (!pass_quoted(scan, view, &needed)) {
        bool lost = scan->whole || scan->end - begin.at > LOST;
        if (!lost)
            return cell; /* the text ends within the field */
        *scan = begin;
        scan->at++;
        view->faults++;
        pass_plain(scan, view);
        return (struct cell){ .text = begin.at, .len = (size_t)(scan->at - begin.at) };
    }
    cell.text = begin.at + 1;
    cell.len = (size_t)(scan->at - begin.at) - 2;
    pass_spaces(scan, view->delimiter);
    if (scan->at < scan->end && *scan->at != view->delimiter && !is_line_end(*scan->at)) {
        view->faults++;
        pass_plain(scan, view);
        cell.quoted = false;
        cell.text = begin.at;
        cell.len = (size_t)(scan->at - begin.at);
        return cell;
    }
    view->quoted++;
    view->needed += needed;
    return cell;
}

static struct cell take_cell(struct scan *scan, struct view *view)
{
    pass_spaces(scan, view->delimiter);
    if (scan->at < scan->end && *scan->at == view->quote && view->quote != ML_QUOTE_NONE)
        return take_quoted(scan, view);
    struct cell cell = { .text = scan->at };
    pass_plain(scan, view);
    cell.len = (size_t)(scan->at - cell.text);
    while (cell.len > 0 && (cell.text[cell.len - 1] == ' ' || cell.text[cell.len - 1] == '\t'))
        cell.len--;
    return cell;
}

static bool is_blank(struct scan scan)
{
    while (scan.at < scan.end && (*scan.at == ' ' || *scan.at == '\t'))
        scan.at++;
    return scan.at == scan.end || is_line_end(*scan.at);
}

/* One that the text ends within counts only when it is the only one. */
static void take_record(struct scan *scan, struct view *view)
{
    size_t faults = view->faults, line = scan->line, fields = 0;

    for (bool ends = false; !ends; scan->at += !ends) {
        struct cell cell = take_cell(scan, view);
        ends = scan->at == scan->end || is_line_end(*scan->at);
        if (scan->at == scan->end && !scan->whole && view->records > 0)
            return;
        if (cell.text)
            see_cell(view, &cell, fields);
        fields++;
    }
    if (scan->at < scan->end)
        pass_line_end(scan);
    view->faulty += view->faults > faults;
    view->fields[view->records] = fields;
    view->line[view->records++] = line;
}

static void look(struct view *view, const struct scan *from, char delimiter, char quote, char comment)
{
    struct scan scan = *from;

    memset(view, 0, sizeof(*view));
    view->delimiter = delimiter;
    view->quote = quote;
    while (scan.at < scan.end && view->records < RECORDS) {
        if ((comment && *scan.at == comment) || is_blank(scan))
            pass_line(&scan);
        else
            take_record(&scan, view);
    }
}

/* ---- decisions ------------------------------------------------------------------------------- */

/*
 * One column of text with a delimiter here and there, and not lines of text above a table: those end, and what comes
 * then goes on to the last record.
 */
static bool is_prose(const struct view *view)
{
    size_t single = 0;

    for (size_t i = 0; i < view->records; i++)
        single += view->fields[i] == 1;
    if (single == view->records || view->records == 0 || view->fields[0] > 1)
        return false;
    bool last = view->fields[view->records - 1] == 1;
    return single * 10 >= view->records * (last ? 5 : 9);
}

/* The pattern score times the type score of the paper, where a pattern is a number of fields. */
static double score(const struct view *view)
{
    size_t rows[LENGTHS + 1] = { 0 }, patterns = 0;
    double sum = 0;

    if (is_prose(view))
        return 0;
    for (size_t i = 0; i < view->records; i++) {
        size_t fields = view->fields[i];
        patterns += rows[fields < LENGTHS ? fields : LENGTHS]++ == 0;
        sum += fields > 1 ? (double)(fields - 1) / (double)fields : 1e-3;
    }
    if (patterns == 0)
        return 0;
    return sum / (double)patterns * ((double)view->known + 1e-3) / ((double)view->cells + 1e-3);
}

static void best_view(struct view *best, const struct scan *from, const char *delimiters, char quote, char comment)
{
    struct view view;
    double highest = -1;

    for (const char *delimiter = delimiters; *delimiter; delimiter++) {
        look(&view, from, *delimiter, quote, comment);
        double value = score(&view);
        if (value <= highest)
            continue;
        highest = value;
        *best = view;
    }
}

static bool quotes_are_text(const struct view *view)
{
    return view->needed == 0 && view->faults * 4 >= view->quoted &&
           view->faulty >= (view->delimiter == '\t' ? 1 : 3);
}

static bool quoted_by_apostrophes(const struct view *view)
{
    bool column = view->quoted * 10 >= view->words * 9;

    for (size_t i = 0; i < COLUMNS; i++)
        column = column || (view->column[i].quoted > 0 && view->column[i].quoted == view->column[i].filled);
    return view->faults == 0 && view->quoted >= 3 && (view->needed > 0 || column);
}

static void choose_view(struct view *best, const struct scan *from, const char *delimiters,
                        const struct ml_csv_options *given)
{
    size_t left = (size_t)(from->end - from->at);

    best_view(best, from, delimiters, given->quote ? given->quote : '"', given->comment);
    if (given->quote)
        return;
    if (best->faults > 0 && quotes_are_text(best)) {
        best_view(best, from, delimiters, ML_QUOTE_NONE, given->comment);
    } else if (best->faults + best->quoted == 0 && memchr(from->at, '\'', left)) {
        struct view other;
        best_view(&other, from, delimiters, '\'', given->comment);
        if (quoted_by_apostrophes(&other))
            *best = other;
    }
}

/* The number of fields of most records. */
static size_t usual_fields(const struct view *view)
{
    size_t usual = 0, most = 0;

    for (size_t i = 0; i < view->records; i++) {
        size_t count = 0;
        for (size_t k = 0; k < view->records; k++)
            count += view->fields[k] == view->fields[i];
        if (count > most) {
            most = count;
            usual = view->fields[i];
        }
    }
    return usual;
}

static size_t title_lines(const struct view *view, size_t first_line)
{
    size_t usual = usual_fields(view), i = 0;

    while (i < view->records && view->fields[i] < usual)
        i++;
    if (i == 1 && view->fields[0] > 1 && view->fields[0] + 1 == usual)
        return 0; /* a header without a name for the row names, or rows with a delimiter at their end */
    return i > 0 && i < view->records ? view->line[i] - first_line : 0;
}

static bool looks_like_data(const struct view *view)
{
    size_t numeric = 0;

    if (view->records < 3)
        return false;
    for (size_t i = 0; i < view->fields[0] && i < COLUMNS; i++) {
        const struct column *column = &view->column[i];
        bool number = column->present > 0 && column->numbers * 10 >= column->present * 9;
        if (column->first_is_empty || (number && !column->first_is_number) ||
            (!number && column->repeats && !column->first_repeats))
            return false;
        numeric += number;
    }
    return numeric > 0;
}

static bool has_decimal_comma(const struct view *view)
{
    return view->delimiter != ',' && view->commas > 0 && view->points == 0 &&
           (view->delimiter == ';' || view->thousands < view->commas);
}

/* sep=; and a line end. */
static bool is_sep_line(const struct scan *scan)
{
    size_t left = (size_t)(scan->end - scan->at);

    return left >= 5 && (memcmp(scan->at, "sep=", 4) == 0 || memcmp(scan->at, "SEP=", 4) == 0) &&
           strchr(",;\t|:^ ~", scan->at[4]) && scan->at[4] && (left == 5 ? scan->whole : is_line_end(scan->at[5]));
}

void mli_sniff(const char *text, size_t len, bool whole, const struct ml_csv_options *given,
               struct mli_dialect *out)
{
    struct scan scan = { .at = text, .end = text + len, .whole = whole, .line = 1 };
    char delimiters[] = MLI_SNIFF_DELIMITERS;
    struct view view;

    *out = (struct mli_dialect){ 0 };
    for (size_t i = 0; i < given->skip_rows && scan.at < scan.end; i++)
        pass_line(&scan);
    out->sep_line = is_sep_line(&scan);
    if (out->sep_line || given->delimiter) {
        delimiters[0] = given->delimiter ? given->delimiter : scan.at[4];
        delimiters[1] = '\0';
    }
    if (out->sep_line)
        pass_line(&scan);
    size_t first_line = scan.line;
    choose_view(&view, &scan, delimiters, given);
    out->delimiter = view.delimiter;
    out->quote = view.quote;
    out->decimal = has_decimal_comma(&view) ? ',' : '.';
    out->title_lines = title_lines(&view, first_line);
    out->looks_like_data = !given->no_header && out->title_lines == 0 && looks_like_data(&view);
}
