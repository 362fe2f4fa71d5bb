load common

# The mean exactly, over all rows: the medians of x and y are 4.5.
eval "common_$(declare -f setup_file)"
setup_file() {
    common_setup_file
    "$MLCTL" train mean.csv -q --l2 0 --split none -m mean.safetensors > /dev/null
}

# Each file of conformance/ is PROTOCOL.MODEL.cases: what is asked of that model, and what must come back.
conform() {
    local file
    for file in "$BATS_TEST_DIRNAME/conformance/$1".*.cases; do
        local model=${file%.cases}
        serve "${model##*.}" --max-body 1M
        python3 "$WIRE/conform.py" "$PORT" "$file"
        stop
    done
}

@test "Open Inference Protocol v2" {
    conform v2
}

@test "TensorFlow Serving and KServe v1" {
    conform v1
}

@test "MLflow's scoring server and Amazon SageMaker" {
    conform scoring
}

@test "Vertex AI" {
    conform vertex
}

@test "Vertex AI: the routes and the port of the environment" {
    export AIP_HTTP_PORT=0 AIP_PREDICT_ROUTE=/predict AIP_HEALTH_ROUTE=/alive
    serve mean
    grep -q 'http://0.0.0.0:' serve.json
    curl -sS "$URL/predict" -d '{"instances":[[4,5],[1,2]]}' | jq -e '.predictions | map(. * 1e6 | round) == [4500000, 1500000]'
    [[ $(code "$URL/alive") == 200 ]]
    [[ $(code "$URL/healthz") == 200 ]]
    stop
    serve mean --address 127.0.0.1
    grep -q 'http://127.0.0.1:' serve.json
    stop
    AIP_HEALTH_ROUTE=alive run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors"
    AIP_HTTP_PORT=http run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors"
}

@test "a line of lines for each line, a line of CSV for each line" {
    serve mean
    for type in application/jsonlines text/csv; do
        for i in $(seq 300); do [ $type = text/csv ] && echo "$i,$i" || echo "[$i,$i]"; done > rows.txt
        curl -sS -H "Content-Type: $type" -H "Accept: $type" --data-binary @rows.txt "$URL/invocations" > answer.txt
        [ "$(wc -l < answer.txt)" -eq 300 ]
    done
    [[ $(jq -s 'length' <(curl -sS -H 'Content-Type: application/jsonlines' -d '[1,2]' "$URL/predict")) == 1 ]]
}
