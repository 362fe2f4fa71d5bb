/*
 * Of 64 bytes at a time it is known, as bits, where delimiters, line ends and quotes are. Whether a byte lies within
 * quotes is the exclusive or of all quote bits before it, and what is not well-formed is found by looking at the
 * neighbours of quotes, all 64 at once [Langdale & Lemire 2019, "Parsing gigabytes of JSON per second", section 3.1].
 * What is left are the ends of fields; in a regular file every columns-th is the end of a line.
 */
#include <table/grid.h>

#include <base/mem.h>
#include <mlctl/table.h>
#include <stdlib.h>
#include <string.h>
#include <table/marks.h>
#include <table/wide.h>

#define CELLS ((size_t)8192)
#define SPARE ((size_t)12) /* ends that are written beyond the last */
#define LOOK ((size_t)8)   /* rows */
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define TEXT_MAX ((size_t)1 << 30) /* offsets are 32 bits */

void mli_grid_init(struct mli_grid *grid, char delimiter, char quote, size_t record_max)
{
    *grid = (struct mli_grid){ .delimiter = delimiter,
                               .quote = quote,
                               .record_max = record_max < TEXT_MAX ? record_max : TEXT_MAX };
}

void mli_grid_release(struct mli_grid *grid)
{
    free(grid->span);
    free(grid->end);
    free(grid->newline);
    free(grid->passed);
    *grid = (struct mli_grid){ 0 };
}

bool mli_grid_fits(size_t columns)
{
    return columns > 1 && columns <= CELLS / 4;
}

static bool make_room(struct mli_grid *grid)
{
    if (grid->passed)
        return true;
    grid->span = mli_alloc(CELLS, sizeof(*grid->span));
    grid->end = mli_alloc(CELLS + SPARE, sizeof(*grid->end));
    grid->newline = mli_alloc(CELLS, sizeof(*grid->newline));
    grid->passed = mli_alloc(CELLS, sizeof(*grid->passed));
    return grid->span && grid->end && grid->newline && grid->passed;
}

/* ---- the ends of fields ---------------------------------------------------------------------- */

enum mark { DELIMITER, LINE, QUOTE, CR, SPACE, TAB, MARKS };

struct scan {
    char byte[MARKS];
    uint64_t quoting; /* all bits: there are quotes */
    bool odd;         /* there has been a block of which find_ends() had to be asked */
    /* of the bytes before those that come next */
    uint64_t inside; /* all bits: they end within quotes */
    uint64_t ended, closed, spaced,
        returned; /* bit 0: the last one was the end of a field, a closing quote, ... */
    /* what has been seen, so that the fields are to be looked at */
    bool quotes, doubled, around, crlf,
        lines; /* `around`: spaces around fields; `lines`: line ends within quotes */
    size_t count, newlines;
};

/* Where they are among 64 bytes. */
struct block {
    uint64_t ends; /* delimiters and line ends */
    uint64_t line, quote, cr, space;
};

static struct scan begin_scan(const struct mli_grid *grid)
{
    bool quoting = grid->quote != ML_QUOTE_NONE;
    struct scan scan = { .quoting = quoting ? ~UINT64_C(0) : 0, .ended = 1 };

    scan.byte[DELIMITER] = grid->delimiter;
    scan.byte[LINE] = '\n';
    scan.byte[QUOTE] = quoting ? grid->quote : '\r';
    scan.byte[CR] = '\r';
    scan.byte[SPACE] = grid->delimiter == ' ' ? '\t' : ' ';
    scan.byte[TAB] = grid->delimiter == '\t' ? ' ' : '\t';
    return scan;
}

/* Bit i: whether an odd number of the bits up to i are set. */
static inline uint64_t odd_before(uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/*
 * The ends of fields in a block with quotes, spaces or CR, or that begins within quotes or behind one of them. What is
 * not well-formed goes into *bad.
 */
static ALWAYS_INLINE uint64_t find_ends(struct scan *scan, const struct block *block, uint64_t *bad)
{
    uint64_t quote = block->quote & scan->quoting, inside = odd_before(quote) ^ scan->inside;
    uint64_t open = quote & inside, close = quote & ~inside, space = block->space & ~inside;
    uint64_t ends = block->ends & ~inside, cr = block->cr;
    uint64_t after_end = ends << 1 | scan->ended, after_close = close << 1 | scan->closed;
    uint64_t after_space = space << 1 | scan->spaced, after_cr = cr << 1 | scan->returned;

    *bad = (open & ~(after_end | after_close)) | (after_close & ~(ends | open | cr)) |
           (cr & inside) | (after_cr & ~block->line);
    scan->quotes |= quote != 0;
    scan->doubled |= (open & after_close) != 0;
    scan->around |= ((space & after_end) | (after_space & (ends | cr))) != 0;
    scan->crlf |= cr != 0;
    scan->lines |= (block->line & inside) != 0;
    scan->inside = inside >> 63 ? ~UINT64_C(0) : 0;
    scan->ended = ends >> 63;
    scan->closed = close >> 63;
    scan->spaced = space >> 63;
    scan->returned = cr >> 63;
    return ends;
}

/* Whether the rows that have ended since the last look have the right number of fields. */
static bool check_rows(struct mli_grid *grid, size_t newlines, size_t ends)
{
    while (grid->rows < newlines) {
        size_t last = (grid->rows + 1) * grid->columns - 1;
        uint32_t from = grid->rows > 0 ? grid->newline[grid->rows - 1] + 1 : 0;
        if (last >= ends || grid->end[last] != grid->newline[grid->rows] ||
            grid->end[last] - from > grid->record_max)
            return false;
        grid->rows++;
    }
    return true;
}

static inline size_t write_bits(uint64_t bits, uint32_t base, uint32_t *to, size_t count)
{
    for (; bits; bits &= bits - 1)
        to[count++] = base + (uint32_t)__builtin_ctzll(bits);
    return count;
}

typedef size_t write_function(uint64_t bits, uint32_t base, uint32_t *to, size_t count);

/*
 * The next block; false when it has the last row that can be taken. Branches that go now this way, now that are what
 * costs here: where one block is odd all are taken to be, and rows are looked at several at a time.
 */
static ALWAYS_INLINE bool take_block(struct mli_grid *grid, struct scan *scan, size_t at,
                                     const struct block *block, write_function *write)
{
    uint64_t ends = block->ends, bad = 0;

    scan->odd |= (block->quote | block->cr | block->space) != 0;
    if (scan->odd)
        ends = find_ends(scan, block, &bad);
    else
        scan->ended = ends >> 63;
    if (bad)
        ends &= (bad & -bad) - 1;
    scan->count = write(ends, (uint32_t)at, grid->end, scan->count);
    scan->newlines = write_bits(ends & block->line, (uint32_t)at, grid->newline, scan->newlines);
    return !bad &&
           (scan->newlines < grid->rows + LOOK || check_rows(grid, scan->newlines, scan->count));
}

static inline bool has_room(const struct scan *scan)
{
    return scan->count + MLI_MARKS <= CELLS;
}

/* The last bytes, fewer than 64, as a block of 64. */
static inline const char *last_block(const char *text, size_t len, char rest[MLI_MARKS])
{
    memset(rest, 0, MLI_MARKS);
    return memcpy(rest, text, len);
}

static struct block plain_block(const char *text, const struct mli_marker marker[MARKS])
{
    return (struct block){ .ends = mli_marks(text, &marker[DELIMITER]),
                           .line = mli_marks(text, &marker[LINE]),
                           .quote = mli_marks(text, &marker[QUOTE]),
                           .cr = mli_marks(text, &marker[CR]),
                           .space = mli_marks(text, &marker[SPACE]) };
}

static void find_rows_plain(struct mli_grid *grid, struct scan *out, const char *text, size_t len)
{
    struct scan scan = *out; /* in registers */
    const char *byte = scan.byte;
    const char ends[] = { byte[DELIMITER], '\n', '\n', '\n' };
    const char spaces[] = { byte[SPACE], byte[TAB], byte[TAB], byte[TAB] };
    struct mli_marker marker[MARKS] = {
        [DELIMITER] = mli_marker_of(ends), [SPACE] = mli_marker_of(spaces)
    };
    char rest[MLI_MARKS];

    for (enum mark k = LINE; k < SPACE; k++) {
        const char same[] = { byte[k], byte[k], byte[k], byte[k] };
        marker[k] = mli_marker_of(same);
    }
    for (size_t at = 0; at < len && has_room(&scan); at += MLI_MARKS) {
        bool whole = len - at >= MLI_MARKS;
        struct block block =
            plain_block(whole ? text + at : last_block(text + at, len - at, rest), marker);
        if (!take_block(grid, &scan, at, &block, write_bits))
            break;
    }
    *out = scan;
}

#ifdef MLI_WIDE
MLI_WIDE_CODE static inline uint64_t wide_marks(const __m256i half[2], __m256i byte)
{
    uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(half[0], byte));
    uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(half[1], byte));
    return (uint64_t)high << 32 | low;
}

MLI_WIDE_CODE static inline struct block wide_block(const char *text, const __m256i byte[MARKS])
{
    const __m256i half[2] = { _mm256_loadu_si256((const __m256i *)(const void *)text),
                              _mm256_loadu_si256((const __m256i *)(const void *)(text + 32)) };
    uint64_t line = wide_marks(half, byte[LINE]);

    return (struct block){ .ends = wide_marks(half, byte[DELIMITER]) | line,
                           .line = line,
                           .quote = wide_marks(half, byte[QUOTE]),
                           .cr = wide_marks(half, byte[CR]),
                           .space = wide_marks(half, byte[SPACE]) | wide_marks(half, byte[TAB]) };
}

/* SPARE at a time, of which some are of no meaning, and are written over: no branch for each. */
MLI_WIDE_CODE static inline size_t write_bits_wide(uint64_t bits, uint32_t base, uint32_t *to,
                                                   size_t count)
{
    size_t n = (size_t)_mm_popcnt_u64(bits);

    for (size_t i = 0; i < n; i += SPARE) {
        for (size_t k = 0; k < SPARE; k++) {
            to[count + i + k] = base + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
        }
    }
    return count + n;
}

MLI_WIDE_CODE static void find_rows_wide(struct mli_grid *grid, struct scan *out, const char *text,
                                         size_t len)
{
    __m256i byte[MARKS];
    struct scan scan = *out; /* in registers */
    char rest[MLI_MARKS];

    for (enum mark k = 0; k < MARKS; k++)
        byte[k] = _mm256_set1_epi8(scan.byte[k]);
    for (size_t at = 0; at < len && has_room(&scan); at += MLI_MARKS) {
        bool whole = len - at >= MLI_MARKS;
        struct block block =
            wide_block(whole ? text + at : last_block(text + at, len - at, rest), byte);
        if (!take_block(grid, &scan, at, &block, write_bits_wide))
            break;
    }
    *out = scan;
}
#endif

static void find_rows(struct mli_grid *grid, struct scan *scan, const char *text, size_t len)
{
#ifdef MLI_WIDE
    if (!grid->plain && mli_wide()) {
        find_rows_wide(grid, scan, text, len);
        return;
    }
#endif
    find_rows_plain(grid, scan, text, len);
}

/* ---- the fields ------------------------------------------------------------------------------ */

/* Lines before each row, of which some hold line ends within quotes. */
static void count_lines(struct mli_grid *grid, const char *text)
{
    uint32_t line = 0;

    for (size_t row = 0, at = 0; row < grid->rows; row++) {
        grid->passed[row] = line;
        for (; at <= grid->newline[row]; at++)
            line += text[at] == '\n';
    }
    grid->behind = grid->passed;
    grid->lines = line;
}

static void write_spans(struct mli_grid *grid, char *text)
{
    uint32_t at = 0;

    for (size_t i = 0, n = grid->rows * grid->columns; i < n; i++) {
        uint32_t end = grid->end[i];
        grid->span[i] = (struct mli_span){ at, end - at };
        text[end] = '\0';
        at = end + 1;
    }
}

static void leave_out_cr(struct mli_grid *grid, char *text)
{
    for (size_t row = 0; row < grid->rows; row++) {
        struct mli_span *last = &grid->span[(row + 1) * grid->columns - 1];
        if (last->len > 0 && text[last->at + last->len - 1] == '\r')
            text[last->at + --last->len] = '\0';
    }
}

/* ""  ->  " */
static uint32_t draw_together(char *text, uint32_t len, char quote)
{
    char *hit = memchr(text, quote, len);
    uint32_t to = hit ? (uint32_t)(hit - text) : len;

    for (uint32_t i = to; i < len; i++) {
        text[to++] = text[i];
        i += text[i] == quote;
    }
    return to;
}

/* The quotes around fields do not belong to them. */
static void unquote(struct mli_grid *grid, bool doubled, char *text)
{
    for (size_t i = 0, n = grid->rows * grid->columns; i < n; i++) {
        struct mli_span span = grid->span[i];
        if (text[span.at] != grid->quote)
            continue;
        span = (struct mli_span){ span.at + 1, span.len - 2 };
        if (doubled)
            span.len = draw_together(text + span.at, span.len, grid->quote);
        text[span.at + span.len] = '\0';
        grid->span[i] = span;
    }
}

static bool is_space(char c, char delimiter)
{
    return (c == ' ' || c == '\t') && c != delimiter;
}

/* Nor do the spaces around those without quotes. */
static void trim(struct mli_grid *grid, char *text)
{
    for (size_t i = 0, n = grid->rows * grid->columns; i < n; i++) {
        char *from = text + grid->span[i].at, *to = from + grid->span[i].len;
        if (*from == grid->quote && grid->quote != ML_QUOTE_NONE)
            continue;
        while (from < to && is_space(*from, grid->delimiter))
            from++;
        while (to > from && is_space(to[-1], grid->delimiter))
            to--;
        *to = '\0';
        grid->span[i] = (struct mli_span){ (uint32_t)(from - text), (uint32_t)(to - from) };
    }
}

bool mli_grid_cut(struct mli_grid *grid, char *text, const char *end, size_t line, char **next)
{
    struct scan scan = begin_scan(grid);
    size_t len = (size_t)(end - text);

    grid->rows = grid->lines = 0;
    grid->behind = NULL;
    grid->text = text;
    grid->first_line = line;
    *next = text;
    if (!make_room(grid))
        return false;
    find_rows(grid, &scan, text, len < TEXT_MAX ? len : TEXT_MAX);
    check_rows(grid, scan.newlines, scan.count);
    if (grid->rows == 0)
        return true;
    *next = text + grid->newline[grid->rows - 1] + 1;
    grid->lines = grid->rows;
    if (scan.lines)
        count_lines(grid, text);
    write_spans(grid, text);
    if (scan.crlf)
        leave_out_cr(grid, text);
    if (scan.around)
        trim(grid, text);
    if (scan.quotes)
        unquote(grid, scan.doubled, text);
    return true;
}
