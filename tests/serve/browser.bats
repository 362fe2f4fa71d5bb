load common

# head_of CURL-OPTION...: the reply's header fields
head_of() {
    curl -sS -o /dev/null -D - "$@" | tr -d '\r'
}

# has TEXT: a line of the header fields on standard input; all of them are shown when it is not there
has() {
    local head
    head=$(cat)
    grep -qix "$1" <<< "$head" || { echo "no $1 in:"; echo "$head"; return 1; }
}

@test "every answer says that it is no page, no script and nothing to keep" {
    serve mean
    for path in / /model /metrics /healthz /readyz /version /v2 /v2/models /v1/models /nothing /predict; do
        head_of "$URL$path" > head.txt
        has 'X-Content-Type-Options: nosniff' < head.txt
        has 'Cache-Control: no-store' < head.txt
        has "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'" < head.txt
        has 'Cross-Origin-Resource-Policy: same-origin' < head.txt
        has 'Referrer-Policy: no-referrer' < head.txt
        run ! grep -qi '^Server:' head.txt
    done
    head_of --json '{"x":1,"y":3}' "$URL/predict" > head.txt
    has 'X-Content-Type-Options: nosniff' < head.txt
    has 'Cache-Control: no-store' < head.txt
}

@test "so it is on every path there is, for every method, for what is asked in a browser and what is refused" {
    serve mean
    curl -sS "$URL/openapi.json" | jq -r '.paths | to_entries[] | .key as $path | .value | keys[] | . + " " + $path' | sed 's/{[a-z]*}/any/g' > operations
    [ "$(wc -l < operations)" -ge 50 ]
    while read -r method path; do
        body=()
        [ "$method" = get ] || body=(--json '{}')
        for more in 'Accept: */*' 'Accept: text/html' 'Origin: https://evil.example'; do
            head_of -X "${method^^}" "${body[@]}" -H "$more" "$URL$path" > head.txt
            has 'X-Content-Type-Options: nosniff' < head.txt
            has 'Cache-Control: no-store' < head.txt
            [ "$method" = post ] || has "Content-Security-Policy: default-src 'none';.*" < head.txt
            run ! grep -qiE '^(Server|Access-Control-.*|X-Powered-By):' head.txt
        done
    done < operations
}

@test "pages of other origins are not let in unless they are named" {
    serve mean
    head_of -H 'Origin: https://shop.example' "$URL/model" > head.txt
    run ! grep -qi '^Access-Control' head.txt
    [[ $(code -X OPTIONS -H 'Origin: https://shop.example' -H 'Access-Control-Request-Method: POST' "$URL/predict") == 405 ]]
}

@test "--cors lets in the origins it names, without credentials; tokens are asked for as ever" {
    "$MLCTL" token new --json > token.json
    jq -r .line token.json > keys
    serve mean --cors https://shop.example,http://localhost:3000 --tokens keys
    preflight=(-X OPTIONS -H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: authorization,content-type')
    curl -sS -i "${preflight[@]}" -H 'Origin: https://shop.example' "$URL/predict" | tr -d '\r' > head.txt
    grep -q '^HTTP/1.1 204' head.txt
    has 'Access-Control-Allow-Origin: https://shop.example' < head.txt
    has 'Access-Control-Allow-Methods: POST' < head.txt
    has 'Access-Control-Allow-Headers: .*Authorization.*Content-Type.*' < head.txt
    has 'Vary: Origin' < head.txt
    run ! grep -qi 'Allow-Credentials' head.txt
    for origin in https://evil.example https://shop.example.evil.example http://shop.example null; do
        [[ $(code "${preflight[@]}" -H "Origin: $origin" "$URL/predict") == 403 ]]
        head_of -H "Origin: $origin" "$URL/model" > head.txt
        run ! grep -qi '^Access-Control' head.txt
    done
    [[ $(code "${preflight[@]}" -H 'Origin: https://shop.example' "$URL/nothing") == 404 ]]
    [[ $(code -X OPTIONS -H 'Origin: https://shop.example' -H 'Access-Control-Request-Method: DELETE' "$URL/predict") == 405 ]]
    head_of -H 'Origin: https://shop.example' --json '{"x":1,"y":3}' "$URL/predict" > head.txt
    grep -q '^HTTP/1.1 401' head.txt
    has 'Access-Control-Allow-Origin: https://shop.example' < head.txt # the page may read why
    head_of -H 'Origin: http://localhost:3000' -H "Authorization: Bearer $(jq -r .token token.json)" \
        --json '{"x":1,"y":3}' "$URL/predict" > head.txt
    grep -q '^HTTP/1.1 200' head.txt
    has 'Access-Control-Allow-Origin: http://localhost:3000' < head.txt
    [[ $(grep -ci '^Access-Control-Allow-Origin' head.txt) == 1 ]]
}

@test "a page of another origin may send what decides on the canary, and read what an answer says in its head" {
    mkdir -p two/mean/1 two/mean/2
    cp "$BATS_FILE_TMPDIR/mean.safetensors" two/mean/1/model.safetensors
    cp "$BATS_FILE_TMPDIR/mean.safetensors" two/mean/2/model.safetensors
    "$MLCTL" serve two --port 0 --json --cors https://shop.example --canary mean=2:5% --canary-header X-User > serve.json 2> serve.log 3>&- &
    SERVER=$!
    soon started
    URL=http://127.0.0.1:$PORT
    head_of -X OPTIONS -H 'Access-Control-Request-Method: POST' -H 'Origin: https://shop.example' "$URL/predict" > head.txt
    has 'Access-Control-Allow-Headers: .*Content-Encoding.*, X-User' < head.txt
    head_of -H 'Origin: https://shop.example' --json '{"x":1,"y":3}' "$URL/predict" > head.txt
    has 'Access-Control-Expose-Headers: .*WWW-Authenticate.*X-Mlctl-Nulls.*' < head.txt
    for bad in 'X User' 'X-User:'; do
        run -2 timeout 60 "$MLCTL" serve two --port 0 --canary mean=2:5% --canary-header "$bad"
        [[ $output == *"--canary-header \"$bad\" is no name of a header field"* ]]
    done
}

@test "--cors '*' is anybody; what is no origin is refused" {
    serve mean --cors '*'
    head_of -H 'Origin: https://shop.example' "$URL/model" | has 'Access-Control-Allow-Origin: \*'
    for bad in example.org https://example.org/ ftp://a 'https://a,*'; do
        status=0
        timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 --cors "$bad" > /dev/null 2> error.txt || status=$?
        [ "$status" -eq 2 ]
        grep -q 'is no origin' error.txt
    done
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 --cors ''
    [[ $output == 'mlctl serve: --cors is given without a value; expected ORIGINS' ]]
}
