load common

# packed CODING: standard input as that coding
packed() {
    python3 -c "
import gzip, sys, zlib
data = sys.stdin.buffer.read()
sys.stdout.buffer.write({'gzip': gzip.compress, 'x-gzip': gzip.compress, 'deflate': zlib.compress}['$1'](data))"
}

@test "a packed body is what it unpacks to" {
    serve mean
    json '[{"x":1,"y":2},{"x":3,"y":5}]' > plain.json
    for coding in gzip x-gzip deflate; do
        printf '[{"x":1,"y":2},{"x":3,"y":5}]' | packed $coding > body
        curl -sS -H 'Content-Type: application/json' -H "Content-Encoding: $coding" --data-binary @body "$URL/predict" > served.json
        cmp plain.json served.json
    done
    [[ $(json '{"x":1,"y":2}' -H 'Content-Encoding: identity' -o /dev/null -w '%{http_code}') == 200 ]]
    [[ $(json '{"x":1,"y":2}' -H 'Content-Encoding: br' -o /dev/null -w '%{http_code}') == 415 ]]
}

@test "a packed body that is broken, cut, followed by something, or too large" {
    serve mean --max-body 100000
    packed gzip <<< '{"x":1,"y":2}' > body
    head -c 20 body > cut
    cat body <(echo more) > long
    awk 'BEGIN { printf "{\"x\":1,\"y\":2,\"z\":\""; for (i = 0; i < 1000000; i++) printf "zzzzzzzzzz"; print "\"}" }' | packed gzip > bomb
    awk 'BEGIN { printf "{\"x\":1,\"y\":2}"; for (i = 13; i < 100000; i++) printf " " }' | packed gzip > full
    before=$(awk '/VmHWM/ { print $2 }' "/proc/$SERVER/status")
    for try in cut:400 long:400 bomb:413 full:200 body:200; do
        [[ $(code -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' --data-binary "@${try%:*}" "$URL/predict") == "${try#*:}" ]] || { echo "$try"; return 1; }
    done
    [[ $(json '{"x":1,"y":2}' -H 'Content-Encoding: gzip' -o /dev/null -w '%{http_code}') == 400 ]]
    [[ $(json '' -H 'Content-Encoding: gzip' -o /dev/null -w '%{http_code}') == 400 ]]
    after=$(awk '/VmHWM/ { print $2 }' "/proc/$SERVER/status")
    [ $((after - before)) -lt 24576 ]
    curl -s "$URL/healthz"
}
