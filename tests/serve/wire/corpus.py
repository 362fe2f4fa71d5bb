"""
Texts that are JSON and texts that are not, class by class, as the body of a prediction and as a value inside of one, by
every protocol that takes JSON. What is not JSON is 400, says so in JSON, and leaves the connection fit for the next
request; what is JSON is answered as the protocol says; nothing is answered 5xx.

usage: corpus.py PORT MODEL, of a server whose model takes the numbers x and y, with --max-depth 32
       corpus.py --list

Every text is held against Python's own reader first, so that none is in the wrong table.
"""
import http.client
import json
import sys

SAMPLE = b'{"x": 1.5e1, "y": -2, "z": [true, null, {"a": "\\u00e9"}]}'

# ---- not JSON, whatever stands around it ---------------------------------------------------------------------------

BROKEN = {
    "an array": [
        "[", "[1", "[1,", "[1,2", "[,", "[,1]", "[1,]", "[1,,2]", "[,]", "[1 2]", '["a" "b"]', "[1:2]", '["a":1]', "[}", "[1}", "[[]", "[[1]",
        "[1;2]", "[1|2]", "[1,2,3,]", "[\n,1]", "[1\n2]", "[...]", "[1,...]", "[1..3]", "[[1,2],[3,4]", "[{]}", "[1]]", "]", "][", "(1,2)", "<1>",
    ],
    "an object": [
        "{", "{,", "{,}", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{,"a":1}', '{"a":1,,"b":2}', '{"a":1 "b":2}', '{"a" 1}',
        '{"a"}', '{"a":}', '{"a"::1}', '{"a":1:2}', '{"a",1}', '{"a"=1}', '{"a"=>1}', '{:1}', '{1:1}', '{1.5:1}', '{null:1}', '{true:1}', '{[]:1}',
        '{{}:1}', '{{}}', '{[]}', '{a:1}', "{'a':1}", "{`a`:1}", '{"a:1}', '{a":1}', '{"a":1]', '{"a":1}}', "}", "}{", '{"a":{"b":1}',
        '{"a":1;"b":2}', '{"a":1,"b"}', '{"a":1,"b":}', '{"a":1,b:2}', '{"a" "b":1}', '{"a":"b":"c"}', '{...}', '{"a":...}', '{"a"\n1}', '{-:1}',
        '{"a":[}', '{"a":[1}', '{"a":{]}', '{"a"\\:1}', '{\\"a":1}', '{"a":1}{"b":2}', '{+"a":1}', '{"a":+1}',
    ],
    "a literal": [
        "nul", "nulll", "Null", "NULL", "nUll", "tru", "truee", "True", "TRUE", "tRue", "fals", "falsee", "False", "FALSE", "nil", "none", "None", "undefined",
        "yes", "no", "on", "t", "f", "n", "N", "null1", "1null", "truefalse", "true false", "nu ll", "tr\\u0075e", "\\n", "-true", "!true", "null()",
        "NaN", "nan", "-NaN", "NAN", "Infinity", "-Infinity", "+Infinity", "infinity", "inf", "-inf", "INF", "1.#INF", "NA", "nan(0)", "Inf", "SNaN",
        "a", "abc", "$", "@", "*", "?", "~", "^", "&", "|", "\\", "/", ";", "=", "_", "%", "%20",
    ],
    "a number": [
        "+1", "-", "+", "--1", "-+1", "+-1", "- 1", "01", "-01", "00", "-00", "007", "00.5", "1.", "-1.", ".5", "-.5", "+.5", ".", "-.", "1.e5", ".e1",
        "1e", "1E", "1e+", "1e-", "1e+-1", "1e1.5", "1ee5", "1e++5", "1e 5", "1 e5", "1. 5", "1 .5", "1.2.3", "1..2", "0x10", "0xFF", "0X1", "0b1", "0o7", "0x", "-0x1",
        "1_000", "1'000", "1 000", "1f", "1d", "1L", "1n", "1u", "1.0f", "0e", "0.e1", "1/2", "(1)", "[1", "$1", "1%", "#1", "1e5e5", "e5", "E5", "-e5", "1a", "1x", "1-", "1+1", "2-1",
        "\uff11", "\u22121", "\u0661", "1\u0661", "1e\u0663", "\u00bd", "1\u00b2", "\u221e", "1,5e", "0123", "-0123", "0.1.", "1\u00a0", "\u00a01", "1\x00", "0\x00",
    ],
    "a string": [
        '"', '"a', 'a"', "'a'", "`a`", "\u201ca\u201d", "\u00aba\u00bb", '""a', '"a""b"', '"a"b', '"a"b"', '"a\'', "'a\"", '"\\"', '"\\\\\\"', '"\\', '"a\\',
        '"\\x41"', '"\\a"', '"\\e"', '"\\v"', '"\\0"', '"\\1"', '"\\\'"', '"\\ "', '"\\\n"', '"\\\u00e9"', '"\\B"', '"\\N"', '"\\T"', '"\\\\\\x"', '"\\?"', '"\\-"', '"\\("',
        '"\\u"', '"\\u1"', '"\\u12"', '"\\u123"', '"\\u12G4"', '"\\uZZZZ"', '"\\u 041"', '"\\u-041"', '"\\u+041"', '"\\u0x41"', '"\\u{41}"', '"\\U0041"', '"\\u\uff10041"',
        '"\\u004', '"\\u00\\u0041"', '"\\', '"a\nb"', '"a\rb"', '"a\tb"', '"a\x00b"', '"""a"""', 'r"a"', 'b"a"', 'u"a"', '@"a"', '"a" + "b"',
    ],
    "a surrogate": [
        '"\\ud800"', '"\\udbff"', '"\\udc00"', '"\\udfff"', '"\\ud800a"', '"\\ud800\\n"', '"\\ud800\\u0041"', '"\\ud800\\ud800"', '"\\udc00\\ud800"', '"\\udc00\\udc00"',
        '"\\ud83d\\ude0"', '"\\ud83d\\"', '"\\ud83d ude00"', '"\\ud83d\\\\ude00"', '"a\\uD83D"', '"\\uDE00\\uD83D"', '{"\\ud800":1}', '{"\\udc00":1}', '["\\ud83d"]', '"\\ud83d\\ude00\\ud83d"',
    ],
    "a comment": [
        "/* */ 1", "1 /* */", "// a\n1", "1 // a", "# a\n1", "1 # a", "-- a\n1", "1 -- a", "<!-- --> 1", "; a\n1", "[1 /* */]", "[1, // a\n2]", '{"a": /* */ 1}', '{/* */}', "[/**/]", "/", "//", "/*", "/* */", "1 /", "% a\n1", "REM a\n1",
    ],
    "too much": [
        "1 2", "1,2", "1;", "1,", "1]", "1}", '1"', "{} {}", "{}{}", "{},{}", "{},", "{};", "{}]", "{}}", "{}x", "{}1", '{}"', "{}null", "{}\\n", "[] []", "[][]", "[],[]", "[],", "[]x", "[]1", '[]"', "[]]", "null null", "true,", '"a" "b"', '"a",',
        '{"a":1} x', "{}\x00", "[]\x00", "1 \x00", "{}\x01", "{}\ufeff", "[]\u00a0", "{}\u2028", "{} //", "{}#", "{}\\", "{}'", "{}()",
    ],
    "white space": [
        "\u00a01", "1\u00a0", "\u20281", "\u20291", "\u30001", "\u200b1", "\u20601", "\x0b1", "\x0c1", "1\x0b", "1\x0c", "\x001", "\x851", "\x1c1", "\x1f1", "\x7f1", "\x081", "\ufeff1", "\ufeff\ufeff1", "1\ufeff", "[1,\ufeff2]", "[\x0b]", "[\x0c1]", "[1,\u00a02]", "{\u2028}",
        '{"a":\x0c1}', '{"a"\u00a0:1}', "\\t1", "\\u00201", "&nbsp;1", "\u16801", "\u20031", "\u205f1",
    ],
    "another language": [
        "<a>1</a>", "<?xml version='1.0'?><a/>", "<!DOCTYPE html><html></html>", "a: 1\nb: 2", "- 1\n- 2", "---\na: 1\n", "%YAML 1.2\n---\n1", "a = 1", "[a]\nb = 1", "x=1&y=2", "x,y\n1,2", "x\ty\n1\t2",
        "callback({})", "({})", "var a = {};", "return {};", ")]}',\n{}", "while(1);{}", "for(;;);{}", "\x1e{}", "dict(a=1)", "{'a': 1, 'b': None}", '{"a": (1, 2)}', '{"a": {1, 2}}', '{"a" => 1}', "{a => 1}", '(("a" . 1))', "#(1 2)", '[a:1]', '["a"=>1]', "array(1)", "new Date()", '{"a":new Date()}', '{"a":Date(0)}', '{"$date":ISODate("2024-01-01")}', "function(){}",
        "() => 1", "a.b", "a[0]", "1 + 1", "1 == 1", "${a}", "{{a}}", "<%= a %>", "{% a %}", "@{a}", "$a", "env(A)", "!ref a", "&a 1", "*a", "SELECT 1", "GET / HTTP/1.1", "%PDF-1.7", "%!PS", "#!/bin/sh",
        "{ a: 1, }", "{ \"a\": 'b' }", '{"a": 0xFF}', '{"a": +1}', '{"a": .5}', '{"a": 5.}', '{"a": "b\\\nc"}', '{"a":1}\n{"a":2}', '{"a":1}\r\n{"a":2}', "{}\n{}", "[1]\n[2]", "1\n2",
    ],
}

# what has no text in UTF-8: bytes
BYTES = {
    "bad UTF-8": [b'"' + bytes.fromhex(text) + b'"' for text in (
        "80 bf c0 c1 c2 df e0 ef f0 f4 f5 f8 fc fe ff c080 c0af c1bf c241 c2c2a9 80c2 e08080 e09fbf e282 e282c2 e228a1 e28228 eda080 edafbf edb080 edbfbf"
        " eda0bdedb880 efbf f0808080 f08080af f08fbfbf f09f98 f09f9822 f0288cbc f09028bc f0908c28 f4908080 f5808080 f7bfbfbf f888808080 fbbfbfbfbf fc8480808080 fdbfbfbfbfbf fffe feff"
        " 61ff ff61 c3a9ff e9 a9 8182 a4a2").split()],
    "bad UTF-8 elsewhere": [b'{"\xff":1}', b'{"a\xc3":1}', b'{"\xed\xa0\x80":1}', b'["\xe9"]', b"\xff", b"[\xff]", b"{\xff}", b"1\xff", b"\xc3\xa9", b"\x80", b"[1\x80]", b'{"a"\xe9:1}', b'{"a":\xe9}', b"nul\xff", b"tru\xc3"],
    "a control byte in a string": [b'"a' + bytes([c]) + b'b"' for c in range(32)],
    "a control byte in a name": [b'{"a' + bytes([c]) + b'":1}' for c in range(0, 32, 3)],
    "a control byte outside": [b"[1," + bytes([c]) + b"2]" for c in range(32) if c not in (9, 10, 13)] + [b"[1,\x7f2]"],
    "binary": [b"\x89PNG\r\n\x1a\n", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"PK\x03\x04", b"\x7fELF", b"\x83\xa1x\x01\xa1y\x02", b"\xa2axayb", b"\x0c\0\0\0\x10a\0\1\0\0\0\0", b"\0\0\0\0", b"\x0a\x03\x08\x96\x01", b"\x78\x9c\xab\xae\x05\0", b"\x28\xb5\x2f\xfd", bytes(range(256))],
}

# Only as a whole body: inside of another text they would be something else.
WHOLE = {
    "nothing": [b"", b" ", b"\n", b"\t\r\n ", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"],
    "another encoding": [SAMPLE.decode().encode(coding) for coding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig", "cp037")] +
                        ['{"x":1,"y":2,"z":"é"}'.encode(coding) for coding in ("latin-1", "cp1252", "cp437")],
    "cut short": [SAMPLE[:n] for n in range(1, len(SAMPLE))],
    "begun late": [SAMPLE[n:] for n in range(1, len(SAMPLE) - 1) if SAMPLE[n:n + 1] not in b'{'][:40],
    "a byte too much": [SAMPLE[:n] + b"\x00" + SAMPLE[n:] for n in range(0, len(SAMPLE) + 1, 3)],
    "twice": [SAMPLE * 2, SAMPLE + b" " + SAMPLE, SAMPLE + b"," + SAMPLE, SAMPLE + b"\n" + SAMPLE],
    "deep and cut short": [b"[" * 40, b"[" * 100000, b'{"a":' * 40, b'{"a":' * 20000, b'[{"a":' * 10000, b"[[1]," * 20000, b'"' + b"\\" * 100001 + b'"'],
}

# JSON by the letter, but refused: what cannot be held or is more than a limit.
REFUSED = {
    "beyond a double": ["1e309", "-1e309", "1e400", "1E+400", "-1e99999999999999999999", "1" + "0" * 309, "-" + "9" * 400, "0.1e310", "[1e309]", '{"a":1e999}'],
    "NUL": ['"\\u0000"', '"a\\u0000b"', '{"\\u0000":1}', '{"a\\u0000":1}', '["\\u0000"]'],
    "too deep": ["[" * 33 + "]" * 33, '{"a":' * 33 + "1" + "}" * 33, "[" * 5000 + "]" * 5000, '[{"a":' * 20 + "1" + "}]" * 20],
}

# ---- JSON --------------------------------------------------------------------------------------------------------

NUMBERS = [
    "0", "-0", "1", "-1", "10", "123456789", "0.0", "-0.0", "0.1", "-0.1", "1.0", "1.5", "10.01", "1e5", "1E5", "1e+5", "1E+5", "1e-5", "1E-5", "1.5e10", "-1.5E-10", "0e0", "0E0", "0e+1", "0e-1", "0.0e0", "-0e-0", "1e05", "1e005", "1e-005",
    "1e308", "-1e308", "1.7976931348623157e308", "2.2250738585072014e-308", "5e-324", "1e-400", "-1e-400", "0e400", "0.0e999", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "123456789012345678901234567890", "1" + "0" * 308,
    "0." + "1" * 500, "1." + "0" * 1000, "0." + "0" * 400 + "1", "3.14159265358979323846264338327950288", "1e00000000000000000001",
]
OTHERS = {
    "literals": ["null", "true", "false"],
    "strings": ['""', '"a"', '" "', '"0"', '"null"', '"\\""', '"\\\\"', '"\\/"', '"/"', '"\\b\\f\\n\\r\\t"', '"\\u0041"', '"\\u00e9"', '"\\u20AC"', '"\\uFFFF"', '"\\uFFFE"', '"\\ufdd0"', '"\\ud83d\\ude00"', '"\\uD834\\uDD1E"', '"\\uDBFF\\uDFFF"', '"\\ud800\\udc00"', '"\\u0001"', '"\\u001f"', '"\\u007f"', '"\\u2028\\u2029"',
                '"é"', '"€"', '"😀"', '"\x7f"', '"\x80"', '"\u2028"', '"\u2029"', '"\ufeff"', '"\uffff"', '"\ufdd0"', '"\U0010ffff"', '"\U0001fffe"', '"\u200b"', '"a\u0300"', '"\ud7ff"', '"\ue000"', '"\u0800"', '"\U00010000"', "\"'\"", '"`"', '"//"', '"/* */"', '"#"', '"[1,"', '"{"', '"\\\\u0000"', '"%00"', '"<a>"', '"\\u003ca\\u003e"', '"' + "a" * 10000 + '"', '"' + "\\u00e9" * 2000 + '"'],
    "arrays": ["[]", "[ ]", "[\n]", "[1]", "[1,2]", "[ 1 , 2 ]", "[1\n,\t2\r]", '["a"]', "[null]", "[true,false]", "[[]]", "[[],[]]", "[[[]]]", "[{}]", "[{},{}]", "[1,\"a\",null,[],{}]", "[" * 25 + "]" * 25, "[" + "1," * 999 + "1]", "[" + "[]," * 99 + "[]]", "[-0]", '[""]'],
    "objects": ["{}", "{ }", "{\r\n}", '{"a":1}', '{ "a" : 1 }', '{"a":1,"b":2}', '{"":1}', '{"":""}', '{" ":1}', '{"a":{}}', '{"a":{"b":{"c":[]}}}', '{"\\u0061":1}', '{"é":1}', '{"😀":1}', '{"\\ud83d\\ude00":1}', '{"\\"":1}', '{"\\n":1}', '{"a":null}', '{"a":[]}', '{"__proto__":1}', '{"constructor":{}}', '{"toString":1}', '{"a.b":1}', '{"a":' * 25 + "1" + "}" * 25, '{"1":1}', '{"a":1,"A":2}',
                "{" + ",".join('"k%d":%d' % (i, i) for i in range(500)) + "}"],
    "names that come twice": ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"":1,"":2}', '{"a":{"b":1,"b":2}}'],
    "white space": [" 1", "1 ", "\t1", "\n1", "\r1", "1\t", "1\n", "1\r\n", " \t\r\n1 \t\r\n", " []", "[] ", "\n{}\n", ' "a" ', "\n\n\n\nnull\n\n"],
}


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def is_json(text):
    """By Python's reader, made strict."""
    def constant(word):
        raise ValueError(word)

    try:
        # a lone half of a pair is taken by Python's reader, but has no UTF-8; a number without end is a string to it
        json.dumps(json.loads(text.decode("utf-8"), parse_constant=constant, parse_int=str, parse_float=str), ensure_ascii=False).encode("utf-8")
    except RecursionError:
        return None
    except ValueError:
        return False
    return not text.startswith(b"\xef\xbb\xbf")


def cases(table):
    return [(name, as_bytes(text)) for name, texts in table.items() for text in texts]


NOT_JSON = cases(BROKEN) + cases(BYTES)
JSON = [("numbers", as_bytes(text)) for text in NUMBERS] + cases(OTHERS)

# ---- where a text stands: path, what is before and behind it -------------------------------------------------------


def places(model):
    infer = "/v2/models/%s/infer" % model
    tensor = b'{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1,2]}'
    return [
        ("/predict", b'{"x":1,"y":2,"z":', b"}"),
        ("/predict", b'[{"x":1,"y":2},{"z":', b',"y":1,"x":4}]'),
        (infer, b'{"inputs":[' + tensor + b'],"parameters":{"a":', b"}}"),
        (infer, b'{"more":', b',"inputs":[' + tensor + b"]}"),
        ("/v1/models/%s:predict" % model, b'{"instances":[[1,2]],"more":', b"}"),
        ("/v1/models/%s:predict" % model, b'{"instances":[{"x":1,"y":2,"z":', b"}]}"),
        ("/invocations", b'{"dataframe_split":{"columns":["x","y"],"data":[[1,2]]},"params":', b"}"),
        ("/invocations", b'{"dataframe_records":[{"x":1,"z":', b',"y":2}]}'),
    ]


# As a cell of the column x: path, what is before and behind it, and whether the protocol takes it.
def cells(model):
    def cell(value):  # a number, null (missing) or a truth value; strings are never numbers
        return value is None or isinstance(value, (bool, int, float))

    def one(value):  # a column of TensorFlow Serving may be of shape [n,1]
        return cell(value[0] if isinstance(value, list) and len(value) == 1 else value)

    def nested(value):  # a tensor's list may be nested as it likes, its values are of its datatype
        while isinstance(value, list) and len(value) == 1:
            value = value[0]
        return cell(value) and not isinstance(value, bool)

    return [
        ("/predict", b'{"x":', b',"y":2}', cell),
        ("/v1/models/%s:predict" % model, b'{"instances":[[', b",2]]}", cell),
        ("/v1/models/%s:predict" % model, b'{"inputs":{"y":[2],"x":[', b"]}}", one),
        ("/invocations", b'{"dataframe_split":{"columns":["y","x"],"data":[[2,', b"]]}}", cell),
        ("/v2/models/%s/infer" % model, b'{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[', b",2]}]}", nested),
    ]


# A name that counts, twice: which of the two is meant?
def doubles(model):
    tensor = b'{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1,2]}'
    return [
        ("/predict", b'{"x":1,"x":2,"y":3}'),
        ("/predict", b'{"x":1,"y":2,"\\u0078":1}'),
        ("/predict", b'[{"x":1,"y":2},{"y":1,"x":2,"y":3}]'),
        ("/v1/models/%s:predict" % model, b'{"instances":[[1,2]],"instances":[[1,3]]}'),
        ("/v1/models/%s:predict" % model, b'{"inputs":{"x":[1],"y":[2]},"inputs":{}}'),
        ("/v1/models/%s:predict" % model, b'{"inputs":{"x":[1],"y":[2],"x":[3]}}'),
        ("/invocations", b'{"instances":[[1,2]],"instances":[[1,3]]}'),
        ("/invocations", b'{"dataframe_split":{"columns":["x","x","y"],"data":[[1,2,3]]}}'),
        ("/invocations", b'{"dataframe_split":{"columns":["x","y"],"data":[[1,2]],"data":[[1,3]]}}'),
        ("/v2/models/%s/infer" % model, b'{"inputs":[' + tensor + b'],"inputs":[' + tensor + b"]}"),
        ("/v2/models/%s/infer" % model, b'{"inputs":[' + tensor + b"," + tensor + b"]}"),
        ("/v2/models/%s/infer" % model, b'{"inputs":[' + tensor.replace(b"}", b',"data":[3,4]}') + b"]}"),
        ("/v2/models/%s/infer" % model, b'{"inputs":[' + tensor.replace(b"}", b',"shape":[1,2]}') + b"]}"),
    ]


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.asked = self.failures = 0

    def wrong(self, path, text, *what):
        self.failures += 1
        if self.failures <= 40:
            print(path, text[:200], *what)

    def ask(self, path, text, wanted, kind="application/json", what=""):
        self.asked += 1
        self.connection.request("POST", path, text, {"Content-Type": kind})
        reply = self.connection.getresponse()
        body = reply.read()
        if reply.status != wanted:
            self.wrong(path, text, "is", reply.status, "not", wanted, what, body[:200])
        if kind != "application/json" and reply.status == 200:
            return
        try:
            answer = json.loads(body)
        except ValueError:
            return self.wrong(path, text, "answer is no JSON", body[:200])
        if (reply.status == 200) == ("error" in answer if isinstance(answer, dict) else False):
            self.wrong(path, text, "status and answer disagree", body[:200])


def sure():
    """The tables say the truth."""
    wrong = [text for name, text in NOT_JSON + cases(WHOLE) if is_json(text)]
    wrong += [text for name, text in JSON if not is_json(text)]
    wrong += [text for name, text in cases(REFUSED) if is_json(text) is False]
    for text in wrong:
        print("in the wrong table:", text[:200])
    return not wrong


def run(port, model):
    client = Client(port)
    paths = sorted({path for path, _, _ in places(model)})
    for name, text in NOT_JSON + cases(WHOLE):
        for path in paths:
            client.ask(path, text, 400, what=name)
    for path, before, behind in places(model):
        for name, text in NOT_JSON + cases(REFUSED):
            if not is_json(before + text + behind):
                client.ask(path, before + text + behind, 400, what=name)
        for name, text in JSON:
            client.ask(path, before + text + behind, 200, what=name)
    for path, before, behind, fits in cells(model):
        for name, text in JSON:
            client.ask(path, before + text + behind, 200 if fits(json.loads(text)) else 400, what="a cell")
    for path, text in doubles(model):
        client.ask(path, text, 400, what="a name twice")
    for path in ("/predict", "/invocations"):
        for name, text in NOT_JSON:
            line = b'{"x":1,"y":2,"z":' + text + b"}"
            if not all(is_json(part) for part in line.split(b"\n") if part.strip()):
                client.ask(path, b'{"x":1,"y":2}\n' + line + b"\n", 400, "application/jsonlines", name)
    print("%d texts, %d requests, %d failures" % (len(NOT_JSON + JSON + cases(WHOLE) + cases(REFUSED)), client.asked, client.failures))
    return client.failures == 0


if __name__ == "__main__":
    if sys.argv[1] == "--list":
        for name, text in NOT_JSON + cases(WHOLE) + cases(REFUSED) + JSON:
            print(name, text[:100])
        sys.exit(0 if sure() else 1)
    sys.exit(0 if sure() and run(int(sys.argv[1]), sys.argv[2]) else 1)
