#include <table/advise.h>

static void say_day_first(const struct mli_column *column, const struct ml_log *log)
{
    ml_log(log, ML_LOG_WARNING,
           "column \"%.200s\": dates are read day first, but month first fits every cell as well; "
           "--type %.200s=instant:mdy reads them so, instant:dmy says that day first is right",
           column->name, column->name);
}

void mli_advise(const struct mli_column *column, size_t rows, const struct ml_log *log)
{
    (void)rows;
    if (column->ambiguous)
        say_day_first(column, log);
}
