load common

# lines FILE COUNT: so many are there
lines() { [ -f "$1" ] && [ "$(wc -l < "$1")" -ge "$2" ]; }

@test "a trace goes on, an id comes back, and what is malformed begins anew" {
    serve mean
    trace=0af7651916cd43dd8448eb211c80319c span=b7ad6b7169203331
    json '{"x":1,"y":2}' -D head.txt > /dev/null
    run ! grep -iE '^(traceparent|tracestate|x-request-id):' head.txt
    json '{"x":1,"y":2}' -D head.txt -H "traceparent: 00-$trace-$span-01" -H 'tracestate: a=1,b=2' -H 'X-Request-Id: order-7' > /dev/null
    grep -qE "^traceparent: 00-$trace-[0-9a-f]{16}-01"$'\r$' head.txt
    run ! grep -q "$span" head.txt
    grep -q $'^tracestate: a=1,b=2\r$' head.txt
    json '{"x":1,"y":2}' -H "traceparent: 00-$trace-$span-01" -H 'tracestate;' | jq -e .prediction # one without a value
    grep -q $'^X-Request-Id: order-7\r$' head.txt
    for parent in "00-${trace^^}-$span-01" "00-$trace-0000000000000000-01" "ff-$trace-$span-01" "00-$trace-$span-01-x" "x"; do
        json '{"x":1,"y":2}' -D head.txt -H "traceparent: $parent" -H 'tracestate: a=1' > /dev/null
        grep -qE '^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00'$'\r$' head.txt
        run ! grep -iE "$trace|tracestate" head.txt
    done
    json '{"x":1,"y":2}' -D head.txt -H "traceparent: 00-$trace-$span-01" -H "traceparent: 00-$trace-$span-01" > /dev/null
    run ! grep "$trace" head.txt
    json '{"x":1,"y":2}' -D head.txt -H 'X-Request-Id: a"b' > /dev/null
    run ! grep -i x-request-id head.txt
    stop
    serve mean --request-ids
    curl -sS -D head.txt "$URL/nothing" > /dev/null
    trace=$(sed -n 's/^traceparent: 00-\([0-9a-f]\{32\}\)-[0-9a-f]\{16\}-00\r$/\1/p' head.txt)
    [ -n "$trace" ]
    grep -q "^X-Request-Id: $trace"$'\r$' head.txt
}

@test "the access log has a line for each request, which nothing that a client sends can break" {
    "$MLCTL" token new --name shop --json > token.json
    token=$(jq -r .token token.json)
    jq -r .line token.json > keys
    mkdir log
    serve people --tokens keys --open predict --access-log log/access --trust-proxy 127.0.0.1
    row='{"age":30,"city":"Oslo","when":"2024-01-01"}'
    json "$row" -H 'X-Request-Id: order-7' -H 'X-Forwarded-For: 10.1.2.3' > answer.txt
    json "[$row,$row]" -H 'X-Request-Id: two' -H "Authorization: Bearer $token" > /dev/null
    json "[$row,$row" -H 'X-Request-Id: broken' -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' > /dev/null
    curl -sS -o /dev/null -H 'X-Request-Id: denied' -H "X-API-Key: $token" "$URL/metrics?token=$token"
    curl -sS -o /dev/null -H 'X-Request-Id: unknown' -H "Authorization: Bearer ${token}x" "$URL/metrics"
    curl -sS -o /dev/null -H 'X-Request-Id: nothing' "$URL/nothing"
    # raw bytes in every place that a line takes from a client
    python3 - "$PORT" <<'PYTHON'
import socket, sys
for attack in (b'"', b"\\", b"\x1b[2J", b"\r", b"\n", b"\x00", b"\xff\xfe", b"\xc2\x9b31m", b"\xe2\x80\xae", b'","status":200,"x":"', b"\r\n{\"id\":\"forged\"}", b"\x7f", b"%0d%0a"):
    for head in (b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n", b"G%sT / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: %s\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: a\r\ntraceparent: 00-%s\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\ntracestate: %s\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: %s\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
            s.sendall(head % attack)
            s.shutdown(socket.SHUT_WR)
            while s.recv(4096):
                pass
PYTHON
    stop
    jq -e . log/access > /dev/null
    [ "$(wc -l < log/access)" -eq "$(jq -s length log/access)" ]
    lines log/access 80
    jq -se 'all(.[]; (.id | test("^[0-9A-Za-z:/+=@._-]{1,128}$")) and (.trace | test("^[0-9a-f]{32}$")) and (.time | test("^20..-..-..T..:..:..\\....Z$")))' log/access
    jq -se 'map(select(.id == "forged" or .x)) == []' log/access
    run ! grep -P '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]' log/access
    run ! grep -F "${token#mlctl_}" log/access
    iconv -f UTF-8 -t UTF-8 log/access > /dev/null
    jq -s 'map({(.id): .}) | add' log/access > by_id # each thread's lines are in order, not those of all
    jq -e --argjson out "$(wc -c < answer.txt)" '.["order-7"] | .client == "10.1.2.3" and .method == "POST" and .path == "/predict" and
        .route == "/predict" and .status == 200 and .bytes_in == 44 and .bytes_out == $out and .seconds > 0 and .seconds < 60 and
        .model == "people" and .version == "1" and (.digest | length == 64) and .rows == 1 and .key == null' by_id
    jq -e '.two | .rows == 2 and .client == "127.0.0.1"' by_id
    jq -e '.broken | .status == 400 and .rows == 0 and .trace == "0af7651916cd43dd8448eb211c80319c" and .caller == "b7ad6b7169203331"' by_id
    jq -e '.denied | .key == "shop" and .status == 403 and .path == "/metrics"' by_id
    jq -e '.unknown | .key == null and .status == 401' by_id
    jq -e '.nothing | .route == "other" and .path == "/nothing" and .status == 404 and (has("model") | not)' by_id
}

@test "a log that was renamed is opened again behind the sandbox, one that cannot be written holds nobody up" {
    mkdir log
    serve mean --access-log log/access
    json '{"x":1,"y":2}' > /dev/null
    soon lines log/access 1
    mv log/access log/access.1
    again() { json '{"x":1,"y":2}' > /dev/null; lines log/access 1; }
    soon again
    [ "$(stat -c %a log/access)" = 640 ]
    before=$(cat log/access log/access.1 | wc -l)
    rm -r log
    json '{"x":1,"y":2}' | jq -e .prediction
    curl -sS "$URL/metrics" | grep -q '^mlctl_log_lines_total{log="access"} '
    stop
    [ "$before" -ge 2 ]
    status=0
    "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 --access-log nowhere/log 2> error.txt || status=$?
    [ "$status" -eq 5 ]
    grep -q 'nowhere/log: cannot be opened to be written' error.txt
    # a pipe whose reader sleeps: answers go on, lines are dropped and counted
    mkfifo pipe
    sleep 600 < pipe &
    reader=$!
    serve mean --access-log pipe
    flood() { seq 3000 | sed "s|.*|url = $URL/healthz|" | curl -s -o /dev/null -K - ; }
    flood > /dev/null
    dropped() { curl -sS "$URL/metrics" | grep -qE '^mlctl_log_dropped_lines_total\{log="access"\} [1-9]'; }
    soon dropped
    kill "$reader"
    stop
}

@test "standard output can be the access log" {
    serve mean --access-log -
    curl -sS -o /dev/null "$URL/healthz" "$URL/readyz"
    two() { [ "$(grep -c '^{"time":' serve.json)" -ge 1 ]; }
    soon two
    grep '^{"time":' serve.json | jq -se '.[0].path == "/healthz"'
}

@test "predictions are logged row by row, rotated by size behind the sandbox, and nothing of what was refused" {
    mkdir log
    serve people --prediction-log log/predictions --prediction-log-size 8K --prediction-log-files 3
    row='{"age":30,"city":"Oslo","when":"2024-01-01"}'
    json "[$row,{\"age\":null,\"city\":\"Atlantis\",\"when\":\"2024-02-29T12:00:00Z\"}]" -D head.txt > answer.json
    id=$(sed -n 's/^X-Request-Id: \([0-9a-f]*\)\r$/\1/p' head.txt)
    json '[{"age":30,"city":"Oslo","when":"2024-01-01"},{"age":"x"}]' > /dev/null
    soon lines log/predictions 2
    jq -se --arg id "$id" --arg digest "$(jq -r .sha256 serve.json)" --slurpfile answer answer.json 'length == 2 and
        all(.[]; .id == $id and .model == "people" and .version == "1" and .digest == $digest) and map(.index) == [0, 1] and
        map(.row) == [{"age":30,"city":"Oslo","when":"2024-01-01"}, {"age":null,"city":"Atlantis","when":"2024-02-29T12:00:00Z"}] and
        map({prediction, probabilities}) == $answer[0] and (.[0] | keys_unsorted == ["time", "id", "index", "model", "version", "digest",
            "row", "prediction", "probabilities"])' log/predictions
    for _ in {1..8}; do
        json "[$row$(printf ",$row%.0s" {1..24})]" > /dev/null
        curl -sS --data-binary '{"instances":[{"age":30,"city":"Oslo","when":"2024-01-01"}]}' "$URL/v1/models/people:predict" > /dev/null
    done
    all_in() { curl -sS "$URL/metrics" | grep -qx 'mlctl_log_lines_total{log="predictions"} 210'; }
    soon all_in
    curl -sS "$URL/metrics" | grep -qx 'mlctl_log_dropped_lines_total{log="predictions"} 0'
    stop
    [ "$(echo log/*)" = 'log/predictions log/predictions.1 log/predictions.2' ]
    for file in log/*; do
        [ "$(stat -c %s "$file")" -le 8192 ]
        jq -e .row "$file" > /dev/null
    done
    # what is in the log can be predicted again, and is the same
    jq -sr '.[0].row | (keys_unsorted | join(",")), ([.[]] | join(","))' log/predictions > again.csv
    "$MLCTL" predict again.csv -q -m "$BATS_FILE_TMPDIR/people.safetensors" > again.out
    [ "$(tail -n 1 again.out | cut -d, -f2,3)" = "$(jq -sr '.[0].probabilities | map(tostring) | join(",")' log/predictions)" ]
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/people.safetensors" --port 0 --prediction-log x --prediction-log-sample 0
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/people.safetensors" --port 0 --prediction-log x --prediction-log-files 1
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/people.safetensors" --port 0 --prediction-log-sample 0.5
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/people.safetensors" --port 0 --prediction-log x --access-log x
    [[ $output == *'two logs cannot go into one file'* ]]
}

@test "the audit log says who changed what, and what it was before" {
    for name in boss shop; do "$MLCTL" token new --name $name --scopes "$([ $name = boss ] && echo admin || echo predict)" --json > $name.json; done
    jq -r .line boss.json shop.json > keys
    mkdir log
    cp "$BATS_FILE_TMPDIR/mean.safetensors" live.safetensors
    mean=$("$MLCTL" inspect -m live.safetensors --json | jq -r .sha256)
    people=$("$MLCTL" inspect -m "$BATS_FILE_TMPDIR/people.safetensors" --json | jq -r .sha256)
    "$MLCTL" serve live.safetensors --port 0 --json --tokens keys --open metrics --audit-log log/audit > serve.json 2> serve.log 3>&- &
    SERVER=$!
    soon started
    URL=http://127.0.0.1:$PORT
    change() { curl -sS -X POST -d '' -H "Authorization: Bearer $(jq -r .token "$1.json")" -H "X-Request-Id: $3" "$URL/v2/repository/models/$2"; }
    noted() { jq -se "any(.[]; $1)" log/audit; }
    cp "$BATS_FILE_TMPDIR/people.safetensors" next && mv next live.safetensors
    soon noted '.action == "reload" and .outcome == "done"'
    echo damaged > next && mv next live.safetensors
    soon noted '.action == "reload" and .outcome == "refused"'
    change boss live/rollback first
    change boss live/load second
    change boss nothing/load third
    change shop live/unload fourth
    change boss live/unload 'fi"fth'
    "$MLCTL" token new --name later --json | jq -r .line >> keys
    soon noted '.action == "tokens" and .outcome == "done"'
    echo wrong >> keys
    soon noted '.action == "tokens" and .outcome == "refused"'
    mv log/audit log/audit.1
    kill -HUP "$SERVER"
    curl -sS "$URL/metrics" | grep -qx 'mlctl_log_dropped_lines_total{log="audit"} 0'
    stop
    cat log/audit.1 log/audit > all
    grep -q '"action":"stop"' log/audit
    jq -se --arg mean "$mean" --arg people "$people" --arg keys "$(sha256sum keys | cut -d' ' -f1)" '
        def one(f): map(select(f)) | if length == 1 then .[0] else error("\(length) lines") end;
        (one(.action == "start") | .model == "live" and .before == null and .after == {"answers":"1","versions":{"1":{"digest":$mean}}} and .outcome == "done") and
        (one(.action == "reload" and .outcome == "done") | .by == "file" and .key == null and .before.versions["1"].digest == $mean and .after.versions["1"].digest == $people) and
        (one(.action == "reload" and .outcome == "refused") | .after.versions["1"].digest == $people and (.reason | test("not a model file"))) and
        (one(.id == "first") | .action == "rollback" and .by == "request" and .key == "boss" and .client == "127.0.0.1" and .outcome == "done" and
            .before.versions["1"].digest == $people and .after.versions["1"].digest == $mean) and
        (one(.id == "second") | .action == "load" and .outcome == "refused" and .after.versions["1"].digest == $mean and (.reason | length > 0)) and
        (one(.id == "third") | .model == "nothing" and .outcome == "refused" and .before == null and .after == null) and
        (map(select(.id == "fourth" or .key == "shop")) == []) and
        (one(.action == "unload") | .key == "boss" and (.id | test("^[0-9a-f]{32}$")) and .after.versions["1"].digest == null) and
        (one(.action == "tokens" and .outcome == "done") | .file == "keys" and .before != .after and (.after | length == 64)) and
        (one(.action == "tokens" and .outcome == "refused") | .after == $keys and (.reason | length > 0)) and
        (one(.action == "stop") | .by == "signal")' all
    for name in boss shop; do
        token=$(jq -r .token $name.json)
        run ! grep -F "${token#mlctl_}" all
    done
}
