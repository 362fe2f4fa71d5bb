load common

# scrape FORMAT OUT [EARLIER]: /metrics in that format, read by a strict parser; OUT.raw and the samples in OUT
scrape() {
    local accept='*/*'
    [ "$1" = text ] || accept='application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.3'
    curl -sS -H "Accept: $accept" "$URL/metrics" > "$2.raw"
    "$BATS_TEST_DIRNAME/scrape" "$1" "$2.raw" ${3:+"$3.raw"} > "$2"
}

# the sum of the samples of a file whose line begins so
sum_of() {
    grep -F "$2" "$1" | awk '{ n += $NF } END { print n + 0 }'
}

# one line a request: url, method, body; curl makes them one after the other and writes the status of each
ask_all() {
    local url body
    while read -r url body; do
        printf 'next\nurl = "%s%s"\noutput = /dev/null\nwrite-out = "%%{http_code}\\n"\n' "$URL" "$url"
        [ -z "$body" ] || printf 'data = "%s"\nheader = "Content-Type: application/json"\n' "${body//\"/\\\"}"
    done | sed 1d | curl -sS -g -K -
}

@test "both formats pass a strict parser, and what is counted is what clients count" {
    printf 'x,y,"a\\b""c{d}=é,1\ne"\n' > odd.csv
    awk 'BEGIN { for (i = 0; i < 60; i++) print i % 10 "," int(i / 10) "," (i % 7 + i / 100) }' >> odd.csv
    "$MLCTL" train odd.csv -q -m odd.safetensors > /dev/null
    mkdir -p models/odd/1 models/people/7
    cp odd.safetensors models/odd/1/model.safetensors
    cp "$BATS_FILE_TMPDIR/people.safetensors" models/people/7/model.safetensors
    "$MLCTL" serve models --port 0 --json > serve.json 2> serve.log 3>&- &
    SERVER=$!
    soon started
    URL=http://127.0.0.1:$PORT
    scrape text before.text
    {
        for i in {1..20}; do
            printf '%s\n' '/predict {"x":1,"y":2}' '/explain {"x":1,"y":2}' '/predict {"x":"no","y":2}' \
                '/models/people/predict {"age":30,"city":"Oslo","when":"2024-01-01"}' \
                '/invocations {"instances":[[1,2],[3,4]]}' '/v1/models/odd:predict {"instances":[[1,2]]}' \
                '/v2/models/odd/infer {"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1,2]}]}' \
                '/v1/endpoints/1/deployedModels/2:predict {"instances":[[1,2]]}' \
                "/nothing/$i" "/v2/models/none$i" /model /healthz '/readyz {}' '/predict {"x":' "/\$%22$i"
        done
    } > requests
    ask_all < requests > codes
    [ "$(wc -l < codes)" -eq 300 ]
    scrape text text before.text
    scrape openmetrics open
    # the scrape before is in it, the one that tells is not
    for code in $(sort -u codes); do
        [ "$(sum_of text "mlctl_http_requests_total{code=\"$code\"")" -eq $(($(grep -c "$code" codes) + (code == 200))) ]
    done
    [ "$(sum_of text 'mlctl_http_requests_total{')" -eq 301 ]
    [ "$(sum_of open 'mlctl_http_requests_total{')" -eq 302 ]
    [ "$(sum_of text 'mlctl_http_request_duration_seconds_count{')" -eq 301 ]
    grep -qxF 'mlctl_http_requests_total{code="404",route="other"} 40' text
    grep -qxF 'mlctl_rows_total{} 160' text
    for line in 'explain"} 20' 'invocations"} 20' 'predict"} 60' 'v1"} 20' 'v2"} 20' 'vertex"} 20'; do
        grep -qxF "mlctl_model_request_duration_seconds_count{model=\"odd\",model_version=\"1\",protocol=\"$line" text
    done
    sha256=$(jq -r '.models[] | select(.name == "odd").versions[0].sha256 // empty' serve.json)
    grep -qF 'target="a\\b\"c{d}=é,1\ne",task="regression"' open
    grep -q "^mlctl_model_info{kind=\"linear\",model=\"odd\",model_version=\"1\",sha256=\"${sha256:-[0-9a-f]*}" text
    # as many lines whatever strangers ask for
    before=$(wc -l < text)
    for i in {1..50}; do printf '/no%s\n/v1/models/m%s\n' "$i" "$i"; done | ask_all > /dev/null
    scrape text text.more text
    [ "$(wc -l < text.more)" -le $((before + 20)) ] # /v1/models/{m} is a path with a histogram
    # a model is replaced: nothing counts down, and nothing goes
    "$MLCTL" train "$BATS_FILE_TMPDIR/mean.csv" -q --seed 7 -m new.safetensors > /dev/null
    mv new.safetensors models/odd/1/model.safetensors
    replaced() { curl -sS "$URL/metrics" | grep -q '^mlctl_model_info{.*,target="z",'; }
    soon replaced
    scrape openmetrics open.after
    curl -sS "$URL/metrics" > text.after.raw
    grep -vE '^mlctl_model_info' text.raw > same.raw
    "$BATS_TEST_DIRNAME/scrape" text text.after.raw same.raw > text.after
    grep -qxF 'mlctl_model_loads_total{outcome="served"} 3' text.after
    [ "$(sum_of text.after 'mlctl_model_rows_total{model="odd"')" -eq 140 ]
}

@test "of requests that come at once none is counted twice, and none is missed" {
    serve mean --threads 3
    python3 "$WIRE/totals.py" "$PORT" 2000
}

@test "the certificate that new connections get says when it expires" {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
        -keyout key.pem -out cert.pem 2> /dev/null
    serve mean --tls-cert cert.pem --tls-key key.pem
    expires=$(date -d "$(openssl x509 -enddate -noout -in cert.pem | cut -d= -f2)" +%s)
    curl -sSk "https://127.0.0.1:$PORT/metrics" > text.raw
    "$BATS_TEST_DIRNAME/scrape" text text.raw > text
    grep -qxF "mlctl_tls_certificate_expiry_timestamp_seconds{} $expires" text
    openssl x509 -in cert.pem -signkey key.pem -days 60 -out newer.pem 2> /dev/null
    mv newer.pem cert.pem
    later() { curl -sSk "https://127.0.0.1:$PORT/metrics" | grep -qE '^mlctl_file_reloads_total\{files="certificates",outcome="taken"\} [1-9]'; }
    soon later
    [ "$(curl -sSk "https://127.0.0.1:$PORT/metrics" | awk '/^mlctl_tls_certificate_expiry/ { printf "%d", $2 }')" -gt "$expires" ]
}
