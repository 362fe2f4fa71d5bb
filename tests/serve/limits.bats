load common

@test "each limit is answered at once, with the status it has" {
    serve mean
    python3 "$WIRE/limits.py" "$PORT" answers
}

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
