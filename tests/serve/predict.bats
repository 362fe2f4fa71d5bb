load common

@test "one row, many rows and CSV give the same numbers, those of mlctl predict" {
    for model in mean people labels; do
        serve "$model"
        "$MLCTL" predict "$BATS_FILE_TMPDIR/$model.csv" -m "$BATS_FILE_TMPDIR/$model.safetensors" -q > predict.csv
        curl -sS -H 'Content-Type: text/csv' --data-binary "@$BATS_FILE_TMPDIR/$model.csv" "$URL/predict" > served.csv
        cmp predict.csv served.csv
        "$MLCTL" predict "$BATS_FILE_TMPDIR/$model.csv" -m "$BATS_FILE_TMPDIR/$model.safetensors" -q --json > predict.json
        jq -R -s 'split("\n") | map(select(. != "") | split(",")) | .[0] as $names | .[1:]
            | map([$names, .] | transpose | map({(.[0]): (.[1] | tonumber? // .)}) | add)' \
            "$BATS_FILE_TMPDIR/$model.csv" > rows.json
        json @rows.json > served.json
        jq -S . predict.json > a.json
        jq -S . served.json > b.json
        cmp a.json b.json
        for row in 0 17 99; do
            jq ".[$row]" rows.json > row.json
            json @row.json > one.json
            cmp <(jq ".[$row]" served.json) <(jq . one.json)
        done
        stop
    done
}

@test "CSV with decimal commas is read as mlctl predict reads it, JSON behind it as before" {
    serve mean
    awk 'BEGIN { print "x;y"; for (i = 0; i < 50; i++) print i % 10 ",5;" i % 7 ",25" }' > comma.csv
    "$MLCTL" predict comma.csv -m "$BATS_FILE_TMPDIR/mean.safetensors" -q > predict.csv
    tr ',;' '.,' < comma.csv > point.csv
    for file in comma.csv point.csv; do
        curl -sS -H 'Content-Type: text/csv' --data-binary @$file "$URL/predict" > served.csv
        cmp predict.csv served.csv
    done
    json '{"x":1.5,"y":1.25}' | jq -e ".prediction == $(sed -n 3p predict.csv)"
}

@test "a prediction has the form that is documented" {
    serve people
    json '{"age":30,"city":"Oslo","when":"2024-03-01"}' -D head.txt > reply.json
    jq -e '.prediction == "no" and (.probabilities | keys == ["no", "yes"]) and
           (.probabilities.no + .probabilities.yes - 1 | fabs < 1e-12)' reply.json
    tr -d '\r' < head.txt > head.lf
    grep -qx 'Content-Type: application/json' head.lf
    grep -qx 'X-Content-Type-Options: nosniff' head.lf
    grep -qx 'Cache-Control: no-store' head.lf
    run ! grep -qi '^Server:' head.lf
}

@test "several labels are each predicted, and the card and the metrics name them" {
    serve labels
    json '{"x":9,"y":8}' | jq -e '.prediction.big == "yes" and (.prediction | keys == ["big", "odd, \"sum\""]) and
        (.probabilities.big | keys == ["no", "yes"] and (.no + .yes - 1 | fabs) < 1e-12) and
        (.probabilities["odd, \"sum\""] | keys == ["0", "1"])'
    curl -sS "$URL/model" | jq -e '.task == "multilabel" and (has("target") | not) and
        .targets == [{"target": "big", "labels": ["no", "yes"]}, {"target": "odd, \"sum\"", "labels": ["0", "1"]}]'
    curl -sS "$URL/v2/models/labels" | jq -e '.outputs | map(.name) ==
        ["predict:big", "probabilities:big", "predict:odd, \"sum\"", "probabilities:odd, \"sum\""]'
    curl -sS -d '{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[9,8]}]}' "$URL/v2/models/labels/infer" |
        jq -e '.outputs[0].data == ["yes"] and .outputs[1].shape == [1, 2] and (.outputs[2].data[0] | . == "0" or . == "1")'
    curl -sS -d '{"instances":[{"x":9,"y":8}]}' "$URL/v1/models/labels:predict" | jq -e '.predictions[0].prediction.big == "yes"'
    curl -sS "$URL/metrics" | grep -F 'target="big, odd, \"sum\"",task="multilabel"'
}

@test "a refused cell is named, with its row" {
    serve people
    json '[{"age":30,"city":"Oslo","when":"2024-03-01"},{"age":"30","city":"Oslo","when":"soon"},{"city":"Oslo","when":null}]' \
        -D head.txt > reply.json
    grep -q '^HTTP/1.1 400' head.txt
    jq -e '.error_code == "BAD_REQUEST" and .error == .message and .rows == [
        {"row":2,"column":"age","code":"not_a_number","found":"\"30\""},
        {"row":2,"column":"when","code":"not_an_instant","found":"\"soon\""},
        {"row":3,"column":"age","code":"missing_column"}]' reply.json
}

@test "an unseen category is predicted, and counted" {
    serve people
    json '{"age":30,"city":"Atlantis","when":"2024-03-01"}' | jq -e .prediction
    curl -s "$URL/metrics" | grep -qx 'mlctl_unknown_categories_total 1'
}

@test "every error is JSON, on every path" {
    serve mean
    for path in /predict /nothing /v2/models/other /v1/models/other /healthz/; do
        curl -sS "$URL$path" | jq -e '.error != "" and .error == .message and (.error_code | test("^[A-Z_]+$"))'
    done
    [[ $(code "$URL/predict") == 405 ]]
    [[ $(code -X DELETE "$URL/model") == 405 ]]
    [[ $(code "$URL/nothing") == 404 ]]
    [[ $(code -d 'x=1' "$URL/predict") == 415 ]]
    [[ $(code -H 'Content-Type: application/json' -d '{"x":' "$URL/predict") == 400 ]]
    [[ $(code -H 'Content-Type: application/json' -d '[]' "$URL/predict") == 400 ]]
}

# refused STATUS TEXT BODY: that status, one JSON error holding the text, and the server answers the next request
refused() {
    [[ $(json "$3" -o refused.json -w '%{http_code}') == "$1" ]] || { cat refused.json; return 1; }
    jq -e --arg t "$2" '(.error | contains($t)) or (.rows // [] | map(.code) | index($t) != null)' refused.json || { cat refused.json; return 1; }
    [[ $(json '{"x":1,"y":3}' -o /dev/null -w '%{http_code}') == 200 ]]
}

@test "bodies that are no rows: truncated, 10,000 deep, a key twice, NaN, a wrong type, too large" {
    serve mean --max-body 65536
    refused 400 "" '{"x":1,"y"'
    refused 400 "expected a row" "$(printf '[%.0s' {1..10000})"
    refused 400 "nested more than 32 levels deep" "{\"x\":$(printf '[%.0s' {1..10000})$(printf ']%.0s' {1..10000})}"
    refused 400 "" '{"x":1,"x":2,"y":3}'
    refused 400 "" '{"x":NaN,"y":3}'
    refused 400 "" '{"x":Infinity,"y":3}'
    refused 400 "not_a_number" '{"x":"1","y":3}'
    refused 400 "wrong_type" '{"x":[1],"y":3}'
    refused 400 "" '{"x":1,"y":3} trailing'
    refused 400 "" '[]'
    refused 400 "" ''
    refused 400 "" '7'
    awk 'BEGIN { printf "{\"x\":1,\"y\":3,\"z\":\""; for (i = 0; i < 70000; i++) printf "z"; print "\"}" }' > large.json
    [[ $(code -H 'Content-Type: application/json' --data-binary @large.json "$URL/predict") == 413 ]]
    [[ $(json '{"x":1,"y":3}' -o /dev/null -w '%{http_code}') == 200 ]]
}
