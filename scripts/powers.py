#!/usr/bin/env python3
"""Prints src/base/powers.c, the powers of ten to 128 bits.  usage: scripts/powers.py > src/base/powers.c"""
LOW, HIGH = -342, 324

print("""/* Made by scripts/powers.py. */
#include <base/powers.h>

const uint64_t mli_power_table[MLI_POWER_HIGH - MLI_POWER_LOW + 1][2] = {""")
for k in range(LOW, HIGH + 1):
    ten = 10 ** abs(k)
    if k >= 0:
        shift = ten.bit_length() - 128
        bits = ten >> shift if shift > 0 else ten << -shift
    else:
        bits = (1 << (ten.bit_length() + 127)) // ten  # 10^k has no finite binary form
    assert bits.bit_length() == 128
    print(f"    {{ 0x{bits >> 64:016x}u, 0x{bits & (2**64 - 1):016x}u }}, /* {k} */")
print("};")
