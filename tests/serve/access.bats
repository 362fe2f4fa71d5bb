load common

# token NAME SCOPES: a new key in the file keys; prints its token
token() {
    "$MLCTL" token new --name "$1" --scopes "$2" --json > token.json
    jq -r .line token.json >> keys
    jq -r .token token.json
}

# asked STATUS CURL-OPTION...
asked() {
    local expected=$1 status
    shift
    status=$(code "$@")
    [[ $status == "$expected" ]] || { echo "expected $expected, got $status: $*"; return 1; }
}

# key_is STATUS TOKEN: what a prediction asked for with that token gets
key_is() {
    asked "$1" -H "Authorization: Bearer $2" -H 'Content-Type: application/json' -d '{"x":1,"y":3}' "$URL/predict"
}

@test "mlctl token new prints a token, and its hash for the file" {
    "$MLCTL" token new --name shop --scopes predict,metrics > out.txt
    token=$(awk '$1 == "token" { print $2 }' out.txt)
    [[ $token =~ ^mlctl_[A-Za-z0-9_-]{43}$ ]]
    [[ $(awk '$1 == "line" { print $2, $3, $4 }' out.txt) == "shop predict,metrics sha256:$(printf %s "$token" | sha256sum | cut -d' ' -f1)" ]]
    [[ $("$MLCTL" token new --json | jq -r .token) != "$("$MLCTL" token new --json | jq -r .token)" ]]
    for bad in 'old' 'new --scopes all' 'new --name a/b' 'new --scopes predict,predict'; do
        status=0
        # shellcheck disable=SC2086 # words
        "$MLCTL" token $bad > /dev/null 2> error.txt || status=$?
        [ "$status" -eq 2 ]
    done
}

@test "a token opens what its scopes say, and nothing else does" {
    predict=$(token shop predict) metrics=$(token prometheus metrics) both=$(token ops predict,metrics)
    serve mean --tokens keys
    for path in / /healthz /readyz /ping /health /v2/health/live /v2/health/ready; do asked 200 "$URL$path"; done
    for path in /model /version /v2 /v2/models /v2/models/mean /v1/models/mean /execution-parameters /metrics; do
        asked 401 "$URL$path"
        asked 401 -H 'Authorization: Bearer mlctl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' "$URL$path"
        asked 200 -H "Authorization: Bearer $both" "$URL$path"
        asked 200 -H "X-API-Key: $both" "$URL$path"
    done
    asked 403 -H "Authorization: Bearer $predict" "$URL/metrics"
    asked 200 -H "Authorization: Bearer $metrics" "$URL/metrics"
    key_is 200 "$predict"
    key_is 403 "$metrics"
    key_is 401 "${predict}x"
    key_is 401 "${predict%?}"
    key_is 401 "$(jq -r .line token.json | cut -d: -f2)" # the hash is no token
    asked 401 -u "shop:$predict" "$URL/model"
    asked 401 "$URL/model?token=$predict"
    for path in predict invocations v1/models/mean:predict v2/models/mean/infer v2/repository/index v2/models/other/infer; do
        asked 401 -H 'Content-Type: application/json' -d '{}' "$URL/$path"
    done
    asked 401 -H "Authorization: Bearer $(printf 'a%.0s' {1..20000})" "$URL/model"
    asked 400 -H "Authorization: Bearer $both" -H "Authorization: Bearer $both" "$URL/model"
    asked 400 -H "X-API-Key: $both" -H "X-API-Key: x" "$URL/model"
}

@test "the refusals are the standard's, and a large body is refused before it is sent" {
    token=$(token shop predict)
    serve mean --tokens keys
    curl -sS -D head.txt "$URL/model" | jq -e '.error_code == "UNAUTHENTICATED" and (.error | contains("Authorization: Bearer"))'
    tr -d '\r' < head.txt | grep -qx 'WWW-Authenticate: Bearer realm="mlctl"'
    curl -sS -D head.txt -H 'Authorization: Bearer x' "$URL/model" | jq -e .error
    tr -d '\r' < head.txt | grep -qx 'WWW-Authenticate: Bearer realm="mlctl", error="invalid_token"'
    curl -sS -D head.txt -H "Authorization: Bearer $token" "$URL/metrics" | jq -e '.error_code == "PERMISSION_DENIED"'
    tr -d '\r' < head.txt | grep -qx 'WWW-Authenticate: Bearer realm="mlctl", error="insufficient_scope"'
    head -c 4000000 /dev/zero > zeros
    sent=$(curl -sS -o /dev/null -w '%{http_code} %{size_upload}' -H 'Expect: 100-continue' --expect100-timeout 60 \
        -H 'Content-Type: application/json' --data-binary @zeros "$URL/predict")
    [[ $sent == "401 0" ]]
}

@test "--open names what needs no token; administration is never open" {
    token=$(token shop predict)
    serve mean --tokens keys --open metrics
    asked 200 "$URL/metrics"
    asked 401 "$URL/model"
    key_is 200 "$token"
    for options in '--open metrics' '--tokens keys --open admin' '--tokens keys --open none' '--tokens nowhere'; do
        status=0
        # shellcheck disable=SC2086 # words
        timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 $options > /dev/null 2> error.txt || status=$?
        [[ $status == 2 || $options == *nowhere && $status == 5 ]] || { echo "$options: $status"; return 1; }
    done
    echo 'shop predict sha256:1' > keys
    status=0
    "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 --tokens keys 2> error.txt || status=$?
    [ "$status" -eq 2 ]
    grep -q 'keys: line 1: behind the scopes comes sha256:' error.txt
}

@test "keys come and go while the server runs; a wrong file changes nothing" {
    first=$(token first predict)
    serve mean --tokens keys
    second=$(token second predict)
    soon key_is 200 "$second" > /dev/null
    key_is 200 "$first"
    sed -i /first/d keys
    soon key_is 401 "$first" > /dev/null
    key_is 200 "$second"
    echo 'this is no key' >> keys
    soon grep -q 'the keys stay as they were' serve.log
    key_is 200 "$second"
    rm keys
    third=$(token third predict)
    soon key_is 200 "$third" > /dev/null
    key_is 401 "$second"
}

@test "no token is ever in the log, the metrics or the answers; the key's name is" {
    token=$(token shop predict)
    serve mean --tokens keys --open metrics -v
    key_is 200 "$token"
    key_is 401 "${token}wrong"
    curl -sS "$URL/metrics" > metrics.txt
    grep -q 'mlctl_http_requests_total{route="/predict",code="401"} 1' metrics.txt
    soon grep -q 'POST /predict 200 .* key shop' serve.log
    run ! grep -F "${token#mlctl_}" serve.log serve.json metrics.txt keys "/proc/$SERVER/cmdline"
}
