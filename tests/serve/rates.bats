load common

# codes N CURL-OPTION...: the statuses of so many requests
codes() {
    local n=$1 i
    shift
    for ((i = 0; i < n; i++)); do printf '%s ' "$(code "$@")"; done
}

@test "an address that asks too often gets 429 with Retry-After; others and health probes do not" {
    serve mean --rate-limit 0.01 --rate-burst 3
    [[ $(codes 5 "$URL/model") == '200 200 200 429 429 ' ]]
    curl -sS -D head.txt "$URL/model" | jq -e '.error_code == "TOO_MANY_REQUESTS"'
    wait=$(tr -d '\r' < head.txt | awk '$1 == "Retry-After:" { print $2 }')
    ((wait > 1 && wait <= 100))
    [[ $(codes 2 "$URL/nothing") == '429 429 ' ]]
    [[ $(codes 2 -H 'Content-Type: application/json' -d '{"x":1,"y":3}' "$URL/predict") == '429 429 ' ]]
    [[ $(codes 6 "$URL/healthz") == '200 200 200 200 200 200 ' ]]
    [[ $(codes 4 --interface 127.0.0.2 "$URL/model") == '200 200 200 429 ' ]]
    [[ $(codes 4 --interface 127.0.0.3 "$URL/nothing") == '404 404 404 429 ' ]]
    [[ $(codes 4 --interface 127.0.0.4 -H 'X-Forwarded-For: 192.0.2.1' "$URL/model") == '200 200 200 429 ' ]]
    [[ $(codes 1 --interface 127.0.0.4 -H 'X-Forwarded-For: 192.0.2.2' "$URL/model") == '429 ' ]]
}

@test "who has waited as long as Retry-After says is answered" {
    serve mean --rate-limit 1 --rate-burst 1
    again() { [[ $(code "$URL/model") == 200 ]]; }
    soon again
    soon again
}

# bats test_tags=release
@test "in ten seconds an address is let in rate times ten and burst times, to one request" {
    serve mean --rate-limit 20 --rate-burst 20
    python3 "$WIRE/rate.py" "$PORT" 20 20 10 127.0.0.{2..9}
}

@test "behind a proxy that is listed the client counts, not the proxy" {
    serve mean --rate-limit 0.01 --rate-burst 2 --trust-proxy 127.0.0.1,10.0.0.0/8
    [[ $(codes 3 -H 'X-Forwarded-For: 192.0.2.1' "$URL/model") == '200 200 429 ' ]]
    [[ $(codes 3 -H 'X-Forwarded-For: 6.6.6.6, 192.0.2.2, 10.0.0.1' "$URL/model") == '200 200 429 ' ]]
    [[ $(codes 1 -H 'X-Forwarded-For: 7.7.7.7, 192.0.2.2' "$URL/model") == '429 ' ]]
    [[ $(codes 3 --interface 127.0.0.2 -H 'X-Forwarded-For: 192.0.2.3' "$URL/model") == '200 200 429 ' ]]
    [[ $(codes 1 --interface 127.0.0.2 -H 'X-Forwarded-For: 192.0.2.4' "$URL/model") == '429 ' ]]
}

@test "a key has a rate of its own, wherever it comes from; wrong tokens count for the address" {
    "$MLCTL" token new --name slow --rate 0.01 --burst 2 --json > slow.json
    "$MLCTL" token new --name fast --json > fast.json
    jq -r .line slow.json fast.json > keys
    grep -qE '^slow predict sha256:[0-9a-f]{64} rate=0.01 burst=2$' keys
    serve mean --tokens keys --rate-limit 0.01 --rate-burst 8
    slow=$(jq -r .token slow.json) fast=$(jq -r .token fast.json)
    [[ $(codes 3 -H "X-API-Key: $slow" "$URL/model") == '200 200 429 ' ]]
    [[ $(codes 1 --interface 127.0.0.2 -H "X-API-Key: $slow" "$URL/model") == '429 ' ]]
    [[ $(codes 4 -H "X-API-Key: $fast" "$URL/model") == '200 200 200 200 ' ]]
    [[ $(codes 3 -H "X-API-Key: wrong" "$URL/model") == '401 429 429 ' ]]
    [[ $(codes 8 --interface 127.0.0.3 -H "X-API-Key: wrong" "$URL/model") == '401 401 401 401 401 401 401 401 ' ]]
    [[ $(codes 2 --interface 127.0.0.3 -H "X-API-Key: $fast" "$URL/model") == '429 429 ' ]]
}

@test "rates that are none" {
    for options in '--rate-limit -1' '--rate-limit 1e9' '--rate-burst 3' '--rate-limit 1 --rate-burst -1' '--trust-proxy example.org'; do
        status=0
        # shellcheck disable=SC2086 # words
        timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 $options > /dev/null 2> error.txt || status=$?
        [ "$status" -eq 2 ] || { echo "$options: $status"; return 1; }
    done
}
