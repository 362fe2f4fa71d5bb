/*
 * The dialect of a CSV file, found out from its beginning. What decides is the structure that a dialect gives the text,
 * after van den Burg, Nazabal & Sutton 2019, "Wrangling messy CSV files by detecting row and type patterns": how alike
 * the rows are in their number of fields, times the share of cells that look like something. The rules:
 *
 * - delimiter: of , ; tab | the one of the highest score for the quote; of equals the one named first.
 * - quote: the double quote, unless
 *   fields begin and end with ', nearly all that are text, or all of a column, or some with a delimiter inside, and none
 *   with ": then ';
 *   or quotes stand where no quoting puts them (within a field, before more text, never closed), in three rows or in a
 *   file of tabs in one, as often as one in four of those that make sense, while no quoted field needs its quotes: then
 *   none, and quotes are text.
 * - decimal: a comma when cells are numbers with a comma and none is one with a point (and not all of them could have a
 *   comma before thousands, unless the delimiter is ;).
 * - looks_like_data: where columns are numbers so is the first row, and no word of it is the only one of its kind in a
 *   column where words repeat.
 * - title_lines: lines before the first row that has the number of fields of most rows, if those above have fewer.
 * - sep_line: the first line is sep= and a character, as Excel reads and writes it: that is the delimiter.
 */
#ifndef TABLE_SNIFF_H
#define TABLE_SNIFF_H

#include <mlctl/table.h>

#define MLI_SNIFF_DELIMITERS ",;\t|" /* those that are looked for */

struct mli_dialect {
    char delimiter, quote, decimal;
    bool sep_line, looks_like_data;
    size_t title_lines;
};

/*
 * Of the text, which begins where the file does and is `whole` or has lost what comes after it. Options that are given
 * are taken as they are; those lines that they pass over are not looked at.
 */
void mli_sniff(const char *text, size_t len, bool whole, const struct ml_csv_options *given, struct mli_dialect *out);

#endif
