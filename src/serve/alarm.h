/*
 * Alarm: a thread that looks once a second at how the rows of every served model drift (live.h), which also moves their windows
 * on, and says, to standard error and by the courier, when the greatest PSI of the window passes a threshold, and when it is
 * past: once each.
 *
 * It passes when it is above the threshold, with 1000 rows or the whole window at the least; it is past below three quarters of
 * it, so that a value which trembles at the threshold says nothing. It is past, too, when another file or version answers in
 * place of the one it was about, or that is gone; what takes its place, and what is asked again, begins anew.
 *
 * The same of the share of requests that fail (error_rate.h), of all models together.
 */
#ifndef SERVE_ALARM_H
#define SERVE_ALARM_H

#include <serve/catalog.h>
#include <serve/courier.h>
#include <serve/service.h>

struct mli_alarm_config {
    struct mli_catalog *catalog; /* borrowed */
    struct mli_courier *courier; /* borrowed; NULL: nobody is told */
    double psi;                  /* the threshold */
    double error_rate;           /* likewise; 0: nobody asks for it */
    const struct mli_service *service; /* borrowed: whose requests those are */
    const struct ml_log *log;
};

struct mli_alarm;
ML_NODISCARD enum ml_status mli_alarm_start(const struct mli_alarm_config *config, struct mli_alarm **out,
                                            struct ml_error *err);
/* What waits to be sent is tried once more, for so many milliseconds at most. NULL is fine. */
void mli_alarm_stop(struct mli_alarm *alarm, uint64_t milliseconds);

#endif
