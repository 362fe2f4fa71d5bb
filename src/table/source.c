/*
 * A text ends behind the last line end that has an even number of quote characters before it. The search goes
 * backwards from the end of what has been read, with the number of quotes behind the candidate, so a block is looked
 * at once, by loops that compilers turn into vector code; where a record is longer than the block, the block doubles.
 */
#include <table/source.h>

#include <base/mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <table/bytes.h>

#define SIZE_DEFAULT ((size_t)1 << 20)
#define SHRINK 4                          /* a block this many times as large as usual is given back */
#define RECORD_MAX ((size_t)257 << 20) /* beyond that of csv.h: no end of a record is looked for any more */

static enum ml_status out_of_memory(const struct mli_source *source, struct ml_error *err)
{
    return ml_error_at(err, ML_ENOMEM, source->names ? source->names : "", 0, 0,
                       "out of memory for a piece of the file");
}

/* ---- files ----------------------------------------------------------------------------------- */

static enum ml_status differs(const struct mli_source *source, const char *name, const char *which,
                              const char *what, struct ml_error *err)
{
    return ml_error_at(err, ML_EDATA, source->file[source->reached].name, 1, 0,
                       "%s column \"%.200s\", which %.200s %s; files that are read as one table have the "
                       "same columns",
                       which, name, source->file[0].name, what);
}

/* The columns of a later file, which must be those of the first in some order. */
static enum ml_status match_columns(struct mli_source *source, const struct mli_dict *own,
                                    struct ml_error *err)
{
    size_t n = mli_dict_count(source->header), *column = mli_alloc(n, sizeof(*column));
    enum ml_status status = column ? ML_OK : out_of_memory(source, err);
    bool same = true;

    for (size_t i = 0; i < mli_dict_count(own) && status == ML_OK; i++) {
        const char *name = mli_dict_text(own, i);
        if (mli_dict_find(source->header, name, strlen(name)) < 0)
            status = differs(source, name, "has a", "has not", err);
    }
    for (size_t i = 0; i < n && status == ML_OK; i++) {
        const char *name = mli_dict_text(source->header, i);
        int32_t code = mli_dict_find(own, name, strlen(name));
        if (code < 0)
            status = differs(source, name, "lacks", "has", err);
        column[i] = (size_t)code;
        same = same && column[i] == i;
    }
    if (status != ML_OK || same) {
        free(column);
        return status;
    }
    source->file[source->reached].column = column;
    return ML_OK;
}

static enum ml_status read_header(struct mli_source *source, struct ml_error *err)
{
    struct mli_dict *header;
    enum ml_status status =
        mli_header_read(source->reader, source->header ? NULL : source->log, &header, err);

    if (status != ML_OK)
        return status;
    if (!source->header) {
        source->header = header;
        return ML_OK;
    }
    status = match_columns(source, header, err);
    mli_dict_free(header);
    return status;
}

static void count_taken(struct mli_source *source)
{
    source->taken = source->taken_before + mli_input_taken(mli_csv_input(source->reader));
}

const char *mli_source_encoding(struct mli_source *source)
{
    const char *encoding = mli_csv_encoding(source->reader);

    if (source->encoding[0] && strcasecmp(source->encoding, encoding) != 0)
        encoding = "mixed";
    snprintf(source->encoding, sizeof(source->encoding), "%s", encoding);
    return source->encoding;
}

/* Takes the input of file `reached`. The dialect of the first file is that of all. */
static enum ml_status begin_file(struct mli_source *source, struct mli_input *input,
                                 struct ml_error *err)
{
    struct mli_csv *before = source->reader, *reader = NULL;

    source->version = source->version * 31 + mli_input_version(input);
    if (before)
        mli_input_follow(input, mli_csv_input(before));
    struct ml_csv_options options = before ? source->csv : source->given;
    options.encoding = source->given.encoding;
    enum ml_status status = mli_csv_open(input, &options, &reader, err);
    if (status != ML_OK)
        return status;
    if (before) {
        mli_source_encoding(source);
        source->taken_before += mli_input_taken(mli_csv_input(before));
        mli_csv_follow(reader, before);
    }
    mli_csv_close(before);
    source->reader = reader;
    if (!before) /* from here on threads read them */
        source->csv = *mli_csv_options(reader);
    status = read_header(source, err);
    source->ended = source->broken = false;
    source->line = mli_csv_line(reader);
    count_taken(source);
    return status;
}

static enum ml_status next_file(struct mli_source *source, struct ml_error *err)
{
    const char *path = source->file[++source->reached].name;
    struct mli_input *input;
    enum ml_status status = mli_input_open(path, &input, err);

    if (status != ML_OK)
        return status;
    source->bytes += mli_input_size(input);
    return begin_file(source, input, err);
}

static char *join_names(const struct mli_source *source)
{
    struct mli_buf names;

    mli_buf_init(&names, SIZE_MAX);
    for (size_t i = 0; i < source->files; i++) {
        mli_buf_str(&names, i > 0 ? ", " : "");
        mli_buf_str(&names, source->file[i].name);
    }
    char *joined = mli_buf_detach(&names);
    mli_buf_release(&names);
    return joined;
}

/* `name` is that of the one input, NULL: the paths' own. */
static bool name_files(struct mli_source *source, const char *const *paths, const char *name)
{
    for (size_t i = 0; source->file && i < source->files; i++) {
        source->file[i].name = mli_strdup(name ? name : paths[i]);
        if (!source->file[i].name)
            return false;
    }
    source->names = source->file ? join_names(source) : NULL;
    return source->names != NULL;
}

static bool are_regular(const char *const *paths, size_t n)
{
    struct stat st;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(paths[i], "-") == 0 || stat(paths[i], &st) != 0 || !S_ISREG(st.st_mode))
            return false;
    }
    return true;
}

enum ml_status mli_source_open(struct mli_source *source, const char *const *paths, size_t n,
                               struct mli_input *input, const struct mli_chunks_options *options,
                               struct ml_error *err)
{
    enum ml_status status = ML_OK;

    *source = (struct mli_source){ .files = input ? 1 : n, .log = options->log };
    source->rereadable = !input && are_regular(paths, n);
    if (options->csv)
        source->given = *options->csv;
    if (!source->given.log)
        source->given.log = options->log;
    source->csv = source->given;
    source->size = options->size ? options->size : SIZE_DEFAULT;
    if (!input)
        status = mli_input_open(paths[0], &input, err);
    if (status != ML_OK)
        return status;
    source->file = mli_calloc(source->files, sizeof(*source->file));
    if (!name_files(source, paths, n > 1 ? NULL : mli_input_name(input))) {
        mli_input_close(input);
        return out_of_memory(source, err);
    }
    source->bytes = mli_input_size(input);
    if (options->undigested)
        mli_input_undigested(input);
    status = begin_file(source, input, err);
    source->whole = status == ML_OK && !mli_csv_may_cut(source->reader);
    return status;
}

void mli_source_release(struct mli_source *source)
{
    for (size_t i = 0; source->file && i < source->files; i++) {
        free(source->file[i].name);
        free(source->file[i].column);
    }
    free(source->file);
    free(source->names);
    free(source->carry);
    mli_dict_free(source->header);
    mli_csv_close(source->reader);
}

/* ---- cutting --------------------------------------------------------------------------------- */

/* Behind the last `last` that stands outside of quotes and is the end of a line, 0 if there is none. */
static size_t cut_behind(const char *text, size_t len, char last, char quote)
{
    size_t quotes = mli_bytes_count(text, len, quote), end = len;

    while (end > 0) {
        const char *hit = memrchr(text, last, end);
        if (!hit)
            return 0;
        size_t at = (size_t)(hit - text);
        quotes -= mli_bytes_count(hit, end - at, quote);
        if (quotes % 2 == 0 && (last == '\n' || (at + 1 < len && hit[1] != '\n')))
            return at + 1;
        end = at;
    }
    return 0;
}

static size_t find_cut(const char *text, size_t len, char quote)
{
    size_t cut = cut_behind(text, len, '\n', quote);
    return cut > 0 ? cut : cut_behind(text, len, '\r', quote);
}

/* Where quotes mean nothing, a byte that no text holds. */
static char quote_of(const struct mli_source *source)
{
    return source->csv.quote == ML_QUOTE_NONE ? '\0' : source->csv.quote;
}

/* Whether no reader would go on to look for the end of the record: a field or the record is too long. */
static bool is_hopeless(const struct mli_source *source, const char *text, size_t len)
{
    size_t max = source->csv.max_field;

    if (len > RECORD_MAX)
        return true;
    const char *last = len > max ? memrchr(text, quote_of(source), len) : NULL;
    return last && (size_t)(text + len - last) > max + 1 &&
           mli_bytes_count(text, len, quote_of(source)) % 2 == 1;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool make_room(struct mli_source_text *text, size_t bytes)
{
    char *data;

    if (text->capacity >= bytes)
        return true;
    data = mli_realloc(text->data, bytes + MLI_SOURCE_ROOM, 1);
    if (!data)
        return false;
    text->data = data;
    text->capacity = bytes;
    return true;
}

/* The memory that one long record took is given back. */
static void trim(const struct mli_source *source, struct mli_source_text *text)
{
    if (text->capacity / SHRINK <= source->size || source->carried > source->size)
        return;
    free(text->data);
    text->data = NULL;
    text->capacity = 0;
}

/* A pipe makes a pause: the records that it has given are not kept waiting for more. */
static bool is_enough(const struct mli_source *source, const struct mli_source_text *text)
{
    return mli_csv_waits(source->reader) && find_cut(text->data, text->len, quote_of(source)) > 0;
}

/* Reads until the text has `bytes` bytes, the file ends or makes a pause behind a record. */
static enum ml_status read_up_to(struct mli_source *source, struct mli_source_text *text, size_t bytes,
                                 struct ml_error *err)
{
    if (!make_room(text, bytes))
        return out_of_memory(source, err);
    while (text->len < bytes && !source->ended) {
        size_t got;
        enum ml_status status = mli_csv_read_rest(source->reader, text->data + text->len,
                                                  bytes - text->len, &got, err);
        if (status != ML_OK)
            return status;
        text->len += got;
        source->ended = got == 0;
        if (is_enough(source, text))
            break;
    }
    count_taken(source);
    return ML_OK;
}

static bool carry(struct mli_source *source, struct mli_source_text *text, size_t cut)
{
    size_t rest = text->len - cut;

    if (rest > source->carry_capacity) {
        char *data = mli_realloc(source->carry, rest, 1);
        if (!data)
            return false;
        source->carry = data;
        source->carry_capacity = rest;
    }
    if (rest > 0)
        memcpy(source->carry, text->data + cut, rest);
    source->carried = rest;
    text->len = cut;
    return true;
}

/*
 * A failure to read comes after the records before it, so it waits for the next call. What there is of a record that
 * it cut through is lost.
 */
static enum ml_status fill(struct mli_source *source, struct mli_source_text *text,
                           struct ml_error *err)
{
    size_t wanted = source->size, cut;
    char quote = quote_of(source);

    trim(source, text);
    while (wanted <= source->carried)
        wanted *= 2;
    if (!make_room(text, wanted))
        return out_of_memory(source, err);
    if (source->carried > 0)
        memcpy(text->data, source->carry, source->carried);
    text->len = source->carried;
    for (;; wanted *= 2) {
        source->status = read_up_to(source, text, wanted, &source->err);
        cut = source->ended ? text->len : find_cut(text->data, text->len, quote);
        if (cut > 0 || source->ended || source->status != ML_OK)
            break;
        source->broken = is_hopeless(source, text->data, text->len);
        if (source->broken) {
            cut = text->len;
            break;
        }
    }
    if (!carry(source, text, cut))
        return out_of_memory(source, err);
    text->first_line = source->line;
    source->line += mli_bytes_lines(text->data, text->len);
    return ML_OK;
}

static enum ml_status said_before(struct mli_source *source, struct ml_error *err)
{
    if (source->status != ML_OK) {
        if (err && err->status == ML_OK)
            *err = source->err;
        return source->status;
    }
    return ml_error_at(err, ML_EDATA, source->file[source->reached].name, source->line, 0,
                       "a record of more than 256 MiB; is there a quote that is not closed?");
}

enum ml_status mli_source_next(struct mli_source *source, struct mli_source_text *text, bool *more,
                               struct ml_error *err)
{
    enum ml_status status = ML_OK;

    *more = true;
    text->len = 0;
    text->reader = NULL;
    while (status == ML_OK && text->len == 0) {
        if (source->status != ML_OK || source->broken)
            return said_before(source, err);
        if (source->ended && source->carried == 0 && source->reached + 1 == source->files) {
            *more = false;
            return mli_csv_end(source->reader, err);
        }
        if (source->ended && source->carried == 0)
            status = next_file(source, err);
        text->file = source->reached;
        if (status == ML_OK && source->whole) {
            text->reader = source->reader;
            text->len = source->size;
        } else if (status == ML_OK) {
            status = fill(source, text, err);
        }
    }
    return status;
}

void mli_source_end_file(struct mli_source *source)
{
    source->ended = true;
    count_taken(source);
}
