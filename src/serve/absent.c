#include <serve/absent.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LISTED ((size_t)300) /* bytes of names that are listed */
#define SHOWN 128            /* bytes of a name or path that is shown */

static int cut(size_t n)
{
    return n < SHOWN ? (int)n : SHOWN;
}

void mli_absent_path(struct mli_reply *reply, const char *method, const char *path, size_t len, const char *allow)
{
    if (allow)
        mli_reply_error(reply, 405, "%.16s is not for %.*s, which takes %s", method, cut(len), path, allow);
    else if (len > 4 && strncasecmp(path, "/v1/", 4) == 0)
        mli_reply_error(reply, 400, "Malformed request: %.16s %.*s", method, cut(len), path);
    else
        mli_reply_error(reply, 404, "there is nothing at %.*s; POST /predict is what most come for", cut(len), path);
}

/* ---- models ------------------------------------------------------------------------------------------------------ */

/* One more name of a list; false: the list is full. */
static bool add_name(char list[LISTED], const char *name)
{
    size_t n = strlen(list);
    bool fits = n + strlen(name) + 8 < LISTED;

    snprintf(list + n, LISTED - n, "%s%s", n > 0 ? ", " : "", fits ? name : "...");
    return fits;
}

static void list_models(const struct mli_registry *registry, char list[LISTED])
{
    list[0] = '\0';
    for (size_t i = 0; (i = mli_registry_next(registry, i)) != MLI_NO_PLACE; i++) {
        if (!add_name(list, registry->lineup[i].name))
            return;
    }
}

static void list_versions(const struct mli_registry *registry, const struct mli_lineup *lineup, char list[LISTED])
{
    list[0] = '\0';
    for (size_t i = lineup->first; i < lineup->first + lineup->count; i++) {
        if (registry->version[i].served && !add_name(list, registry->version[i].version))
            return;
    }
}

/* Why a version that is known is not served; NULL: it is not known. version NULL: the newest. */
static const char *reason_of(const struct mli_registry *registry, const struct mli_lineup *lineup, const char *version, size_t len)
{
    for (size_t i = lineup->first; i < lineup->first + lineup->count; i++) {
        const struct mli_version *at = &registry->version[i];
        if (!version || (strlen(at->version) == len && memcmp(at->version, version, len) == 0))
            return at->served ? NULL : at->reason;
    }
    return NULL;
}

static void miss_model(struct mli_reply *reply, const struct mli_registry *registry, const struct mli_match *match)
{
    char list[LISTED];

    list_models(registry, list);
    if (match->name)
        mli_reply_error(reply, 404, "no model \"%.*s\" is served here; %s%s", cut(match->name_len), match->name,
                        *list ? "there is " : "none is", list);
    else
        mli_reply_error(reply, 404, "no model is served here, yet");
}

static void miss_version(struct mli_reply *reply, const struct mli_registry *registry, const struct mli_lineup *lineup,
                         const struct mli_match *match)
{
    const char *wanted = match->label ? match->label : match->version;
    size_t len = match->label ? match->label_len : match->version_len;
    const char *reason = match->label ? NULL : reason_of(registry, lineup, wanted, len);
    char list[LISTED], what[SHOWN + 24] = "model";

    list_versions(registry, lineup, list);
    if (wanted)
        snprintf(what, sizeof(what), "%s \"%.*s\" of", match->label ? "label" : "version", cut(len), wanted);
    mli_reply_error(reply, 404, "no %s %s is served here%s%.300s%s%s", what, lineup->name, reason ? ": " : "",
                    reason ? reason : "", *list ? "; there is version " : reason ? "" : "; no version of it is", list);
}

/* TensorFlow Serving's words. */
static void miss_servable(struct mli_reply *reply, const struct mli_match *match)
{
    if (match->label)
        mli_reply_error(reply, 404, "Unrecognized servable version label: %.*s", cut(match->label_len), match->label);
    else if (match->version)
        mli_reply_error(reply, 404, "Servable not found for request: Specific(%.*s, %.*s)", cut(match->name_len), match->name,
                        cut(match->version_len), match->version);
    else
        mli_reply_error(reply, 404, "Servable not found for request: Latest(%.*s)", cut(match->name_len), match->name);
}

void mli_absent_model(struct mli_reply *reply, const struct mli_registry *registry, const struct mli_match *match)
{
    const struct mli_lineup *lineup = mli_registry_lineup(registry, match->name, match->name_len);

    if (match->name && strncmp(match->route->path, "/v1/models", 10) == 0)
        miss_servable(reply, match);
    else if (lineup && match->name)
        miss_version(reply, registry, lineup, match);
    else
        miss_model(reply, registry, match);
}
