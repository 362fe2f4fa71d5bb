#!/usr/bin/env python3
"""Reads a safetensors file with nothing but struct and json, and prints what is in it.

Written from the format's description alone, to hold mlctl's writer against a second opinion.

    read_safetensors.py --print FILE     metadata and tensors
    read_safetensors.py --digest FILE    exit 0 if the digest of an mlctl model holds (docs/artifact.md), else 1
"""
import hashlib
import json
import math
import struct
import sys

CODES = {"F32": "f", "F64": "d"}


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError("a key stands twice")
    return dict(pairs)


def read(data):
    (length,) = struct.unpack_from("<Q", data)
    text = data[8 : 8 + length]
    if len(text) != length or not text.startswith(b"{"):
        raise ValueError("no header")
    header = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    metadata = header.pop("__metadata__", {})
    tensors, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, stop = entry["data_offsets"]
        code = CODES[entry["dtype"]]
        count = math.prod(entry["shape"])
        if begin != end or stop - begin != count * struct.calcsize(code):
            raise ValueError("a hole, an overlap or a wrong size at " + name)
        values = struct.unpack_from("<%d%s" % (count, code), data, 8 + length + begin)
        tensors[name] = (entry["shape"], list(values))
        end = stop
    if 8 + length + end != len(data):
        raise ValueError("bytes behind the last tensor")
    return metadata, tensors


def digest_holds(data, metadata):
    digits = metadata["mlctl.sha256"].encode()
    key = b'"mlctl.sha256":"'
    at = data.index(key + digits) + len(key)
    zeroed = data[:at] + b"0" * 64 + data[at + 64 :]
    return hashlib.sha256(zeroed).hexdigest().encode() == digits


def main(option, path):
    with open(path, "rb") as file:
        data = file.read()
    metadata, tensors = read(data)
    if option == "--digest":
        sys.exit(0 if digest_holds(data, metadata) else 1)
    print("__metadata__", json.dumps(metadata))
    for name, (shape, values) in sorted(tensors.items()):
        print(name, shape, values)


main(*sys.argv[1:])
