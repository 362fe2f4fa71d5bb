/* MurmurHash3_x86_32 [Appleby 2011, public domain], with seed 0: what scikit-learn hashes tokens by. */
#ifndef PREP_MURMUR_H
#define PREP_MURMUR_H

#include <stddef.h>
#include <stdint.h>

uint32_t mli_murmur3(const char *bytes, size_t n);

/*
 * The bucket of a token among `buckets` > 0, and its sign: the hash as a signed number, its absolute value modulo
 * buckets, -1 if it is negative; as scikit-learn's FeatureHasher with alternate_sign.
 */
size_t mli_hash_bucket(const char *token, size_t n, size_t buckets, double *sign);

#endif
