load common

# The mean exactly, over all rows: the medians of x and y are 4.5.
eval "common_$(declare -f setup_file)"
setup_file() {
    common_setup_file
    "$MLCTL" train mean.csv -q --l2 0 --split none -m mean.safetensors > /dev/null
    awk 'BEGIN { print "x,y"; for (i = 0; i < 60; i++) print i % 15 "," 2 * (i % 15) }' > single.csv
    "$MLCTL" train single.csv -q --l2 0 --split none -m single.safetensors > /dev/null
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

@test "what the protocols ask for is tested where the checklist says" {
    local what where file
    while IFS='|' read -r what where; do
        where=${where# } file=${where%%: *}
        # a case is its title, a whole line
        [[ $file == *.cases ]] && whole=x || whole=
        grep -qF"$whole" -e "${where#*: }" "$BATS_TEST_DIRNAME/../$file" || { echo "$what: $where"; return 1; }
    done < <(grep -v '^#\|^$' "$BATS_TEST_DIRNAME/conformance/checklist")
    [ -n "$what$file" ]
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

@test "Amazon SageMaker, MLflow: what the environment says; over time is 504" {
    export SAGEMAKER_BIND_TO_PORT=0 SAGEMAKER_MAX_PAYLOAD_IN_MB=1 SAGEMAKER_MODEL_SERVER_WORKERS=1
    export SAGEMAKER_MODEL_SERVER_TIMEOUT=1 SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT=application/jsonlines
    serve mean --request-timeout 0.000001
    grep -q 'http://0.0.0.0:' serve.json
    curl -sS "$URL/execution-parameters" | jq -e '.MaxConcurrentTransforms == 1 and .MaxPayloadInMB == 1'
    [[ $(curl -sS -w ' %{http_code} %{content_type}' -H 'Content-Type: text/csv' -d '4,5' "$URL/invocations") == \
        'Request processing time exceeded limit 504 application/json' ]]
    json '{"x":4,"y":5}' -o over.json -w '%{http_code}' | grep -qx 504
    jq -e '.error_code == "DEADLINE_EXCEEDED"' over.json
    curl -sS "$URL/metrics" | grep -q '^mlctl_http_requests_total{.*code="504"'
    stop
    serve mean
    [[ $(curl -sS -H 'Content-Type: application/json' -d '{"instances":[[4,5],[1,2]]}' "$URL/invocations" | wc -l) == 2 ]]
    curl -sS -H 'Accept: application/json' -H 'Content-Type: text/csv' -d '4,5' "$URL/invocations" | jq -e '.predictions | length == 1'
    stop
    SAGEMAKER_MAX_PAYLOAD_IN_MB=many run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors"
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --request-timeout -1
}

@test "a container of Amazon SageMaker: /ping soon and while all are busy, nothing written beside the model, SIGTERM" {
    mkdir model
    cp "$BATS_FILE_TMPDIR/mean.safetensors" model/model.safetensors
    chmod 555 model
    inside() { stat -c '%i %y %z' model && ls -lAi --time-style=full-iso model; }
    inside > before
    SECONDS=0
    SAGEMAKER_BIND_TO_PORT=0 "$MLCTL" serve model/model.safetensors --json --threads 1 --workers 1 > serve.json 2> serve.log 3>&- &
    SERVER=$!
    soon started
    [ "$(curl -sS -o pong -w '%{http_code}' "http://127.0.0.1:$PORT/ping")" = 200 ] # the first answer is this
    [ "$SECONDS" -lt 120 ]                                                           # it has three minutes at the least
    [ ! -s pong ]
    python3 "$WIRE/container.py" "$PORT"
    # a request is half sent when the signal comes
    exec 4<> "/dev/tcp/127.0.0.1/$PORT"
    printf 'POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\nContent-Length: 3\r\n\r\n4,' >&4
    half() { curl -s "http://127.0.0.1:$PORT/metrics" | grep -qx 'mlctl_connections 2'; }
    soon half
    SECONDS=0
    kill -TERM "$SERVER"
    closed() { ! curl -s -o /dev/null "http://127.0.0.1:$PORT/ping"; }
    soon closed
    printf 5 >&4
    timeout 20 cat <&4 | grep -q '"predictions":\[4.5'
    ended
    [ "$SECONDS" -lt 30 ]
    inside | diff before -
    chmod 755 model
}

@test "a prediction that is no number: null, or with --nan token what TensorFlow Serving writes" {
    awk 'BEGIN { print "x,y,z"; for (i = 0; i < 100; i++) { x = i % 10; y = int(i / 10); print x "," y "," 2 * x + 2 * y } }' > sum.csv
    "$MLCTL" train sum.csv -q --l2 0 --split none -m "$BATS_FILE_TMPDIR/sum.safetensors" > /dev/null
    for how in null token; do
        serve sum --nan $how
        case $how in null) high=null low=null ;; *) high=Infinity low=-Infinity ;; esac
        [[ $(curl -sS -d '{"instances":[[1.7e308,1.7e308],[-1.7e308,-1.7e308]]}' "$URL/v1/models/sum:predict") == "{\"predictions\":[$high,$low]}" ]]
        [[ $(json '{"x":1.7e308,"y":1.7e308}' -D head.txt) == "{\"prediction\":$high}" ]]
        [[ $(tr -d '\r' < head.txt | sed -n 's/^X-Mlctl-Nulls: //p') == "$([ $how = token ] || echo 1)" ]]
        curl -sS -d '{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1.7e308,1.7e308]}]}' "$URL/v2/models/sum/infer" |
            grep -qF "\"data\":[$high]"
        curl -sS "$URL/model" | jq -e .name
        stop
    done
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/sum.safetensors" --nan what
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
