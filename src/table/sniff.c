#include <table/sniff.h>

struct score {
    size_t fields;  /* of the header */
    size_t matches; /* records with that many, the header included */
};

static void count_record(struct score *score, size_t fields)
{
    if (score->fields == 0)
        score->fields = fields;
    if (score->fields == fields)
        score->matches++;
}

static struct score score_of(const char *text, size_t len, char delimiter, bool whole)
{
    struct score score = { 0 };
    size_t fields = 1;
    bool blank = true, quoted = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '"')
            quoted = !quoted; /* a doubled quote toggles twice */
        if (!quoted && (c == '\n' || c == '\r')) {
            if (!blank)
                count_record(&score, fields);
            fields = 1;
            blank = true;
            continue;
        }
        blank = blank && (c == ' ' || c == '\t');
        fields += !quoted && c == delimiter;
    }
    if (!blank && (whole || score.fields == 0))
        count_record(&score, fields);
    return score;
}

char mli_sniff_delimiter(const char *text, size_t len, bool whole)
{
    static const char candidates[] = { ',', ';', '\t', '|' };
    struct score best = { 0 };
    char delimiter = ',';

    for (size_t i = 0; i < sizeof(candidates); i++) {
        struct score score = score_of(text, len, candidates[i], whole);
        if (score.fields < 2)
            continue;
        if (score.matches > best.matches ||
            (score.matches == best.matches && score.fields > best.fields)) {
            best = score;
            delimiter = candidates[i];
        }
    }
    return delimiter;
}
