#include <net/activation.h>

enum ml_status mli_activation_parse(struct mli_layer *layer, const char *arguments,
                                    struct ml_error *err)
{
    if (arguments[0] != '\0')
        return ml_error_set(err, ML_EUSAGE, "%s takes no arguments, found \"%.64s\"",
                            layer->kind->name, arguments);
    layer->outputs = layer->inputs;
    return ML_OK;
}
