/* Rows that a model keeps with its predictions: made, kept, and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <model/selftest.h>
#include <string.h>
#include <tests/unit/heap.h>
#include <tests/unit/model_sample.h>
#include <tests/unit/model_tests.h>

static struct ml_model *tested(enum sample_kind kind)
{
    struct ml_model *model = sample_model(kind, NULL, "");

    assert_int_equal(mli_selftest_check(model, NULL), ML_OK); /* none yet */
    assert_int_equal(mli_selftest_add(model, NULL), ML_OK);
    return model;
}

/* Of every kind, in memory and from a file; the same rows and numbers each time. */
void test_selftest_holds(void **state)
{
    (void)state;

    for (enum sample_kind kind = SAMPLE_REGRESSION; kind < SAMPLES; kind++) {
        struct ml_model *model = tested(kind), *again = tested(kind), *read = NULL;
        json_t *test = json_object_get(model->record, "self_test");
        struct mli_buf bytes = sample_bytes(model);

        assert_int_equal(json_array_size(json_object_get(test, "rows")), 4);
        assert_int_equal(json_array_size(json_object_get(test, "predictions")), 4);
        assert_true(json_equal(test, json_object_get(again->record, "self_test")));
        assert_int_equal(mli_selftest_check(model, NULL), ML_OK);
        assert_int_equal(mli_model_decode(bytes.data, bytes.len, "test", &read, NULL), ML_OK);
        assert_int_equal(mli_selftest_check(read, NULL), ML_OK);
        mli_buf_release(&bytes);
        ml_model_free(read);
        ml_model_free(again);
        ml_model_free(model);
    }
}

/* A weight that is another one shows, the last digits of one do not. */
void test_selftest_fails(void **state)
{
    (void)state;

    for (enum sample_kind kind = SAMPLE_REGRESSION; kind < SAMPLES; kind++) {
        struct ml_model *model = tested(kind);
        struct ml_error err = ML_ERROR_INIT;
        double kept = model->theta[0];

        model->theta[0] = kept * (1 + 1e-13);
        assert_int_equal(mli_selftest_check(model, &err), ML_OK);
        model->theta[0] = kept + 0.5;
        assert_int_equal(mli_selftest_check(model, &err), ML_EARTIFACT);
        assert_non_null(strstr(err.text, "the self-test fails: for row "));
        ml_model_free(model);
    }
}

/* What stands there and is none. */
void test_selftest_malformed(void **state)
{
    static const char *const texts[] = {
        "1", "{}", "{\"rows\":[],\"predictions\":[]}", "{\"rows\":[[]],\"predictions\":[[1]]}",
        "{\"rows\":[[1,1,1,1,1,1,\"a\",\"a\",\"a\",1,1]],\"predictions\":[]}",
        "{\"rows\":[[1,1,1,1,1,1,\"a\",\"a\",\"a\",1,1]],\"predictions\":[[]]}",
        "{\"rows\":[[1,1,1,1,1,1,\"a\",\"a\",\"a\",1,1]],\"predictions\":[[\"1\"]]}",
        "{\"rows\":[[1,1,1,1,1,1,\"a\",\"a\",\"a\",1,1]],\"predictions\":[7]}",
        "{\"rows\":[[[],1,1,1,1,1,\"a\",\"a\",\"a\",1,1]],\"predictions\":[[1]]}",
        "{\"rows\":[[\"x\",1,1,1,1,1,\"a\",\"a\",\"a\",1,1]],\"predictions\":[[1]]}",
        "{\"rows\":[[1,1,1,1,1,1,\"a\",\"a\",\"a\",1,1]],\"predictions\":[[null]]}",
        "{\"rows\":7,\"predictions\":{}}",
    };
    struct ml_model *model = sample_model(SAMPLE_REGRESSION, NULL, "");
    (void)state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct ml_error err = ML_ERROR_INIT;
        json_t *test = json_loads(texts[i], JSON_DECODE_ANY, NULL);
        assert_non_null(test);
        assert_int_equal(json_object_set_new(model->record, "self_test", test), 0);
        assert_int_equal(mli_selftest_check(model, &err), ML_EARTIFACT);
        assert_true(err.text[0] != '\0');
    }
    ml_model_free(model);
}

void test_selftest_memory(void **state)
{
    struct ml_model *model = sample_model(SAMPLE_BINARY, NULL, "");
    (void)state;

    for (size_t n = 0; heap_counts(); n++) {
        json_object_del(model->record, "self_test");
        heap_start(n);
        enum ml_status status = mli_selftest_add(model, NULL);
        if (status == ML_OK)
            status = mli_selftest_check(model, NULL);
        struct heap_report report = heap_stop();
        if (status == ML_OK && !report.failed)
            break;
        assert_int_equal(status, ML_ENOMEM);
    }
    ml_model_free(model);
}
