/*
 * Text for a terminal or a file: columns of a width, bars and small histograms. Block characters where the locale is
 * UTF-8 and TERM is not dumb, plain ASCII elsewhere; colours on a terminal only, and not with NO_COLOR. What comes from
 * outside is cleaned: no control character of it gets through.
 */
#ifndef CMD_DRAW_H
#define CMD_DRAW_H

#include <base/buf.h>
#include <stdbool.h>

struct draw {
    struct mli_buf line; /* what is being built */
    size_t width;        /* cells of a line: 80, on a terminal its own up to 120 */
    bool blocks, colours;
};

void draw_init(struct draw *draw);
/* Prints the line without the spaces at its end, and empties it. */
void draw_end(struct draw *draw);
void draw_release(struct draw *draw);

/* Cells that a text takes up [Unicode TR 11]: wide ones of East Asia two, combining marks none. */
size_t draw_cells(const char *text);
/* Text in exactly `cells` cells: cut with "..." or filled with spaces, in front if `right`. */
void draw_text(struct draw *draw, const char *text, size_t cells, bool right);
/* A text of words from cell `at` on, where the line is now; broken at spaces, further lines begin at `indent`. */
void draw_wrapped(struct draw *draw, const char *text, size_t at, size_t indent);
void draw_spaces(struct draw *draw, size_t n);
/* share of `cells` cells filled; something is seen of every share that is not 0 */
void draw_bar(struct draw *draw, double share, size_t cells);
/* One cell, filled from below by so many eighths of its height, 0 to 8. */
void draw_part(struct draw *draw, size_t eighths);
/* One cell a count, the greatest full height, none empty. */
void draw_histogram(struct draw *draw, const size_t *count, size_t n);

enum draw_colour { DRAW_BOLD, DRAW_RED, DRAW_YELLOW, DRAW_DIM };
void draw_colour(struct draw *draw, enum draw_colour colour);
void draw_plain(struct draw *draw);

#endif
