/* What may be asked of a server, and what the system lets it have. */
#ifndef SERVE_CONFIG_H
#define SERVE_CONFIG_H

#include <serve/server.h>

/* ML_EUSAGE: a limit that is out of range. */
ML_NODISCARD enum ml_status mli_server_check(const struct mli_server_config *config,
                                             struct ml_error *err);
/*
 * Lowers the limit of connections to what the open files leave room for: a limit that the system would reach first is
 * no limit that can be answered. ML_ELIMIT: no room at all.
 */
ML_NODISCARD enum ml_status mli_server_fit_files(struct mli_server_config *config, size_t loops,
                                                 struct ml_error *err);

/* Threads: of the loops, for large requests, and in seats (group.h). mli_server_threads() is all of them. */
size_t mli_server_loops(const struct mli_server_config *config);
size_t mli_server_workers(const struct mli_server_config *config);
size_t mli_server_seats(const struct mli_server_config *config);

#endif
