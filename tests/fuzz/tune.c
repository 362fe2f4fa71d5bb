/*
 * What a search reads from outside. The first line of the bytes is a space: parsed or refused in a line that names the
 * column, and what is parsed gives values that can be set. The rest is a log of trials: whole lines are passed over or
 * taken, and what is taken is found again.
 */
#include <fit/space.h>
#include <fit/triallog.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_value(json_t *value, const struct mli_space *space, struct mli_arena *arena)
{
    struct ml_fit_config config = ML_FIT_CONFIG_INIT;
    json_t *settings = json_object();

    if (!mli_json_put(settings, space->knob.name, value) || mli_knobs_put(settings, arena, &config, NULL) == ML_ENOMEM)
        abort();
    json_decref(settings);
}

static void check_space(const char *text)
{
    struct mli_arena arena = MLI_ARENA_INIT;
    struct mli_space space;
    struct ml_error err = ML_ERROR_INIT;
    enum ml_status status = mli_space_parse(text, &arena, &space, &err);

    if (status == ML_OK) {
        size_t n = mli_space_points(&space);
        set_value(mli_space_point(&space, 0), &space, &arena);
        set_value(mli_space_point(&space, n - 1), &space, &arena);
        set_value(mli_space_draw(&space, 1, n), &space, &arena);
    } else if (status != ML_EUSAGE || !strstr(err.text, "column")) {
        abort();
    }
    mli_arena_release(&arena);
}

static void check_log(const char *bytes, size_t n)
{
    struct mli_triallog_text text;
    const char *key;
    json_t *line;

    if (mli_triallog_parse(bytes, n, "id", 2, &text, NULL) != ML_OK || text.whole > n)
        abort();
    if (text.whole < n && memchr(bytes + text.whole, '\n', n - text.whole))
        abort();
    json_object_foreach(text.lines, key, line) {
        if (!json_is_object(json_object_get(line, "settings")) ||
            (!json_object_get(line, "scores") && !json_object_get(line, "failed")))
            abort();
    }
    json_decref(text.lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data, *end = size ? memchr(bytes, '\n', size) : NULL;
    size_t first = end ? (size_t)(end - bytes) : size;
    char *text = malloc(first + 1);

    if (!text)
        return 0;
    memcpy(text, bytes, first);
    text[first] = '\0';
    check_space(text);
    free(text);
    if (end)
        check_log(end + 1, size - first - 1);
    return 0;
}
