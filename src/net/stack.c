#include <net/stack.h>

#include <base/num.h>
#include <base/suggest.h>
#include <net/network.h>
#include <string.h>

#define ACTIVATIONS_MAX 16

static enum ml_status check_activation(const char *name, struct ml_error *err)
{
    size_t kinds, n = 0;
    const struct mli_layer_kind *const *kind = mli_layer_kinds(&kinds);
    const char *names[ACTIVATIONS_MAX];
    struct mli_buf list;

    mli_buf_init(&list, 512);
    for (size_t i = 0; i < kinds && n < ACTIVATIONS_MAX; i++) {
        if (!kind[i]->pointwise || kind[i]->drops)
            continue;
        mli_buf_printf(&list, "%s%s", n ? ", " : "", kind[i]->name);
        names[n++] = kind[i]->name;
    }
    size_t near = mli_suggest(name, names, n), found = 0;
    while (found < n && strcmp(name, names[found]) != 0)
        found++;
    enum ml_status status = ML_OK;
    if (found == n && near < n)
        status = ml_error_set(err, ML_EUSAGE, "--activation: no \"%.64s\"; did you mean \"%s\"?", name, names[near]);
    else if (found == n)
        status = ml_error_set(err, ML_EUSAGE, "--activation: no \"%.64s\"; expected one of: %s", name,
                              list.data ? list.data : names[0]);
    mli_buf_release(&list);
    return status;
}

/* Units of the hidden layer that starts at text[*at], which moves behind the comma or to the end. */
static enum ml_status read_units(const char *text, size_t *at, size_t *units, struct ml_error *err)
{
    size_t first = *at + strspn(text + *at, " "), end = first + strcspn(text + first, ","), last = end;

    while (last > first && text[last - 1] == ' ')
        last--;
    if (!mli_num_parse_size(text + first, last - first, units) || *units == 0)
        return ml_error_set(err, ML_EUSAGE,
                            "--hidden: column %zu: expected a whole number of units of at least 1, found \"%.*s\"; "
                            "for example 128,64",
                            first + 1, (int)(last - first < 64 ? last - first : 64), text + first);
    if (*units > MLI_UNITS_MAX)
        return ml_error_set(err, ML_ELIMIT, "--hidden: column %zu: %zu units are over the limit of %zu", first + 1, *units,
                            MLI_UNITS_MAX);
    *at = end + (text[end] == ',');
    if (text[end] == ',' && text[*at] == '\0')
        return ml_error_set(err, ML_EUSAGE, "--hidden: column %zu: a number of units is missing behind the comma",
                            *at + 1);
    return ML_OK;
}

enum ml_status mli_stack_spec(const struct mli_stack *stack, size_t outputs, struct mli_buf *out,
                              struct ml_error *err)
{
    char dropout[MLI_NUM_MAX];
    enum ml_status status = check_activation(stack->activation, err);

    if (status == ML_OK && !(stack->dropout >= 0 && stack->dropout < 1))
        status = ml_error_set(err, ML_EUSAGE, "--dropout %g is out of range: it must be from 0 to below 1", stack->dropout);
    mli_num_format(stack->dropout, dropout);
    size_t at = 0, units;
    do {
        if (status == ML_OK)
            status = read_units(stack->hidden, &at, &units, err);
        if (status != ML_OK)
            return status;
        mli_buf_printf(out, "dense %zu, %s%s, ", units, stack->batch_norm ? "batch_norm, " : "", stack->activation);
        if (stack->dropout > 0)
            mli_buf_printf(out, "dropout %s, ", dropout);
    } while (stack->hidden[at] != '\0');
    mli_buf_printf(out, "dense %zu", outputs);
    return out->status == ML_OK ? ML_OK : ml_error_set(err, out->status, "--hidden has too many layers");
}
