load common

@test "SIGTERM under load: no request fails, the process ends with 0" {
    for delay in 0.3 0.5 0.7 0.41 0.63; do
        serve mean
        python3 "$WIRE/drain.py" "$PORT" "$SERVER" "$delay"
        ended
    done
}

# taken COUNT: waits until the server has so many connections, that of the question among them, and a moment more
taken() {
    has() { curl -s "$URL/metrics" | grep -qx "mlctl_connections $1"; }
    soon has "$1"
    sleep 0.2
}

refuses() { ! curl -s "$URL/healthz"; }

@test "while requests are finished the server is not ready, and takes nobody in" {
    serve mean --grace 60
    exec 4<> "/dev/tcp/127.0.0.1/$PORT" 5<> "/dev/tcp/127.0.0.1/$PORT"
    printf 'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"x":' >&4
    printf 'GET /readyz HTTP/1.1\r\nHost: a\r\nX: ' >&5
    taken 3
    kill -TERM "$SERVER"
    soon refuses
    printf '1\r\n\r\n' >&5
    timeout 20 cat <&5 > ready.txt
    grep -q '^HTTP/1.1 503' ready.txt
    grep -q '^Connection: close' ready.txt
    printf '4,"y":5}' >&4
    timeout 20 cat <&4 > predict.txt
    grep -q '^HTTP/1.1 200' predict.txt
    ended
}

@test "an idle connection does not hold up the stop" {
    serve mean
    exec 4<> "/dev/tcp/127.0.0.1/$PORT"
    printf 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n' >&4
    taken 2
    kill -TERM "$SERVER"
    timeout 15 tail --pid="$SERVER" -f /dev/null
    ended
}

@test "after the grace time what is left is cut" {
    serve mean --grace 1
    exec 4<> "/dev/tcp/127.0.0.1/$PORT"
    printf 'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"x":' >&4
    taken 2
    kill -TERM "$SERVER"
    timeout 20 tail --pid="$SERVER" -f /dev/null
    ended
    grep -q '1 connections were not done after 1 seconds' serve.log
}

@test "SIGHUP while requests are finished changes nothing" {
    serve mean --grace 60
    exec 4<> "/dev/tcp/127.0.0.1/$PORT"
    printf 'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"x":' >&4
    taken 2
    kill -TERM "$SERVER"
    soon refuses
    kill -HUP "$SERVER"
    printf '4,"y":5}' >&4
    timeout 20 cat <&4 > predict.txt
    grep -q '^HTTP/1.1 200' predict.txt
    ended
}

@test "neither models that are being read again nor a disk that does not answer hold up the stop" {
    cp "$BATS_FILE_TMPDIR/mean.safetensors" live.safetensors
    cp "$BATS_FILE_TMPDIR/people.safetensors" next.safetensors
    BATS_FILE_TMPDIR=$PWD serve live --audit-log audit.log
    or_skip python3 "$WIRE/held.py" "$PORT" "$SERVER" audit.log
    ended
    jq -se 'map(.action) == ["reload", "stop"]' audit.log
}

@test "changes of models that have not begun when the grace is over are not made" {
    "$MLCTL" token new --name boss --scopes admin --json > token.json
    jq -r .line token.json > keys
    serve mean --tokens keys --audit-log audit.log --grace 1
    or_skip python3 "$WIRE/halt.py" "$PORT" "$SERVER" "$(jq -r .token token.json)" audit.log serve.log
    ended
    jq -se 'map(.action) == ["load", "stop"]' audit.log
}
