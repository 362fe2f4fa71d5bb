/*
 * Lane: a row as nearly all clients write it, read in one go. Its members are the columns in their order, each a short
 * decimal (base/short.h), with no white space but a blank behind commas and colons. What is written in any other way is
 * scan.h's, which gives the same numbers for these.
 */
#ifndef SERVE_LANE_H
#define SERVE_LANE_H

#include <serve/scan.h>
#include <serve/served.h>

/*
 * Behind the opening bracket of an object, or with key NULL of an array: reads the first members, at most n, as long as
 * they are such; key[i] is the i-th's name and to[i][at] its place. Returns how many they were; the scan stands behind
 * them, and before what is theirs no more, be it a comma.
 */
size_t mli_lane_read(struct mli_scan *scan, const struct mli_key_text *key, size_t n, double *const *to, size_t at);

#endif
