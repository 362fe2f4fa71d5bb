#include <table/advise.h>

#include <base/num.h>
#include <string.h>

#define NEARLY_LEAST ((size_t)10) /* numbers among the values before one asks why the others are none */

static void say_day_first(const struct mli_column *column, const struct ml_log *log)
{
    ml_log(log, ML_LOG_WARNING,
           "column \"%.200s\": dates are read day first, but month first fits every cell as well; "
           "--type %.200s=instant:mdy reads them so, instant:dmy says that day first is right",
           column->name, column->name);
}

/* Doubles hold whole numbers up to 2^53 apart; from there on neighbours fall together. */
static void say_rounded(const struct mli_column *column, const struct ml_log *log)
{
    ml_log(log, ML_LOG_WARNING,
           "column \"%.200s\" holds whole numbers of 2^53 or more, which are rounded; if they are "
           "names, --type %.200s=identifier keeps every digit",
           column->name, column->name);
}

static void say_zeros(const struct mli_column *column, const struct ml_log *log)
{
    ml_log(log, ML_LOG_WARNING,
           "column \"%.200s\" has numbers with zeros in front, which are lost; if they are codes, "
           "--type %.200s=category keeps them",
           column->name, column->name);
}

/* Nine values of ten are numbers, so the others may be slips: one is shown. */
static void say_nearly_numbers(const struct mli_column *column, const struct ml_log *log)
{
    size_t n = mli_dict_count(column->dict), others = 0, example = 0;
    double number;

    for (size_t i = 0; i < n && others <= n / 10; i++) {
        const char *text = mli_dict_text(column->dict, i);
        if (mli_num_parse(text, strlen(text), &number))
            continue;
        example = others++ ? example : i;
    }
    if (others == 0 || others > n / 10 || n - others < NEARLY_LEAST)
        return;
    ml_log(log, ML_LOG_WARNING,
           "column \"%.200s\" is no number because of %zu of its %zu values, \"%.40s\" for one; "
           "--na makes them missing",
           column->name, others, n, mli_dict_text(column->dict, example));
}

void mli_advise(const struct mli_column *column, const struct ml_log *log)
{
    if (column->ambiguous)
        say_day_first(column, log);
    if (column->rounded)
        say_rounded(column, log);
    if (column->zeros)
        say_zeros(column, log);
    if (column->dict && column->type != ML_TYPE_BOOLEAN)
        say_nearly_numbers(column, log);
}
