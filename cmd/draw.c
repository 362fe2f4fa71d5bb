#include <cmd/draw.h>

#include <base/text.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH = 80, WIDEST = 120, LONGEST = 1 << 20 };

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

/* The first of these that is set decides [POSIX.1-2017, 8.2]. */
static bool is_utf8_locale(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = environment(names[i]);
        if (*value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

void draw_init(struct draw *draw)
{
    struct winsize size;
    bool terminal = isatty(STDOUT_FILENO) == 1, dumb = strcmp(environment("TERM"), "dumb") == 0;
    *draw = (struct draw){ .width = WIDTH };
    mli_buf_init(&draw->line, LONGEST);
    draw->blocks = is_utf8_locale() && !dumb;
    draw->colours = terminal && !dumb && !*environment("NO_COLOR");
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        draw->width = size.ws_col < WIDEST ? size.ws_col : WIDEST;
}

void draw_end(struct draw *draw)
{
    struct mli_buf *line = &draw->line;
    while (line->len && line->data[line->len - 1] == ' ')
        line->len--;
    if (line->len)
        fwrite(line->data, 1, line->len, stdout);
    putchar('\n');
    mli_buf_reset(line);
}

void draw_release(struct draw *draw)
{
    mli_buf_release(&draw->line);
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

/* Well-formed UTF-8, of `n` bytes. */
static uint32_t code_point(const char *text, size_t n)
{
    const unsigned char *u = (const unsigned char *)text;
    static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t c = u[0] & first[n];
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (u[i] & 0x3fU);
    return c;
}

static size_t cells_of(uint32_t c)
{
    static const uint32_t none[][2] = { { 0x300, 0x36f }, { 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x2069 },
                                        { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff } };
    static const uint32_t wide[][2] = { { 0x1100, 0x115f }, { 0x2e80, 0xa4cf },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
                                        { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
                                        { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd } };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (c >= none[i][0] && c <= none[i][1])
            return 0;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (c >= wide[i][0] && c <= wide[i][1])
            return 2;
    return 1;
}

/* Marks that turn the direction of what follows, as control characters do with a terminal. */
static bool turns(uint32_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* The next character of a text that ends with NUL: its bytes, clean text for it, its cells. */
static size_t next_character(const char *text, const char **clean, size_t *bytes, size_t *cells)
{
    size_t n = mli_utf8_sequence(text, strlen(text) < 4 ? strlen(text) : 4);
    uint32_t c = n ? code_point(text, n) : 0;
    bool bad = n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || turns(c);
    *clean = bad ? "?" : text;
    *bytes = bad ? 1 : n;
    *cells = bad ? 1 : cells_of(c);
    return n ? n : 1;
}

size_t draw_cells(const char *text)
{
    size_t sum = 0, bytes, cells;
    const char *clean;
    while (*text) {
        text += next_character(text, &clean, &bytes, &cells);
        sum += cells;
    }
    return sum;
}

/* As many characters as fit; returns the cells. */
static size_t add_cells(struct draw *draw, const char *text, size_t most)
{
    size_t sum = 0, bytes, cells;
    const char *clean;
    while (*text) {
        text += next_character(text, &clean, &bytes, &cells);
        if (sum + cells > most)
            break;
        mli_buf_add(&draw->line, clean, bytes);
        sum += cells;
    }
    return sum;
}

void draw_spaces(struct draw *draw, size_t n)
{
    while (n--)
        mli_buf_char(&draw->line, ' ');
}

void draw_text(struct draw *draw, const char *text, size_t cells, bool right)
{
    size_t all = draw_cells(text), dots = draw->blocks ? 1 : 2;
    if (all <= cells) {
        draw_spaces(draw, right ? cells - all : 0);
        add_cells(draw, text, cells);
        draw_spaces(draw, right ? 0 : cells - all);
        return;
    }
    size_t taken = cells > dots ? add_cells(draw, text, cells - dots) : 0;
    mli_buf_str(&draw->line, draw->blocks ? "\xe2\x80\xa6" : "..");
    if (cells > taken + dots)
        draw_spaces(draw, cells - taken - dots);
}

void draw_wrapped(struct draw *draw, const char *text, size_t at, size_t indent)
{
    size_t start = at;
    while (*text) {
        size_t n = strcspn(text, " ");
        char word[1024];
        snprintf(word, sizeof word, "%.*s", (int)n, text);
        size_t cells = draw_cells(word);
        if (at > start && at + 1 + cells > draw->width) {
            draw_end(draw);
            draw_spaces(draw, indent);
            at = start = indent;
        } else if (at > start) {
            draw_spaces(draw, 1);
            at++;
        }
        at += add_cells(draw, word, SIZE_MAX);
        text += n;
        text += strspn(text, " ");
    }
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

/* U+2588 is a full block, U+2589 to U+258F seven to one eighths of its width, U+2581 to U+2587 of its height. */
static void add_block(struct draw *draw, unsigned char last)
{
    const char block[] = { '\xe2', '\x96', (char)last };
    mli_buf_add(&draw->line, block, sizeof block);
}

void draw_bar(struct draw *draw, double share, size_t cells)
{
    size_t parts = draw->blocks ? 8 : 1;
    size_t filled = share > 0 ? (size_t)lround(fmin(share, 1) * (double)(cells * parts)) : 0;
    filled = share > 0 && filled == 0 ? 1 : filled;
    for (size_t i = 0; i < cells; i++) {
        size_t here = filled > parts ? parts : filled;
        filled -= here;
        if (here == 0)
            mli_buf_char(&draw->line, ' ');
        else if (!draw->blocks)
            mli_buf_char(&draw->line, '#');
        else
            add_block(draw, (unsigned char)(0x90 - here));
    }
}

void draw_part(struct draw *draw, size_t eighths)
{
    static const char plain[] = " _.:-=+*#";
    if (eighths == 0 || !draw->blocks)
        mli_buf_char(&draw->line, plain[eighths]);
    else
        add_block(draw, (unsigned char)(0x80 + eighths));
}

void draw_histogram(struct draw *draw, const size_t *count, size_t n)
{
    size_t most = 1;
    for (size_t i = 0; i < n; i++)
        most = count[i] > most ? count[i] : most;
    for (size_t i = 0; i < n; i++)
        draw_part(draw, (size_t)ceil(8 * (double)count[i] / (double)most));
}

/* ---- colours ----------------------------------------------------------------------------------------------------- */

void draw_colour(struct draw *draw, enum draw_colour colour)
{
    static const char *const codes[] = { "\033[1m", "\033[1;31m", "\033[1;33m", "\033[2m" };
    if (draw->colours)
        mli_buf_str(&draw->line, codes[colour]);
}

void draw_plain(struct draw *draw)
{
    if (draw->colours)
        mli_buf_str(&draw->line, "\033[0m");
}
