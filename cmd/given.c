#include <cmd/given.h>

#include <base/mem.h>
#include <cmd/cmd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool takes_value(const struct poptOption *option)
{
    return (option->argInfo & POPT_ARG_MASK) != POPT_ARG_NONE;
}

struct list {
    char **entry;
    size_t count, capacity;
    const char *const *but;
    bool failed;
};

static bool is_left_out(const struct list *list, const char *name)
{
    for (const char *const *but = list->but; *but; but++)
        if (strcmp(*but, name) == 0)
            return true;
    return false;
}

static void add(struct list *list, const struct poptOption *option, const char *value)
{
    if (list->failed || is_left_out(list, option->longName))
        return;
    size_t n = strlen(option->longName) + (value ? strlen(value) : 0) + sizeof "--=";
    char *text = mli_alloc(n, 1);
    if (!text || !mli_grow((void **)&list->entry, &list->capacity, list->count, sizeof *list->entry)) {
        free(text);
        list->failed = true;
        return;
    }
    snprintf(text, n, "--%s%s%s", option->longName, value ? "=" : "", value ? value : "");
    list->entry[list->count++] = text;
}

/* "-t price", "-tprice", "-qv": how many of the next arguments were taken. */
static int take_letters(struct list *list, const struct poptOption *options, const char *letters, const char *next)
{
    for (; *letters; letters++) {
        const struct poptOption *option = cmd_option_find(options, NULL, 0, *letters);
        if (!option)
            return 0;
        if (!takes_value(option)) {
            add(list, option, NULL);
            continue;
        }
        const char *value = letters[1] == '=' ? letters + 2 : letters[1] ? letters + 1 : next;
        if (value)
            add(list, option, value);
        return value == next;
    }
    return 0;
}

static int take_name(struct list *list, const struct poptOption *options, const char *name, const char *next)
{
    const char *equals = strchr(name, '=');
    const struct poptOption *option = cmd_option_find(options, name, equals ? (size_t)(equals - name) : strlen(name), '\0');
    if (!option)
        return 0;
    const char *value = !takes_value(option) ? NULL : equals ? equals + 1 : next;
    add(list, option, value);
    return value && value == next;
}

/* Insertion: there are few, and those of one name keep their order. */
static void sort(struct list *list)
{
    for (size_t i = 1; i < list->count; i++) {
        char *entry = list->entry[i];
        size_t n = strcspn(entry, "="), at = i;
        for (; at > 0; at--) {
            const char *before = list->entry[at - 1];
            size_t length = strcspn(before, "=");
            int order = strncmp(before, entry, n < length ? n : length);
            if (order < 0 || (order == 0 && length <= n))
                break;
            list->entry[at] = list->entry[at - 1];
        }
        list->entry[at] = entry;
    }
}

char **cmd_given(const struct poptOption *options, int argc, const char **argv, const char *const *but)
{
    struct list list = { .but = but };
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (strncmp(argv[i], "--", 2) == 0)
            i += take_name(&list, options, argv[i] + 2, next);
        else if (argv[i][0] == '-' && argv[i][1])
            i += take_letters(&list, options, argv[i] + 1, next);
    }
    sort(&list);
    if (!list.failed && mli_grow((void **)&list.entry, &list.capacity, list.count, sizeof *list.entry)) {
        list.entry[list.count] = NULL;
        return list.entry;
    }
    for (size_t i = 0; i < list.count; i++)
        free(list.entry[i]);
    free(list.entry);
    return NULL;
}
