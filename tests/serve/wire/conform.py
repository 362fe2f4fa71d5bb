"""
Cases of requests and what must come back, one after the other to one server.

usage: conform.py PORT FILE...

A case is a block of lines, between empty ones; '#' begins a comment line. The first line is its title, then:

  POST /path              the request line, without the version
  > Name: value           a header field; {json} in a value: the length of the text part
  | text                  a line of the body; several are joined by line feeds
  |\\ text                 the same, with the escapes of JSON: \\r \\n \\u0000
  |f64 1 2 3              little-endian numbers behind the text: f64, f32, f16, i64, i32, u8, bool
  |bytes Oslo Rome        strings, each with its length in front (nan is a number, too)
  |* 1000 text            a line of the body with that many times the text
  = 200                   the status
  = Name: value           a header field of the reply, exactly, or with ~text in it; no value: there is no such field
  = {"a": 1}              JSON that the reply contains: of objects the members named, all of a list, numbers to 1e-6,
                          "~text" is any string with that text in it
  =f64 1 2 3              what stands behind the JSON part of the reply
  =! name                 the reply is an object without that member
  =\\ "text"               the whole body
"""
import http.client
import json
import math
import re
import struct
import sys

FORMATS = {"f64": "d", "f32": "f", "f16": "e", "i64": "q", "i32": "i", "u8": "B", "bool": "?"}


def pack(kind, words):
    if kind == "bytes":
        return b"".join(struct.pack("<I", len(w.encode())) + w.encode() for w in words)
    integer = kind[0] in "iub"
    return b"".join(struct.pack("<" + FORMATS[kind], int(w) if integer else float(w)) for w in words)


class Case:
    def __init__(self, lines):
        self.title, request = lines[0], lines[1]
        self.method, self.path = request.split(" ")
        self.headers, self.text, self.tail = [], [], b""
        self.status, self.expected, self.fields, self.whole, self.bytes, self.absent = None, [], [], None, None, []
        for line in lines[2:]:
            kind, _, rest = line.partition(" ")
            self.take(kind, rest)

    def take(self, kind, rest):
        if kind == ">":
            self.headers.append(rest.partition(": ")[::2])
        elif kind == "|":
            self.text.append(rest)
        elif kind == "|\\":
            self.text.append(json.loads('"%s"' % re.sub(r'(?<!\\)"', r'\\"', rest)))
        elif kind == "|*":
            count, _, text = rest.partition(" ")
            self.text.append(text * int(count))
        elif kind[0] == "|":
            self.tail += pack(kind[1:], rest.split())
        elif kind == "=\\":
            self.whole = json.loads(rest)
        elif kind == "=!":
            self.absent.append(rest)
        elif kind != "=":
            self.bytes = (self.bytes or b"") + pack(kind[1:], rest.split())
        elif rest.isdigit():
            self.status = int(rest)
        elif rest[0] in "{[":
            self.expected.append(json.loads(rest))
        else:
            self.fields.append(rest.partition(":")[::2])

    def body(self):
        return "\n".join(self.text).encode("utf-8", "surrogateescape") + self.tail


def holds(want, got, path="reply"):
    """What of `want` is not in `got`; None: nothing."""
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return "%s is no object: %r" % (path, got)
        for key, value in want.items():
            if key not in got:
                return "%s has no %r: %r" % (path, key, got)
            wrong = holds(value, got[key], "%s.%s" % (path, key))
            if wrong:
                return wrong
        return None
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return "%s is %r, expected %r" % (path, got, want)
        return next(filter(None, (holds(w, g, "%s[%d]" % (path, i)) for i, (w, g) in enumerate(zip(want, got)))), None)
    if isinstance(want, str) and want.startswith("~"):
        return None if isinstance(got, str) and want[1:] in got else "%s is %r, without %r" % (path, got, want[1:])
    if isinstance(want, (int, float)) and not isinstance(want, bool) and isinstance(got, (int, float)):
        return None if math.isclose(want, got, rel_tol=1e-6, abs_tol=1e-6) else "%s is %r, expected %r" % (path, got, want)
    return None if want == got and type(want) is type(got) else "%s is %r, expected %r" % (path, got, want)


def same_numbers(want, got):
    if len(want) != len(got):
        return False
    if len(want) % 8:
        return want == got
    pairs = zip(*(struct.unpack("<%dd" % (len(b) // 8), b) for b in (want, got)))
    return want == got or all(math.isclose(w, g, rel_tol=1e-6, abs_tol=1e-6) for w, g in pairs)


def wrong_of(case, status, headers, body):
    if case.status is not None and status != case.status:
        yield "status %d, expected %d: %r" % (status, case.status, body[:300])
        return
    for name, value in case.fields:
        found, value = headers.get(name) or "", value.strip()
        if not (value[1:] in found if value[:1] == "~" else value == found):
            yield "%s is %r, expected %r" % (name, found, value)
    if case.whole is not None and body.decode() != case.whole:
        yield "body %r, expected %r" % (body, case.whole)
    part = int(headers.get("Inference-Header-Content-Length", len(body)))
    if case.bytes is not None and not same_numbers(case.bytes, body[part:]):
        yield "behind the JSON part: %r, expected %r" % (body[part:], case.bytes)
    for name in case.absent:
        if name in json.loads(body[:part]):
            yield "there is a member %r" % name
    for expected in case.expected:
        wrong = holds(expected, json.loads(body[:part]))
        if wrong:
            yield wrong


def run(connection, case):
    body = case.body()
    text = len(body) - len(case.tail)
    headers = {name: value.replace("{json}", str(text)) for name, value in case.headers}
    connection.request(case.method, case.path, body if case.text or case.tail else None, headers)
    reply = connection.getresponse()
    return list(wrong_of(case, reply.status, reply.headers, reply.read()))


def cases_of(name):
    with open(name, encoding="utf-8") as file:
        blocks = re.split(r"\n\s*\n", "\n".join(l for l in file.read().split("\n") if not l.startswith("#")))
    return [Case([l for l in block.split("\n") if l.strip()]) for block in blocks if block.strip()]


def main(port, names):
    failures = count = 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for name in names:
        for case in cases_of(name):
            count += 1
            for wrong in run(connection, case):
                failures += 1
                print("%s: %s: %s" % (name.rsplit("/", 1)[-1], case.title, wrong))
    print("%d cases, %d failures" % (count, failures))
    return failures or not count


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]), sys.argv[2:]) else 0)
