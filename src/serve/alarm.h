/*
 * Alarm: a thread that looks once a second at how the rows of every served model drift (live.h), which also moves their windows
 * on, and has the courier say when the greatest PSI of the window passes a threshold, and when it is past: once each.
 *
 * It passes when it is above the threshold, with 1000 rows or the whole window at the least; it is past below three quarters of
 * it, so that a value which trembles at the threshold says nothing. A model that is replaced keeps its state by name and
 * version until the new one has as many rows.
 */
#ifndef SERVE_ALARM_H
#define SERVE_ALARM_H

#include <serve/catalog.h>
#include <serve/courier.h>

struct mli_alarm_config {
    struct mli_catalog *catalog; /* borrowed */
    struct mli_courier *courier; /* borrowed; NULL: nobody is told */
    double psi;                  /* the threshold */
    const struct ml_log *log;
};

struct mli_alarm;
ML_NODISCARD enum ml_status mli_alarm_start(const struct mli_alarm_config *config, struct mli_alarm **out,
                                            struct ml_error *err);
void mli_alarm_stop(struct mli_alarm *alarm); /* NULL is fine */

#endif
