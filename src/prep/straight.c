/* Which slots go from the table to their feature in a straight line, and by what numbers. */
#include <prep/inside.h>

#include <base/mem.h>
#include <math.h>
#include <stdlib.h>

/* Those that are numbers of the table and still are when all steps have run. */
static void begin(const struct mli_frame *frame, struct mli_line *line)
{
    for (size_t s = 0; s < frame->count; s++)
        line[s] = (struct mli_line){
            .straight = s < frame->schema->count && frame->slot[s].live && frame->slot[s].kind == MLI_SLOT_NUMBER,
            .fill = NAN,
            .scale = 1,
        };
}

static void follow_step(const struct mli_step *step, struct mli_line *line)
{
    size_t count = 0;
    const size_t *slot = step->kind->numbers ? step->kind->numbers(step->state, &count) : NULL;

    for (size_t k = 0; k < count; k++)
        line[slot[k]].straight = false;
    if (step->kind == &mli_impute_step) {
        const struct mli_imputer *imputer = step->state;
        for (size_t k = 0; k < imputer->count; k++)
            line[imputer->slot[k]].fill = imputer->value[k];
    } else if (step->kind == &mli_scale_step) {
        const struct mli_scaler *scaler = step->state;
        for (size_t k = 0; k < scaler->count; k++) {
            line[scaler->slot[k]].shift = scaler->shift[k];
            line[scaler->slot[k]].scale = scaler->scale[k];
        }
    }
}

enum ml_status mli_pipeline_straighten(struct mli_pipeline *pipeline, struct ml_error *err)
{
    pipeline->line = mli_alloc(pipeline->frame.count, sizeof(*pipeline->line));
    if (!pipeline->line)
        return mli_step_nomem(err);
    begin(&pipeline->frame, pipeline->line);
    for (size_t i = 0; i < pipeline->steps; i++)
        follow_step(&pipeline->step[i], pipeline->line);
    pipeline->straight = true;
    for (size_t s = 0; s < pipeline->frame.count; s++)
        pipeline->straight = pipeline->straight && pipeline->line[s].straight;
    return ML_OK;
}
