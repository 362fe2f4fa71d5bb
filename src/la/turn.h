/*
 * Debian's serial OpenBLAS hands out its packing buffers without a lock, so two threads in it at once get wrong numbers,
 * silently (measured with 0.3.21; OpenMathLib/OpenBLAS issues 1755 and 2126). With that variant calls take turns; the
 * pthread and OpenMP variants lock by themselves and run side by side. Some builds of the OpenMP one ask OpenMP for the
 * number of threads and not their own setting [OpenBLAS issue 5806], and that is told thread by thread. Around every call
 * that threads may make at once.
 */
#ifndef LA_TURN_H
#define LA_TURN_H

void mli_turn_begin(void);
void mli_turn_end(void);

#endif
