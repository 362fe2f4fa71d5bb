load common

@test "the body limit is answered before the upload, and the answer arrives" {
    serve mean --max-body 100000
    python3 "$WIRE/limits.py" "$PORT" body
}

@test "beyond the connection limit: 503 at once" {
    serve mean --max-connections 5
    python3 "$WIRE/limits.py" "$PORT" connections 5
    curl -s "$URL/metrics" | grep -qE '^mlctl_connections_refused_total\{reason="full"\} [1-9][0-9]+$' # ten, and those that came too early
}

@test "beyond the limit of one address: 429, others are served" {
    serve mean --max-per-address 4
    python3 "$WIRE/limits.py" "$PORT" address 4
    curl -s "$URL/metrics" | grep -qE '^mlctl_connections_refused_total\{reason="address"\} [1-9][0-9]+$' # ten, and those that came too early
}

@test "with few open files the server says so, lives and serves again" {
    ulimit -n 64
    serve mean --threads 2
    grep -q 'leave room for 34 connections' serve.log
    python3 "$WIRE/limits.py" "$PORT" files
}

@test "too many rows, too deep a nesting" {
    serve mean --max-rows 2 --max-depth 3
    [[ $(json '[{"x":1,"y":1},{"x":1,"y":1}]' -o /dev/null -w '%{http_code}') == 200 ]]
    [[ $(json '[{"x":1,"y":1},{"x":1,"y":1},{"x":1,"y":1}]' -o /dev/null -w '%{http_code}') == 413 ]]
    [[ $(json '[{"x":1,"y":1,"z":[1]}]' -o /dev/null -w '%{http_code}') == 200 ]]
    json '[{"x":1,"y":1,"z":[[1]]}]' | jq -e '.error == "JSON is nested more than 3 levels deep"'
}

# bats test_tags=release
@test "a megabyte of hostile JSON is answered without taking memory" {
    if ldd "$MLCTL" | grep -qE 'lib[at]san'; then skip "sanitizers take memory of their own"; fi
    serve mean
    for bomb in '{},' '[],' '"",' '0,' '0.5,' '{"a":{}},' '[[[['; do
        awk -v b="$bomb" 'BEGIN { printf "{\"x\":1,\"y\":2,\"z\":["; for (i = 0; i < 1048576 / length(b); i++) printf "%s", b; print "0]}" }' > bomb.json
        before=$(awk '/VmHWM/ { print $2 }' "/proc/$SERVER/status")
        status=$(code -H 'Content-Type: application/json' --data-binary @bomb.json "$URL/predict")
        after=$(awk '/VmHWM/ { print $2 }' "/proc/$SERVER/status")
        echo "$bomb: $status, $((after - before)) KiB more"
        [[ $status == 200 || $status == 400 || $status == 413 ]]
        [ $((after - before)) -lt 24576 ]
    done
}
