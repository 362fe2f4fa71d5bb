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

@test "a long answer goes packed to who asks for that, a short one never" {
    serve mean
    awk 'BEGIN { printf "[{\"x\":1,\"y\":2}"; for (i = 0; i < 3000; i++) printf ",{\"x\":%d,\"y\":%d}", i, i % 7; print "]" }' > rows
    ask() { curl -sS -D head -H 'Content-Type: application/json' -H "Accept-Encoding: $1" --data-binary "@${2:-rows}" "$URL/predict"; }
    ask identity > plain
    grep -qi '^vary: accept-encoding' head
    run ! grep -qi '^content-encoding' head
    while IFS='|' read -r accept coding; do
        ask "$accept" > body
        [ "$(sed -n 's/\r$//; s/^content-encoding: //Ip' head)" = "$coding" ] || { echo "$accept"; cat head; return 1; }
        python3 -c "
import gzip, sys, zlib
data = open('body', 'rb').read()
sys.stdout.buffer.write({'gzip': gzip.decompress, 'deflate': zlib.decompress, '': bytes}['$coding'](data))" | cmp - plain
        [ -z "$coding" ] || [ "$(stat -c %s body)" -lt $(($(stat -c %s plain) / 2)) ]
    done <<- 'TABLE'
		gzip|gzip
		deflate, gzip|gzip
		gzip;q=0, deflate|deflate
		GZIP;q=0.5|gzip
		gzip;q=0.0|
		gzipped|
		br, zstd|
		*|
		deflate ; q=1|deflate
	TABLE
    printf '[{"x":1,"y":2}]' > short
    ask gzip short | jq -e 'length == 1'
    run ! grep -qi '^vary\|^content-encoding' head
    # a page, and HEAD
    curl -sS --compressed "$URL/openapi.json" | jq -e '.openapi == "3.1.0"'
    curl -sSI -H 'Accept-Encoding: gzip' "$URL/openapi.json" | grep -qi '^content-encoding: gzip'
}
