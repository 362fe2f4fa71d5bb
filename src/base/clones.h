/*
 * MLI_CLONES before a static function: on x86-64 it is compiled for AVX2 as well and the loader picks. The bits do not
 * depend on it: no build contracts a * b + c, and a loop is only made wider where that keeps its order. With gcc alone:
 * clang 14 makes one resolver, for the whole program, of all static functions of a name. Not with ThreadSanitizer, which is
 * not up yet when the loader asks.
 */
#ifndef BASE_CLONES_H
#define BASE_CLONES_H

#if defined(__x86_64__) && defined(__has_attribute) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#if __has_attribute(target_clones)
#define MLI_CLONES __attribute__((target_clones("avx2", "default")))
#endif
#endif
#ifndef MLI_CLONES
#define MLI_CLONES
#endif

#endif
