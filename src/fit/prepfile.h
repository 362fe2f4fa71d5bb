/*
 * Prep file: what `mlctl preprocess` writes beside clean.csv (clean.csv.prep.json). The fitted pipeline with its statistics, the
 * target, the split it was fitted by, and the digests of the raw and the clean file, so that a model trained on the clean
 * file takes raw rows and a stale pair is noticed.
 */
#ifndef FIT_PREPFILE_H
#define FIT_PREPFILE_H

#include <prep/pipeline.h>

struct mli_prepfile {
    struct mli_pipeline *pipeline;
    char *target;       /* name in both files */
    char *split;        /* specification */
    char *group;        /* column of its groups, NULL: none */
    char *held_out;     /* rows of the clean file, see mli_plan_held_out(); NULL: the split finds them there */
    bool dedupe;        /* duplicate rows of the raw file are left out */
    uint64_t seed;
    char *raw_path;     /* as given to preprocess */
    json_t *raw_files;  /* of several files, see mli_record_files(); NULL: one */
    char raw_sha256[MLI_SHA256_HEX], clean_sha256[MLI_SHA256_HEX];
    json_t *read;       /* how the raw file was read: {"delimiter":",","missing":".."} */
};

void mli_prepfile_release(struct mli_prepfile *file);
ML_NODISCARD enum ml_status mli_prepfile_write(const struct mli_prepfile *file, const char *path,
                                               struct ml_error *err);
/* From the file's text; source is for errors. This is what the fuzz target calls. */
ML_NODISCARD enum ml_status mli_prepfile_decode(const char *text, size_t len, const char *source,
                                                struct mli_prepfile *out, struct ml_error *err);
/* The part of the document that is the pipeline: members "pipeline" and "tensors". ML_ENOMEM; ML_EARTIFACT. */
ML_NODISCARD enum ml_status mli_prepfile_put_pipeline(json_t *doc, const struct mli_pipeline *pipeline,
                                                      struct ml_error *err);
ML_NODISCARD enum ml_status mli_prepfile_take_pipeline(const json_t *doc, struct mli_pipeline **out,
                                                       struct ml_error *err);
ML_NODISCARD enum ml_status mli_prepfile_read(const char *path, struct mli_prepfile *out, struct ml_error *err);

#endif
