load common

# trained NAME OPTION...: a model of people.csv
trained() {
    local name=$1
    shift
    "$MLCTL" train "$BATS_FILE_TMPDIR/people.csv" -q -m "$BATS_FILE_TMPDIR/$name.safetensors" "$@" > /dev/null
}

@test "contributions are weights times features of the exported model, to 1e-12" {
    serve people
    "$MLCTL" export "$BATS_FILE_TMPDIR/people.safetensors" --format json -o model.json -q
    curl -sS --json '[{"age":33,"city":"Rome","when":"2024-03-15"},{"age":null,"city":"Nowhere","when":null}]' \
        "$URL/explain" > answer.json
    python3 - << 'EOF'
import json, math, datetime
model, answer = json.load(open("model.json")), json.load(open("answer.json"))
step = {s["step"]: {c["column"]: c for c in s["columns"]} for s in model["pipeline"] if s["step"] != "drop"}
layer, = model["network"]
weight, bias = dict(zip(model["features"], layer["weight"][0])), layer["bias"][0]
day = datetime.date(2024, 3, 15)
part = {"year": day.year, "month": day.month, "day": day.day, "weekday": day.weekday()}
rows = ({"age": 33, "city": "Rome", **{"when." + k: v for k, v in part.items()}}, {"city": "Nowhere"})
assert len(answer) == 2
for row, found in zip(rows, answer):
    margin, = found["contributions"]
    want = dict.fromkeys(("age", "city", "when"), 0.0)
    for feature, w in weight.items():
        column, _, value = feature.partition("=")
        if value:
            x = float(row[column] == value)
        else:
            x = row.get(feature, step["impute"][feature]["value"])
            x = (x - step["scale"][feature]["shift"]) / step["scale"][feature]["scale"]
        want[column.split(".")[0]] += w * x
    assert margin["of"] == "yes" and margin["bias"] == bias, margin
    assert margin["columns"].keys() == want.keys()
    for name in want:
        assert abs(margin["columns"][name] - want[name]) <= 1e-12, (name, margin, want)
    total = bias + sum(want.values())
    assert abs(margin["margin"] - total) <= 1e-12
    assert abs(found["probabilities"]["yes"] - 1 / (1 + math.exp(-total))) <= 1e-12
EOF
}

@test "the prediction of /explain is that of /predict; CSV and JSON lines are read, too" {
    serve labels
    json '{"x":1,"y":5}' > predict.json
    curl -sS --json '{"x":1,"y":5}' "$URL/explain" > explain.json
    [ "$(jq -c 'del(.contributions)' explain.json)" = "$(jq -c . predict.json)" ]
    [ "$(jq -c '[.contributions[].target]' explain.json)" = '["big","odd, \"sum\""]' ]
    printf 'y,x\n5,1\n' | curl -sS -H 'Content-Type: text/csv' --data-binary @- "$URL/explain" > csv.json
    [ "$(jq -c '.[0]' csv.json)" = "$(jq -c . explain.json)" ]
    printf '{"x":1,"y":5}\n[1,5]\n' | curl -sS -H 'Content-Type: application/jsonlines' --data-binary @- "$URL/explain" > lines
    [ "$(jq -sc 'length == 2 and .[0] == .[1]' lines)" = true ]
    [ "$(jq -c . <(head -n 1 lines))" = "$(jq -c . explain.json)" ]
    [ "$(code --json '{"x":1}' "$URL/explain")" = 400 ]
    stop
    serve mean
    curl -sS --json '{"x":4,"y":5}' "$URL/explain" |
        jq -e '.prediction as $p | .contributions[0] | .of == "z" and (.margin - $p | fabs) < 1e-12 and (.bias + .columns.x + .columns.y - .margin | fabs) < 1e-12'
}

@test "behind PCA and a choice of features the columns still sum up to the margin" {
    trained reduced --select k:4 --pca 3
    serve reduced
    for row in '{"age":33,"city":"Rome","when":"2024-03-15"}' '{"age":60,"city":null,"when":"2024-09-01"}'; do
        curl -sS --json "$row" "$URL/explain" > answer.json
        jq -e '(.probabilities.yes as $p | .contributions[0] | .margin - (($p / (1 - $p)) | log) | fabs) < 1e-9 and
            (.contributions[0] | .bias + ([.columns[]] | add) - .margin | fabs) < 1e-12' answer.json
    done
}

@test "a model of several layers is not explained, and its /openapi.json does not say so" {
    trained deep --hidden 4
    serve deep
    curl -sS --json '{"age":33,"city":"Rome","when":null}' "$URL/explain" | jq -e '.error | contains("one layer")'
    curl -sS "$URL/openapi.json" | jq -e '.paths | has("/predict") and (has("/explain") | not)'
}
