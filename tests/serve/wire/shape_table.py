"""
Request shapes that the library lets through or answers with care: for shapes.py, which asks the server itself, and
through.py, which asks by way of proxies.
"""
SECOND = b"GET /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BODY = b'{"x":4,"y":5}'
POST = b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n"
CHUNKS = b"5\r\n" + BODY[:5] + b"\r\n8\r\n" + BODY[5:] + b"\r\n0\r\n"

SOUND = [
    ("plain", POST + b"Content-Length: 13\r\n\r\n" + BODY, 200),
    ("chunked", POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"\r\n", 200),
    ("chunked, with a trailer", POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"X: 1\r\n\r\n", 200),
    ("a length in the trailer", POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"Content-Length: 99\r\n\r\n", 200),
    ("chunked, other case", POST + b"transfer-encoding: Chunked\r\n\r\n" + CHUNKS + b"\r\n", 200),
    ("no space after the colon", GET.replace(b": ", b":") + b"\r\n", 200),
    ("spaces around values", GET + b"X: \t a b \r\n\r\n", 200),
    ("empty value", GET + b"X:\r\nY: \r\n\r\n", 200),
    ("Latin-1 value", GET + b"X: caf\xe9\r\n\r\n", 200),
    ("query", b"GET /healthz?a=b&c=%20 HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    ("many arguments", b"GET /healthz?" + b"a&" * 100 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    ("absolute form", b"GET http://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    ("cookie", GET + b"Cookie: a=b; c=d\r\n\r\n", 200),
    ("empty line before", b"\r\n" + GET + b"\r\n", 200),
    ("no length, no body", GET + b"Content-Length: 0\r\n\r\n", 200),
    ("unknown path", GET.replace(b"/healthz", b"/nothing") + b"\r\n", 404),
    ("path with dots", GET.replace(b"/healthz", b"/../../healthz") + b"\r\n", 404),
    ("escaped path", GET.replace(b"/healthz", b"/%68ealthz") + b"\r\n", 404),
    ("method", GET.replace(b"GET", b"DELETE") + b"\r\n", 405),
    ("bad JSON", POST + b"Content-Length: 3\r\n\r\n{]}", 400),
    ("100 fields", GET + b"X: 1\r\n" * 99 + b"\r\n", 200),
]

NO_CODING = (501, 400)  # ours, and that of libmicrohttpd 1.0

AMBIGUOUS = [
    ("length and chunked", POST + b"Content-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"\r\n", 400),
    ("chunked and length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG", 400),
    ("two lengths", POST + b"Content-Length: 13\r\nContent-Length: 14\r\n\r\n" + BODY, 400),
    ("the same length twice", POST + b"Content-Length: 13\r\nContent-Length: 13\r\n\r\n" + BODY, 400),
    ("two hosts", GET + b"Host: b\r\n\r\n", 400),
    ("no host", b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    ("space before the colon", POST + b"Content-Length : 13\r\n\r\n" + BODY, 400),
    ("tab before the colon", POST + b"Content-Length\t: 13\r\n\r\n" + BODY, 400),
    ("xchunked", POST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS + b"\r\n", NO_CODING),
    ("gzip, chunked", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS + b"\r\n", NO_CODING),
    ("chunked, chunked", POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNKS + b"\r\n", NO_CODING),
    ("identity", POST + b"Transfer-Encoding: identity\r\nContent-Length: 13\r\n\r\n" + BODY, NO_CODING),
    ("identity alone", POST + b"Transfer-Encoding: identity\r\n\r\n" + BODY, NO_CODING),
    ("coding twice", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"\r\n", 400),
    ("coding on HTTP/1.0", POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + b"\r\n", 400),
    ("folded coding", POST + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n" + BODY, 400),
    ("folded value", GET + b"X: a\r\n b\r\n\r\n", 400),
    ("folded with a tab", GET + b"X: a\r\n\tb\r\nY: c\r\n\r\n", 400),
    ("bare LF", GET.replace(b"\r\n", b"\n") + b"\n", 400),
    ("bare LF after the line", GET.replace(b"1.1\r\n", b"1.1\n") + b"\r\n", 400),
    ("bare LF after a field", GET + b"X: 1\nY: 2\r\n\r\n", 400),
    ("bare LF at the end", GET + b"X: 1\r\n\n", 400),
    ("a length after a bare LF", POST + b"X: 1\nContent-Length: 13\r\n\r\n" + BODY, 400),
    ("bare CR", GET + b"X: a\rb\r\n\r\n", 400),
    ("bare CR before a field", GET + b"X: a\rContent-Length: 5\r\n\r\n", 400),
    ("control byte", GET + b"X: a\x01b\r\n\r\n", 400),
    ("NUL in a value", GET + b"X: a\x00b\r\n\r\n", 400),
    ("NUL at the end of a value", GET + b"X: a\x00\r\n\r\n", 400),
    ("NUL before a length", POST + b"X: a\x00\r\nContent-Length: 13\r\n\r\n" + BODY, 400),
    ("%00 in the path", GET.replace(b"/healthz", b"/healthz%00x") + b"\r\n", 400),
    ("%00 in the query", GET.replace(b"/healthz", b"/healthz?a=%00") + b"\r\n", 400),
    ("bad escape", GET.replace(b"/healthz", b"/healthz%zz") + b"\r\n", 400),
    ("bad escape in the query", GET.replace(b"/healthz", b"/healthz?a=%4") + b"\r\n", 400),
    ("space in the target", GET.replace(b"/healthz", b"/healthz x") + b"\r\n", 400),
    ("two spaces", GET.replace(b" /healthz", b"  /healthz") + b"\r\n", 400),
    ("high byte in the target", GET.replace(b"/healthz", b"/\xe9") + b"\r\n", 400),
    ("field without a name", GET + b": value\r\n\r\n", 400),
    ("name with a space", GET + b"X y: 1\r\n\r\n", 400),
    ("name with a bracket", GET + b"X(): 1\r\n\r\n", 400),
    ("method with a bracket", GET.replace(b"GET", b"G(T") + b"\r\n", 400),
    ("version 1.9", GET.replace(b"1.1", b"1.9") + b"\r\n", 505),
    ("101 fields", GET + b"X: 1\r\n" * 100 + b"\r\n", 431),
    ("head too long", GET + b"X: " + b"a" * 33000 + b"\r\n\r\n", 431),
    ("target too long", GET.replace(b"/healthz", b"/" + b"a" * 8192) + b"\r\n", 414),
    ("length is no number", POST + b"Content-Length: 0x5\r\n\r\n" + BODY, 400),
    ("signed length", POST + b"Content-Length: +13\r\n\r\n" + BODY, 400),
    ("list of lengths", POST + b"Content-Length: 13, 13\r\n\r\n" + BODY, 400),
    ("empty length", POST + b"Content-Length: \r\n\r\n" + BODY, 400),
    ("huge length", POST + b"Content-Length: 99999999999999999999\r\n\r\n" + BODY, 413),
    ("length over the limit", POST + b"Content-Length: 8388609\r\n\r\n" + BODY, 413),
    ("bad chunk size", POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    ("signed chunk size", POST + b"Transfer-Encoding: chunked\r\n\r\n+5\r\n12345\r\n0\r\n\r\n", 400),
    ("chunk with 0x", POST + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\n12345\r\n0\r\n\r\n", 400),
    ("huge chunk", POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 413),
    ("chunk without its end", POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n12345678\r\n0\r\n\r\n", 400),
    ("body on GET", GET + b"Content-Length: 5\r\n\r\nhello", 413),
    ("chunked body on GET", GET + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
    ("no length", POST + b"\r\n", 411),
    ("wrong type", POST.replace(b"json", b"yaml") + b"Content-Length: 13\r\n\r\n" + BODY, 415),
    ("no type", b"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 13\r\n\r\n" + BODY, 415),
    ("packed", POST + b"Content-Encoding: br\r\nContent-Length: 13\r\n\r\n" + BODY, 415),
    ("expectation", POST + b"Expect: tea\r\nContent-Length: 13\r\n\r\n" + BODY, 417),
    ("body for an unknown path", POST.replace(b"/predict", b"/nothing") + b"Content-Length: 13\r\n\r\n" + BODY, 404),
    ("body for another method", POST.replace(b"POST", b"PUT") + b"Content-Length: 13\r\n\r\n" + BODY, 405),
]

# Sound by the letter, but a library may refuse it: both replies, or one that refuses.
EITHER = [
    ("chunk extension", POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS.replace(b"8", b"8;a=b") + b"\r\n", 400),
    ("chunked and a space", POST + b"Transfer-Encoding: chunked \r\n\r\n" + CHUNKS + b"\r\n", 501),
    ("length and a space", POST + b"Content-Length: 13 \r\n\r\n" + BODY, 400),
]

# What the library answers by itself, with its own words, or closes at once.
SILENT = [
    ("NUL in the target", GET.replace(b"/healthz", b"/healthz\x00x") + b"\r\n", {400}),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}),
    ("HTTP/0.9", b"GET /healthz\r\n", {400, 505}),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
]

# A length that is no number: the library (0.9.75) sends the head of its own answer twice, in one reply of one connection.
TWICE = ("length is no number", "signed length", "list of lengths", "empty length", "length and a space", "huge length")
