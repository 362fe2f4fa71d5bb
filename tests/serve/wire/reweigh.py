"""
A model file whose numbers are not those it was made with, and whose digest is right nevertheless: what a self-test is for.

usage: reweigh.py MODEL OUT
"""
import hashlib
import json
import struct
import sys

with open(sys.argv[1], "rb") as file:
    data = bytearray(file.read())
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + size])
begin = 8 + size + header["net.0.weight"]["data_offsets"][0]
weight = struct.unpack("<d", data[begin:begin + 8])[0]
data[begin:begin + 8] = struct.pack("<d", weight + 1)
digest = header["__metadata__"]["mlctl.sha256"].encode()
zeroed = bytes(data).replace(digest, b"0" * 64, 1)
data = zeroed.replace(b"0" * 64, hashlib.sha256(zeroed).hexdigest().encode(), 1)
with open(sys.argv[2], "wb") as file:
    file.write(data)
