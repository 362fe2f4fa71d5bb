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
    grep -q 'leave room for 29 connections' serve.log
    python3 "$WIRE/limits.py" "$PORT" files
}

@test "however many clients come, descriptors are left for keys, models and logs" {
    printf '#!/bin/sh\nexec prlimit --nofile=100 "%s" "$@"\n' "$(command -v "$MLCTL")" > few # the clients may have more
    chmod +x few
    MLCTL=$PWD/few serve mean --threads 2
    grep -q 'leave room for 61 connections' serve.log
    python3 "$WIRE/limits.py" "$PORT" spare "$SERVER" 100
}

@test "as many open files as the connections take are asked for" {
    ulimit -Sn 100
    serve mean --threads 2 --max-connections 200
    [ ! -s serve.log ]
    grep -q '^Max open files  *487 ' "/proc/$SERVER/limits"
}

@test "long answers that clients do not take fill no memory, and keep no requests" {
    serve people --max-body 1900K
    python3 "$WIRE/limits.py" "$PORT" untaken "$SERVER"
}

@test "a number too far out is found in a wide row, soon" {
    awk 'BEGIN { srand(1); for (r = 0; r < 200; r++) for (c = 1; c <= 1000; c++)
                 printf "%s%s", r ? rand() : "c" c, c < 1000 ? "," : r ? "," r "\n" : ",y\n" }' > wide.csv
    "$MLCTL" train wide.csv -q -m "$BATS_FILE_TMPDIR/wide.safetensors" > /dev/null
    serve wide
    python3 "$WIRE/limits.py" "$PORT" wide 1000
}

@test "too many rows, too deep a nesting" {
    serve mean --max-rows 2 --max-depth 3
    [[ $(json '[{"x":1,"y":1},{"x":1,"y":1}]' -o /dev/null -w '%{http_code}') == 200 ]]
    [[ $(json '[{"x":1,"y":1},{"x":1,"y":1},{"x":1,"y":1}]' -o /dev/null -w '%{http_code}') == 413 ]]
    [[ $(json '[{"x":1,"y":1,"z":[1]}]' -o /dev/null -w '%{http_code}') == 200 ]]
    json '[{"x":1,"y":1,"z":[[1]]}]' | jq -e '.error == "JSON is nested more than 3 levels deep"'
}

@test "metrics and health on a port of their own are there when the other one is full, and until the end" {
    serve mean --metrics-port 0 --max-connections 1 --threads 1
    side=http://127.0.0.1:$(jq -r .metrics_port serve.json)
    [ "$side" != "$URL" ]
    # one connection takes the only place, half way through its request
    exec 5<> "/dev/tcp/127.0.0.1/$PORT"
    printf 'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n' >&5
    full() { [ "$(code "$URL/healthz")" = 503 ]; }
    soon full
    for path in /healthz /readyz /ping /v2/health/ready /metrics; do [ "$(code "$side$path")" = 200 ]; done
    for path in / /model /docs /v2/models /nothing; do [ "$(code "$side$path")" = 404 ]; done
    [ "$(code -d '{"instances":[[1,2]]}' "$side/v1/models/mean:predict")" = 400 ] # TensorFlow Serving's word for no such path
    curl -sS "$side/metrics" | grep -qE '^mlctl_connections_refused_total\{reason="full"\} [1-9]'
    curl -sS "$side/metrics" | grep -q '^mlctl_connections 1$'
    # while what is in flight is finished, whoever watches is told so
    kill -TERM "$SERVER"
    leaving() { [ "$(code "$side/readyz")" = 503 ]; }
    soon leaving
    printf '{"x":4,"y":5}' >&5
    head -n 1 <&5 | grep -q '200 OK'
    exec 5>&-
    ended
    serve mean --metrics-port 0
    [ "$(code "$URL/metrics")" = 404 ]
    [ "$(code "$URL/healthz")" = 200 ]
    curl -sS "$URL/execution-parameters" | jq -e --argjson n "$(nproc)" '.MaxConcurrentTransforms == ([$n, 8] | min)'
    curl -sS "$URL/openapi.json" | jq -e '.paths | has("/healthz") and (has("/metrics") | not)'
    run -5 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 --metrics-port "$PORT"
    [[ $output == *'Address already in use'* ]]
}

# cannot_start OPTION...: a server with one more thread each time is one line, and an end with 5, until it starts
cannot_start() {
    local threads status
    for ((threads = 1; threads < 30; threads++)); do
        # shellcheck disable=SC2016
        "${as[@]}" bash -c 'ulimit -u "$0"; exec "$@"' "$threads" "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 --metrics-port 0 --json \
            --threads 1 --workers 1 "$@" > serve.json 2> serve.log 3>&- &
        SERVER=$!
        soon started
        [ -z "$PORT" ] || break
        status=0
        wait "$SERVER" || status=$?
        SERVER=
        [ "$status" -eq 5 ] || { cat serve.log; return 1; }
        [[ $(< serve.log) == 'mlctl serve: cannot start '*': Resource temporarily unavailable' ]] || { cat serve.log; return 1; }
        [ "$(wc -l < serve.log)" -eq 1 ]
    done
    [ "$(code "http://127.0.0.1:$PORT/healthz")" = 200 ]
    stop
    echo "$threads"
}

# as a user who may have so many threads; root may have any number, and reads what is only root's
@test "a thread that cannot be started is one line, whichever it is, and an end with 5" {
    as=(setpriv --reuid $((70000 + BASHPID % 10000)) --clear-groups --inh-caps +dac_override --ambient-caps +dac_override)
    "${as[@]}" true || skip "no other user can be taken on here"
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # which starts a thread itself
    cannot_start > few.txt
    [ "$(cat few.txt)" -gt 5 ]
    # the clerk's, that which watches the keys, and those of two logs
    "$MLCTL" token new --name boss --scopes admin --json | jq -r .line > keys
    cannot_start --tokens keys --access-log access.log --prediction-log predictions.log > more.txt
    [ "$(cat more.txt)" -eq $(($(cat few.txt) + 4)) ]
}
