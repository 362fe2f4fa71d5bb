load common

@test "health, readiness, version and the model's card" {
    serve people
    curl -sS "$URL/healthz" | jq -e '.status == "ok"'
    curl -sS "$URL/readyz" | jq -e '.status == "ready"'
    curl -sS -H 'Accept: application/json' "$URL/version" | jq -e '.program == "mlctl" and (.version | test("^[0-9]+\\.[0-9]+"))'
    curl -sS -D head.txt "$URL/version" | grep -Exq '[0-9]+\.[0-9]+\.[0-9]+' # MLflow's, whose type says more than it keeps
    grep -qix $'content-type: application/json\r' head.txt
    curl -sS "$URL/model" > card.json
    jq -e --arg sha "$(jq -r .sha256 serve.json)" '.task == "classification" and .target == "answer" and
        .labels == ["no", "yes"] and [.inputs[].name] == ["age", "city", "when"] and .sha256 == $sha and
        (.metrics | length > 0)' card.json
    "$MLCTL" health "$URL"
    run ! "$MLCTL" health "$URL/nothing"
}

@test "metrics count what clients count, in both formats" {
    serve mean
    for _ in 1 2 3; do json '{"x":1,"y":2}' > /dev/null; done
    json '[{"x":1,"y":2},{"x":null,"y":2}]' > /dev/null
    json '{"x":"a","y":2}' > /dev/null
    curl -s "$URL/nothing" "$URL/nowhere" > /dev/null
    curl -sS -D head.txt "$URL/metrics" > prometheus.txt
    grep -q 'Content-Type: text/plain; version=0.0.4; charset=utf-8' head.txt
    for line in 'mlctl_http_requests_total{route="/predict",code="200"} 4' \
        'mlctl_http_requests_total{route="/predict",code="400"} 1' \
        'mlctl_http_requests_total{route="other",code="404"} 2' \
        'mlctl_http_request_duration_seconds_count{route="/predict"} 5' \
        'mlctl_rows_total 5' 'mlctl_missing_cells_total 1' 'mlctl_refused_cells_total 1' \
        'mlctl_http_requests_in_flight 1' 'mlctl_connections 1' 'mlctl_ready 1'; do
        grep -qxF "$line" prometheus.txt || { echo "no $line"; cat prometheus.txt; return 1; }
    done
    grep -q '^process_resident_memory_bytes [1-9]' prometheus.txt
    grep -q "^mlctl_model_info{sha256=\"$(jq -r .sha256 serve.json)\",target=\"z\",task=\"regression\"" prometheus.txt
    [[ $(tail -n 1 prometheus.txt) != '# EOF' ]]
    curl -sS -D head.txt -H 'Accept: application/openmetrics-text; version=1.0.0' "$URL/metrics" > open.txt
    grep -q 'Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8' head.txt
    [[ $(tail -n 1 open.txt) == '# EOF' ]]
    grep -qx '# TYPE mlctl_rows counter' open.txt
    grep -qx 'mlctl_rows_total 5' open.txt
}

@test "the port that is taken, an address that is none" {
    serve mean
    status=0
    "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port "$PORT" 2> error.txt || status=$?
    [ "$status" -eq 5 ]
    grep -q 'Address already in use' error.txt
    status=0
    "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --address example.org 2> error.txt || status=$?
    [ "$status" -eq 2 ]
    grep -q 'not an IPv4 or IPv6 address' error.txt
}
