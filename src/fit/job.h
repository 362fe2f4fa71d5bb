/*
 * Job: one training, from a table and settings to parameters that can be measured: what a whole fit and a fold of a
 * cross-validation have in common. The functions are called in this order.
 */
#ifndef FIT_JOB_H
#define FIT_JOB_H

#include <fit/matrix.h>
#include <fit/plan.h>
#include <fit/prepared.h>
#include <fit/prepfile.h>
#include <fit/run.h>
#include <fit/units.h>
#include <model/model.h>

struct mli_job {
    /* the caller's, borrowed */
    const struct ml_table *table;
    const struct ml_fit_config *config;
    struct ml_prepared *rows; /* the table's rows, prepared in a file; NULL: they are to be made, in memory */
    /* made on the way, and released by mli_job_release() */
    struct mli_settings settings;
    struct mli_prepfile prep;
    bool prepared;
    struct mli_plan plan;
    struct mli_pipeline *pipeline; /* raw rows to features */
    struct mli_network *network; /* of the model; until it has learnt, of one member */
    struct mli_network *member, *joint; /* of several: one of them from then on; all of them until then */
    double *theta;
    bool single;            /* X are floats */
    void *X[MLI_PART_TEST]; /* of the rows that train and those that stop the training */
    double *y[MLI_PART_TEST], *weight[MLI_PART_TEST]; /* weight NULL: all 1 */
    bool borrowed;      /* prep, plan, pipeline and X are someone else's, and are there when they are needed */
    size_t needs; /* bytes that training takes, found by _learn */
    double *held; /* features of the held-out rows, made along with the others; NULL: they are made when they are measured */
    const double *test; /* those, or someone else's */
    double *sides; /* of the loss of several labels; NULL: all classes count alike */
    struct mli_units units; /* of the target: what is trained on is scaled */
    struct mli_checkpoint *checkpoint; /* of a whole fit that keeps one; borrowed */
    struct mli_run run;
};

/* Settings, prep file and plan. Errors of this and the next ones as of ml_fit(). */
ML_NODISCARD enum ml_status mli_job_plan(struct mli_job *job, struct ml_error *err);
/* Kind, loss, the units of the target, and what follows from them. */
ML_NODISCARD enum ml_status mli_job_kind(struct mli_job *job, struct ml_error *err);
/* Fits the pipeline, unless there is a prep file. */
ML_NODISCARD enum ml_status mli_job_clean(struct mli_job *job, struct ml_error *err);
/* The network, and with it the precision of the features; the default of l2 where they are hashed words. */
ML_NODISCARD enum ml_status mli_job_network(struct mli_job *job, struct ml_error *err);
/* Makes the features, and trains. ML_ELIMIT before anything large is allocated. */
ML_NODISCARD enum ml_status mli_job_learn(struct mli_job *job, struct ml_error *err);
/*
 * Metrics of a part's rows by a model of the job's network, parameters and labels: the network alone on the features of
 * the rows; mli_model_predict_rows() gives the same bits. predicted: how they are spread (model/predicted.h); NULL: nobody asks.
 */
ML_NODISCARD enum ml_status mli_job_measure(const struct mli_job *job, const struct ml_model *model, enum mli_part part,
                                            json_t **metrics, json_t **predicted, struct ml_error *err);
void mli_job_release(struct mli_job *job);

/*
 * job_memory.c: finds what training and measuring need. Said and refused (ML_ELIMIT) before anything large is allocated:
 * OpenBLAS does not survive being starved.
 */
struct mli_learn;
ML_NODISCARD enum ml_status mli_job_memory(struct mli_job *job, const struct mli_learn *learn, struct ml_error *err);

/* job_members.c: of a model that is the mean of several networks. What _network and _learn do where there are such. */
ML_NODISCARD enum ml_status mli_job_plan_members(struct mli_job *job, struct ml_error *err);
ML_NODISCARD enum ml_status mli_job_run_members(struct mli_job *job, struct ml_error *err);

/* The rows of a part, to be made of the table. */
struct mli_matrix_rows mli_job_matrix(const struct mli_job *job, enum mli_part part);
/* The targets of a part in the order of the rows, into y. ML_EIO. */
ML_NODISCARD enum ml_status mli_job_targets(const struct mli_job *job, enum mli_part part, double *y,
                                            struct ml_error *err);

#endif
