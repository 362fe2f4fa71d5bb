/* ml_split: a plan of which columns decide, a table of these, a part for each row, and a copy of the rows by part. */
#include <mlctl/split.h>

#include <base/file.h>
#include <base/mem.h>
#include <fit/target.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <table/csv.h>
#include <table/duplicates.h>
#include <table/header.h>
#include <table/split.h>
#include <table/write.h>

enum { LEFT_OUT = 0xFF };

struct job {
    const char *const *paths;
    size_t files;
    struct stat *before; /* of the files, when it began */
    const struct ml_split_config *config;
    struct ml_read_options read;
    struct mli_split split;
    struct mli_dict *header;
    uint8_t *drop;         /* one a column of the file: not written */
    const char **unneeded; /* names of columns that decide nothing */
    struct ml_table *table; /* the others, */
    struct ml_table *once; /* less the duplicates */
    int32_t *classes;      /* of `once` */
    size_t *groups;
    uint8_t *part; /* one a row of the file, LEFT_OUT for a duplicate */
    struct ml_split_report report;
};

static enum ml_status no_memory(struct ml_error *err)
{
    return ml_error_set(err, ML_ENOMEM, "out of memory");
}

static void job_release(struct job *job)
{
    free(job->before);
    mli_dict_free(job->header);
    free(job->drop);
    free(job->unneeded);
    if (job->once != job->table)
        ml_table_free(job->once);
    ml_table_free(job->table);
    free(job->classes);
    free(job->groups);
    free(job->part);
}

/* ---- which columns decide ---- */

static bool is_random(const struct job *job)
{
    return job->split.kind == MLI_SPLIT_RANDOM;
}

static enum ml_status check(struct job *job, size_t n, struct ml_error *err)
{
    const struct ml_split_config *c = job->config;
    const char *text = c->split ? c->split : "random:0.2";
    enum ml_status status = mli_split_parse(text, &job->split, err);
    if (status)
        return status;
    job->report.parts = mli_split_parts(&job->split);
    if (job->report.parts < 2)
        return ml_error_set(err, ML_EUSAGE, "--split %s makes one file, which there is already", text);
    if (job->report.parts != n)
        return ml_error_set(err, ML_EUSAGE,
                            "--split %s makes %zu files, -o names %zu; random, last and time take a share for each file after the first: random:0.2,0.1",
                            text, job->report.parts, n);
    if (!is_random(job) && (c->stratify || c->group))
        return ml_error_set(err, ML_EUSAGE, "--%s goes with --split random:F, not with %s",
                            c->stratify ? "stratify" : "group", text);
    if (c->stratify && c->unstratified)
        return ml_error_set(err, ML_EUSAGE, "--stratify and --no-stratify exclude each other");
    return ML_OK;
}

/* Two passes need files that can be read twice, and that are the same then. */
static enum ml_status check_files(struct job *job, struct ml_error *err)
{
    job->before = mli_calloc(job->files, sizeof *job->before);
    if (!job->before)
        return no_memory(err);
    for (size_t i = 0; i < job->files; i++) {
        const char *path = job->paths[i];
        struct stat *st = &job->before[i];
        if (strcmp(path, "-") == 0 || (stat(path, st) == 0 && !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)))
            return ml_error_set(err, ML_EUSAGE, "%s cannot be read twice, as a split does; write it to a file first",
                                strcmp(path, "-") ? path : "standard input");
    }
    return ML_OK;
}

static enum ml_status mark_column(const struct mli_csv *csv, const struct job *job, const char *option,
                                  const char *name, uint8_t *marks, struct ml_error *err)
{
    size_t column;
    enum ml_status status = mli_header_find(mli_csv_source(csv), job->header, name, ML_EUSAGE, option, &column, err);
    if (!status)
        marks[column] = 1;
    return status;
}

/* The last column that is not dropped. */
static void mark_last(const struct job *job, uint8_t *marks)
{
    size_t last = mli_dict_count(job->header);
    while (last > 0 && job->drop[last - 1])
        last--;
    if (last > 0)
        marks[last - 1] = 1;
}

static enum ml_status mark_needed(const struct mli_csv *csv, const struct job *job, uint8_t *needed,
                                  struct ml_error *err)
{
    const struct ml_split_config *c = job->config;
    const struct ml_read_options *read = &job->read;
    enum ml_status status = ML_OK;
    for (size_t i = 0; !status && read->drop && read->drop[i]; i++)
        status = mark_column(csv, job, "--drop-columns: ", read->drop[i], job->drop, err);
    if (!status && job->split.column[0])
        status = mark_column(csv, job, "--split: ", job->split.column, needed, err);
    if (!status && c->group)
        status = mark_column(csv, job, "--group: ", c->group, needed, err);
    if (!status && c->stratify)
        status = mark_column(csv, job, "--stratify: ", c->stratify, needed, err);
    else if (!status && c->target)
        status = mark_column(csv, job, "--target: ", c->target, needed, err);
    if (!status && !c->target)
        mark_last(job, needed);
    for (size_t i = 0; i < mli_dict_count(job->header) && c->dedupe; i++)
        needed[i] |= !job->drop[i];
    return status;
}

/* Reads the header and says which columns the table is to leave out: a split of a wide file needs few. */
static enum ml_status plan_columns(struct job *job, struct ml_error *err)
{
    struct mli_input *input = NULL;
    struct mli_csv *csv = NULL;
    uint8_t *needed = NULL;
    enum ml_status status = mli_input_open(job->paths[0], &input, err);
    if (!status)
        status = mli_csv_open(input, &job->read.csv, &csv, err);
    if (!status)
        status = mli_header_read(csv, NULL, &job->header, err);
    size_t columns = status ? 0 : mli_dict_count(job->header), n = 0;
    if (!status) {
        needed = mli_calloc(columns, 1);
        job->drop = mli_calloc(columns, 1);
        job->unneeded = mli_calloc(columns + 1, sizeof *job->unneeded);
        status = needed && job->drop && job->unneeded ? mark_needed(csv, job, needed, err) : no_memory(err);
    }
    for (size_t i = 0; i < columns && !status; i++)
        if (!needed[i])
            job->unneeded[n++] = mli_dict_text(job->header, i);
    job->read.drop = job->unneeded;
    free(needed);
    mli_csv_close(csv);
    return status;
}

/* ---- which part a row belongs to ---- */

/* Twins are told apart by the columns that are written: one that is read for the split alone does not count. */
static enum ml_status leave_duplicates_out(struct job *job, struct ml_error *err)
{
    const struct ml_table *table = job->table;
    size_t n = 0, *columns = mli_alloc(table->columns, sizeof *columns);
    uint8_t *keep = mli_calloc(table->rows, 1);
    enum ml_status status = columns && keep ? ML_OK : no_memory(err);
    for (size_t j = 0; !status && j < table->columns; j++) {
        const char *name = table->column[j].name;
        if (!job->drop[mli_dict_find(job->header, name, strlen(name))])
            columns[n++] = j;
    }
    if (!status)
        status = mli_duplicates_mark(table, columns, n, keep, &job->report.duplicates, err);
    for (size_t i = 0; !status && i < table->rows; i++) {
        job->part[i] = keep[i] ? LEFT_OUT : 0;
        keep[i] = !keep[i];
    }
    if (!status && job->report.duplicates)
        status = mli_table_filter(table, keep, &job->once, err);
    free(columns);
    free(keep);
    return status;
}

struct value {
    double number;
    size_t id;
};

static int compare_values(const void *a, const void *b)
{
    const struct value *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Ranks of a number column's values, as a target's classes are numbered; missing is the last. */
static enum ml_status rank_numbers(const struct mli_column *column, size_t rows, const size_t *id,
                                   size_t distinct, int32_t *classes, struct ml_error *err)
{
    struct value *value = mli_calloc(distinct, sizeof *value);
    int32_t *rank = mli_calloc(distinct, sizeof *rank);
    enum ml_status status = value && rank ? ML_OK : no_memory(err);
    for (size_t i = 0; !status && i < rows; i++)
        value[id[i]] = (struct value){ isnan(column->number[i]) ? INFINITY : column->number[i], id[i] };
    if (!status)
        qsort(value, distinct, sizeof *value, compare_values);
    for (size_t k = 0; !status && k < distinct; k++)
        rank[value[k].id] = (int32_t)k;
    for (size_t i = 0; !status && i < rows; i++)
        classes[i] = rank[id[i]];
    free(rank);
    free(value);
    return status;
}

static bool is_missing(const struct mli_column *column, size_t row)
{
    return column->code ? column->code[row] < 0 : isnan(column->number[row]);
}

static enum ml_status find_classes(struct job *job, size_t at, bool asked, struct ml_error *err)
{
    const struct ml_table *table = job->once;
    const struct mli_column *column = &table->column[at];
    size_t *id = mli_alloc(table->rows, sizeof *id), distinct = 0;
    job->classes = mli_alloc(table->rows, sizeof *job->classes);
    enum ml_status status = id && job->classes ? mli_duplicates_number(table, &at, 1, id, &distinct, err)
                                               : no_memory(err);
    if (!status && asked && distinct > table->rows / 2)
        status = ml_error_at(err, ML_EUSAGE, table->source, 0, 0,
                             "--stratify %s: %zu distinct values in %zu rows are too many to keep the shares of",
                             column->name, distinct, table->rows);
    if (!status && column->number)
        status = rank_numbers(column, table->rows, id, distinct, job->classes, err);
    for (size_t i = 0; !status && column->code && i < table->rows; i++)
        job->classes[i] = column->code[i] < 0 ? (int32_t)mli_dict_count(column->dict) : column->code[i];
    free(id);
    if (status)
        return status;
    for (size_t i = 0; i < table->rows; i++)
        job->report.unlabelled += is_missing(column, i);
    job->report.classes = distinct - (job->report.unlabelled > 0);
    memcpy(job->report.stratified, column->name, strnlen(column->name, sizeof job->report.stratified - 1));
    return ML_OK;
}

/* The column of the classes: the one asked for, or the target if train would take it for a class. */
static enum ml_status stratify(struct job *job, struct ml_error *err)
{
    const struct ml_split_config *c = job->config;
    const char *name = c->stratify ? c->stratify : c->target;
    if (!is_random(job) || c->unstratified)
        return ML_OK;
    size_t column = name ? ml_table_find(job->once, name) : job->once->columns - 1;
    return c->stratify || mli_target_is_class(job->once, column)
               ? find_classes(job, column, c->stratify != NULL, err)
               : ML_OK;
}

static enum ml_status decide(struct job *job, struct ml_error *err)
{
    const struct ml_split_config *c = job->config;
    job->part = mli_calloc(job->table->rows, 1);
    job->once = job->table;
    enum ml_status status = job->part ? ML_OK : no_memory(err);
    if (!status && c->dedupe)
        status = leave_duplicates_out(job, err);
    if (!status)
        status = stratify(job, err);
    size_t n = job->once->rows, column = c->group ? ml_table_find(job->once, c->group) : 0;
    uint8_t *part = mli_calloc(n, 1);
    if (!status && c->group)
        job->groups = mli_alloc(n, sizeof *job->groups);
    if (!status && (!part || (c->group && !job->groups)))
        status = no_memory(err);
    if (!status && c->group)
        status = mli_duplicates_number(job->once, &column, 1, job->groups, &job->report.groups, err);
    const struct mli_split_rows rows = { .n = n,
                                         .classes = job->classes,
                                         .groups = job->groups,
                                         .table = job->once,
                                         .log = c->log };
    if (!status)
        status = mli_split_apply(&job->split, &rows, c->seed, part, err);
    for (size_t row = 0, i = 0; !status && row < job->table->rows; row++)
        if (job->part[row] != LEFT_OUT)
            job->part[row] = part[i++];
    free(part);
    return status;
}

/* ---- writing ---- */

struct sink {
    struct mli_output *out;
    struct mli_buf text;
    struct mli_csv_writer csv;
};

static enum ml_status flush(struct sink *sink, size_t most, struct ml_error *err)
{
    if (sink->text.status)
        return ml_error_set(err, sink->text.status, "out of memory");
    if (sink->text.len <= most)
        return ML_OK;
    enum ml_status status = mli_output_write(sink->out, sink->text.data, sink->text.len, err);
    mli_buf_reset(&sink->text);
    return status;
}

/* order: where the first file's columns are in this one, NULL: in the same place */
static void write_record(const struct job *job, const struct mli_csv_record *record, const size_t *order,
                         struct sink *sink)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct mli_csv_field *field = &record->field[order ? order[i] : i];
        if (!job->drop[i])
            mli_csv_write_text(&sink->csv, field->text, field->len);
    }
    mli_csv_write_end(&sink->csv);
}

static enum ml_status changed(const char *path, struct ml_error *err)
{
    return ml_error_at(err, ML_EDATA, path, 0, 0, "the file changed while it was split");
}

/* The header of every part is the one of the first file, as it stands there: names that repeat have no suffix yet. */
static enum ml_status copy_header(struct job *job, struct mli_csv *csv, struct sink *sink, struct ml_error *err)
{
    struct mli_csv_record record;
    bool no_header = mli_csv_options(csv)->no_header; /* then the parts have none either */
    enum ml_status status = mli_csv_next(csv, &record, err);
    if (!status && record.count != mli_dict_count(job->header))
        return changed(job->paths[0], err);
    for (size_t p = 0; !status && p < job->report.parts; p++) {
        mli_csv_writer_init(&sink[p].csv, &sink[p].text, mli_csv_options(csv)->delimiter);
        if (!no_header)
            write_record(job, &record, NULL, &sink[p]);
    }
    return status ? status : mli_csv_expect(csv, record.count, no_header, err);
}

static enum ml_status match_header(const struct job *job, struct mli_csv *csv, size_t **order, struct ml_error *err)
{
    struct mli_dict *header = NULL;
    size_t columns = mli_dict_count(job->header);
    *order = mli_alloc(columns, sizeof **order);
    enum ml_status status = *order ? mli_header_read(csv, NULL, &header, err) : no_memory(err);
    for (size_t i = 0; i < columns && !status; i++)
        status = mli_header_find(mli_csv_source(csv), header, mli_dict_text(job->header, i), ML_EDATA, "", &(*order)[i], err);
    mli_dict_free(header);
    return status;
}

static enum ml_status copy_rows(struct job *job, const char *path, struct mli_csv *csv, const size_t *order,
                                struct sink *sink, size_t *row, struct ml_error *err)
{
    struct mli_csv_record record;
    enum ml_status status;
    while (!(status = mli_csv_next(csv, &record, err)) && record.count) {
        if (*row == job->table->rows)
            return changed(path, err);
        uint8_t p = job->part[(*row)++];
        if (p == LEFT_OUT)
            continue;
        write_record(job, &record, order, &sink[p]);
        job->report.written[p]++;
        status = flush(&sink[p], 1 << 16, err);
        if (status)
            break;
    }
    return status;
}

static enum ml_status copy_file(struct job *job, size_t file, struct sink *sink, size_t *row, struct ml_error *err)
{
    const char *path = job->paths[file];
    struct ml_csv_options options = job->read.csv;
    struct mli_input *input = NULL;
    struct mli_csv *csv = NULL;
    size_t *order = NULL;
    struct stat now, *before = &job->before[file];
    char sha256[MLI_SHA256_HEX];
    if (options.bad_rows == ML_BAD_ROWS_QUARANTINE)
        options.bad_rows = ML_BAD_ROWS_SKIP; /* the table has put them aside */
    enum ml_status status = mli_input_open(path, &input, err);
    if (!status)
        status = mli_csv_open(input, &options, &csv, err);
    if (!status)
        status = file ? match_header(job, csv, &order, err) : copy_header(job, csv, sink, err);
    if (!status)
        status = copy_rows(job, path, csv, order, sink, row, err);
    if (!status)
        mli_input_sha256(mli_csv_input(csv), sha256);
    if (!status && (stat(path, &now) != 0 || now.st_ino != before->st_ino || now.st_size != before->st_size ||
                    now.st_mtim.tv_sec != before->st_mtim.tv_sec || now.st_mtim.tv_nsec != before->st_mtim.tv_nsec ||
                    (job->files == 1 && strcmp(sha256, job->table->sha256) != 0)))
        status = changed(path, err);
    free(order);
    mli_csv_close(csv);
    return status;
}

static enum ml_status write_files(struct job *job, const char *const *outputs, struct ml_error *err)
{
    struct sink sink[ML_SPLIT_PARTS] = { 0 };
    size_t n = job->report.parts, row = 0;
    enum ml_status status = ML_OK;
    for (size_t p = 0; p < n; p++) {
        mli_buf_init(&sink[p].text, (size_t)1 << 30);
        if (!status)
            status = mli_output_open_packed(outputs[p], &sink[p].out, err);
    }
    for (size_t file = 0; file < job->files && !status; file++)
        status = copy_file(job, file, sink, &row, err);
    if (!status && row != job->table->rows)
        status = changed(job->table->source, err);
    for (size_t p = 0; p < n && !status; p++)
        status = flush(&sink[p], 0, err);
    for (size_t p = 0; p < n && !status; p++) {
        struct mli_output *out = sink[p].out;
        sink[p].out = NULL;
        status = mli_output_commit(out, err);
    }
    for (size_t p = 0; p < n; p++) {
        mli_output_abort(sink[p].out);
        mli_buf_release(&sink[p].text);
    }
    return status;
}

enum ml_status ml_split(const char *const *paths, size_t files, const struct ml_split_config *config,
                        const char *const *outputs, size_t n, struct ml_split_report *report, struct ml_error *err)
{
    static const struct ml_read_options defaults = ML_READ_OPTIONS_INIT;
    struct job job = { .paths = paths, .files = files, .config = config, .read = config->read ? *config->read : defaults };
    job.read.csv.log = NULL; /* what was found out is said once, by the table */
    enum ml_status status = check(&job, n, err);
    if (!status)
        status = check_files(&job, err);
    if (!status)
        status = plan_columns(&job, err);
    if (!status)
        status = ml_table_read_files(paths, files, &job.read, &job.table, err);
    if (!status) {
        job.report.rows = job.table->rows;
        status = decide(&job, err);
    }
    if (!status)
        status = write_files(&job, outputs, err);
    if (!status)
        *report = job.report;
    job_release(&job);
    return status;
}
