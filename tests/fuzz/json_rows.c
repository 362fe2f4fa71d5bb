/*
 * Any bytes as the JSON body of POST /predict. The reader scans it in place; jansson makes a tree. What one takes the
 * other must take, but for the limits and a name that comes twice, which is refused of a column alone; the rows and the
 * faults must be as many, and every row must give the same prediction alone as among the others. What is read in one go
 * (lane.h) must be there for the scan, too, number for number.
 */
#include <serve/catalog.h>
#include <serve/json_rows.h>
#include <serve/lane.h>
#include <stdint.h>
#include <tests/unit/serve_sample.h>

#define MAX_ROWS ((size_t)600) /* more than two blocks */
#define MAX_DEPTH ((size_t)8)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct predictions {
    double p[MAX_ROWS][2];
    size_t rows;
};

static struct mli_worker worker;

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void make_worker(void)
{
    struct ml_error err = ML_ERROR_INIT;

    static struct mli_catalog *catalog;

    sample_need(mli_catalog_of(sample_people(), "people", "1", 1, &catalog, &err) == ML_OK, &err);
    mli_worker_init(&worker, 0);
    sample_need(mli_catalog_attach(catalog, &worker, 1, &err) == ML_OK, &err);
    sample_need(mli_worker_sit(&worker, mli_worker_take(&worker), 0, &err) == ML_OK, &err);
}

static void keep(void *data, const double *P, size_t n)
{
    struct predictions *out = data;

    require(out->rows + n <= MAX_ROWS, "more predictions than rows");
    memcpy(out->p[out->rows], P, n * sizeof(out->p[0]));
    out->rows += n;
}

static enum ml_status read_rows(const char *text, size_t len, struct mli_intake *intake,
                                struct predictions *out, struct ml_error *err)
{
    mli_intake_init(intake, &worker, MAX_ROWS);
    intake->emit = keep;
    intake->data = out;
    out->rows = 0;
    return mli_json_rows(text, len, MAX_DEPTH, intake, err);
}

static size_t depth_of(const json_t *value)
{
    const char *key;
    json_t *item;
    size_t i, deepest = 0;

    if (!json_is_object(value) && !json_is_array(value))
        return 0;
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
    {
        size_t depth = depth_of(item);
        deepest = depth > deepest ? depth : deepest;
    }
    json_array_foreach(value, i, item)
    {
        size_t depth = depth_of(item);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

/* Whether jansson's document is one that the reader should take. */
static bool is_rows(const json_t *doc)
{
    size_t i;
    json_t *row;

    if (!doc || depth_of(doc) > MAX_DEPTH)
        return false;
    if (json_is_object(doc))
        return true;
    json_array_foreach(doc, i, row)
    {
        if (!json_is_object(row))
            return false;
    }
    return json_array_size(doc) > 0 && json_array_size(doc) <= MAX_ROWS;
}

static size_t rows_of(const json_t *doc)
{
    return json_is_array(doc) ? json_array_size(doc) : 1;
}

/* A text in base64, which may be one or not. */
static bool is_b64(const json_t *value)
{
    return json_object_size(value) == 1 && json_is_string(json_object_get(value, "b64"));
}

/* The columns that a row surely gets wrong: absent, of a type that no column takes, or a string for the number. */
static size_t sure_faults(const json_t *row)
{
    const struct mli_schema *schema = worker.desk->schema;
    size_t faults = 0;

    for (size_t i = 0; i < schema->count; i++) {
        const json_t *value = json_object_get(row, schema->field[i].name);
        faults += !value || json_is_array(value) || (json_is_object(value) && !is_b64(value)) ||
                  (schema->field[i].type == ML_TYPE_NUMBER && json_is_string(value));
    }
    return faults;
}

static void check_alone(const json_t *row, const double *expected)
{
    struct predictions alone;
    struct mli_intake intake;
    char *text = json_dumps(row, JSON_REAL_PRECISION(17) | JSON_COMPACT);

    require(text != NULL, "memory");
    require(read_rows(text, strlen(text), &intake, &alone, NULL) == ML_OK, "a row that is alone");
    require(intake.faults == 0 && alone.rows == 1, "the faults of a row that is alone");
    require(memcmp(alone.p[0], expected, sizeof(alone.p[0])) == 0,
            "the prediction of a row that is alone");
    free(text);
}

static void check_taken(const json_t *doc, const struct mli_intake *intake,
                        const struct predictions *out)
{
    size_t rows = rows_of(doc), faults = 0;

    require(is_rows(doc), "the reader took what jansson does not");
    require(intake->rows == rows && intake->many == json_is_array(doc), "the number of rows");
    for (size_t i = 0; i < rows; i++)
        faults += sure_faults(json_is_array(doc) ? json_array_get(doc, i) : doc);
    require(intake->faults >= faults, "the number of faults");
    if (intake->faults > 0)
        return;
    require(out->rows == rows, "the number of predictions");
    for (size_t i = 0; i < rows; i += 1 + rows / 4)
        check_alone(json_is_array(doc) ? json_array_get(doc, i) : doc, out->p[i]);
}

/* By place in an array, by name in an object of "a", "b" and so on, the last one longer than a word. */
static void check_lane(const char *text, size_t len)
{
    static char names[][16] = { "\"a\"", "\"b\"", "\"c\"", "\"longer_name\"" };
    enum { NAMES = sizeof(names) / sizeof(names[0]) };
    struct mli_scan lane = mli_scan_of(text, len, MAX_DEPTH), scan;
    double cell[NAMES], *to[NAMES], value;
    struct mli_key_text key[NAMES];
    struct mli_scan_text name;

    for (size_t i = 0; i < NAMES; i++) {
        key[i] = mli_key_text_of(names[i], strlen(names[i]));
        to[i] = &cell[i];
    }
    bool named = mli_scan_peek(&lane) == '{';
    if (!mli_scan_open(&lane, named ? '{' : '['))
        return;
    scan = lane;
    size_t n = mli_lane_read(&lane, named ? key : NULL, NAMES, to, 0);
    for (size_t i = 0; i < n; i++) {
        require(named ? mli_scan_member(&scan, &name) && name.len + 2 == key[i].len && memcmp(name.at, names[i] + 1, name.len) == 0
                      : mli_scan_item(&scan),
                "the lane went on without a member");
        require(mli_scan_number(&scan, &value) && memcmp(&value, &cell[i], sizeof(value)) == 0,
                "the lane read another number");
    }
    require(lane.at == scan.at && lane.fresh == scan.fresh, "the lane went too far");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const size_t flags = JSON_DECODE_INT_AS_REAL;
    static struct predictions out;
    struct ml_error err = ML_ERROR_INIT;
    struct mli_intake intake;
    json_error_t problem;
    json_t *once;

    if (!worker.desk)
        make_worker();
    check_lane((const char *)bytes, n);
    enum ml_status status = read_rows((const char *)bytes, n, &intake, &out, &err);
    require((status == ML_OK) == (err.text[0] == '\0'),
            "an error without a text, or a text without an error");
    require(status == ML_OK || status == ML_EDATA || status == ML_ELIMIT, "the status of an error");
    json_t *doc =
        memchr(bytes, '\0', n) ? NULL : json_loadb((const char *)bytes, n, flags, &problem);
    once = doc ? json_loadb((const char *)bytes, n, flags | JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (status == ML_OK)
        check_taken(doc, &intake, &out);
    else if (status == ML_EDATA)
        require(!is_rows(once), "the reader refused what jansson takes");
    json_decref(once);
    json_decref(doc);
    return 0;
}
