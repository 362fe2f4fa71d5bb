/* The listening socket. */
#ifndef SERVE_LISTEN_H
#define SERVE_LISTEN_H

#include <mlctl/status.h>
#include <stdint.h>

/*
 * Binds to an IPv4 or IPv6 literal ("::" takes IPv4 too) and listens, non-blocking. port 0: any free one; *bound is
 * the one it is. ML_EUSAGE: not an address, ML_EIO: port taken, not allowed and the like.
 */
ML_NODISCARD enum ml_status mli_listen(const char *address, uint16_t port, int *fd, uint16_t *bound,
                                       struct ml_error *err);

/*
 * From now on nobody comes any more, but who is coming: requests for a connection are passed over, and asked again a second
 * later, when nobody listens. Closing a socket resets those who wait there, so it is to be emptied behind this. Where the
 * system cannot do that (it is a socket filter) nothing happens.
 */
void mli_listen_no_more(int fd);

#endif
