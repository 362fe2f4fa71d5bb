#include <serve/v2_inference.h>

#include <stdlib.h>
#include <string.h>

struct ranked {
    double value;
    size_t index;
};

/* The largest first, of equal ones the first. */
static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return x->index < y->index ? -1 : 1;
}

/* "0.88:0:no"; a number that is no class's has no label. */
static void write_text(struct mli_buf *text, const struct mli_output *output, const struct ranked *at)
{
    mli_buf_reset(text);
    mli_buf_number(text, at->value);
    mli_buf_printf(text, ":%zu", at->index);
    if (output->target->classes > 0)
        mli_buf_printf(text, ":%s", output->target->label[at->index]);
}

static void add_text(const struct mli_buf *text, bool binary, struct mli_buf *out)
{
    if (!binary) {
        mli_buf_json_string(out, text->data, text->len);
        return;
    }
    for (size_t i = 0; i < 4; i++)
        mli_buf_char(out, (char)(text->len >> 8 * i));
    mli_buf_add(out, text->data, text->len);
}

void mli_v2_classes(struct mli_v2_inference *in, const struct mli_v2_output *chosen, const double *p, struct mli_buf *out)
{
    const struct mli_output *output = chosen->of;
    struct mli_buf *text = &in->worker->text;
    struct mli_arena_mark mark = mli_arena_mark(&in->worker->request);
    struct ranked *rank = mli_arena_alloc(&in->worker->request, output->width, sizeof(*rank));

    for (size_t k = 0; rank && k < output->width; k++)
        rank[k] = (struct ranked){ p[output->first + k], k };
    if (rank)
        qsort(rank, output->width, sizeof(*rank), by_value);
    for (size_t k = 0; rank && k < chosen->classes; k++) {
        if (k > 0 && !chosen->binary)
            mli_buf_char(out, ',');
        write_text(text, output, &rank[k]);
        if (text->status == ML_OK)
            add_text(text, chosen->binary, out);
        else if (out->status == ML_OK)
            out->status = text->status;
    }
    if (!rank && out->status == ML_OK)
        out->status = ML_ENOMEM;
    mli_arena_rewind(&in->worker->request, mark);
}
