bats_require_minimum_version 1.5.0
load common

# A table of our own in several scripts (tests/numeric/text_reference.py): a text, a category with missing cells.
TEXTS="$BATS_TEST_DIRNAME/../numeric/texts.csv"

train_texts() {
    mlctl train "$TEXTS" -q -t amount --type body=text --drop-columns yes,kind --text hash:512:1-2 --encode city=target "$@" > out.txt
}

@test "texts: the command, the server with JSON and with CSV give the same" {
    train_texts
    cut_columns() { python3 -c '
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
keep = [{"body": r["body"], "city": r["city"]} for r in rows] + [{"body": "never a word of this", "city": "Nowhere"}]
with open("rows.csv", "w", encoding="utf-8", newline="") as out:
    w = csv.DictWriter(out, ["body", "city"], lineterminator="\n")
    w.writeheader()
    w.writerows(keep)
json.dump([{k: v or None for k, v in r.items()} for r in keep], open("rows.json", "w"))' "$1"; }
    cut_columns "$TEXTS"
    mlctl predict -q rows.csv > predicted.csv
    start_server
    curl -sf -H 'Content-Type: text/csv' --data-binary @rows.csv "http://127.0.0.1:$port/predict" > served.csv
    cmp predicted.csv served.csv
    curl -sf -H 'Content-Type: application/json' --data-binary @rows.json "http://127.0.0.1:$port/predict" > served.json
    jq -r '.[].prediction' served.json > from-json.txt
    python3 -c '
a = [float(x) for x in open("predicted.csv").read().split()[1:]]
b = [float(x) for x in open("from-json.txt")]
assert a == b and len(a) == 241, (len(a), len(b))'
    # one row at a time: to the last bit what the batch gave
    jq -c '.[]' rows.json | head -20 | while read -r row; do
        curl -sf -H 'Content-Type: application/json' -d "$row" "http://127.0.0.1:$port/predict" | jq -r .prediction
    done > single.txt
    cmp single.txt <(head -20 from-json.txt)
    stop_server
}

@test "texts of training are not in the model, nor hashed categories" {
    mlctl train "$TEXTS" -q -t amount --type body=text --drop-columns yes,kind --text hash:64 --encode hash:16 > out.txt
    run ! grep -a -q -e 'Σίσυφος' -e 'Trondheim' -e 'Bergen' model.safetensors
    mlctl inspect --json | jq -e '.pipeline.schema[0] == {"name":"body","type":"text","missing":.pipeline.schema[0].missing}'
}

@test "texts: preprocess and train on the clean file is training on the raw one" {
    mlctl preprocess "$TEXTS" -q -t amount --type body=text --drop-columns yes,kind --text hash:16 --encode target --select k:9 -o clean.csv > out.txt
    mlctl train clean.csv -q -m two.safetensors --json > two.json
    mlctl train "$TEXTS" -q -t amount --type body=text --drop-columns yes,kind --text hash:16 --encode target --select k:9 -m one.safetensors --json > one.json
    [ "$(jq -c .metrics one.json)" = "$(jq -c .metrics two.json)" ]
    mlctl predict -q -m one.safetensors "$TEXTS" > one.csv
    mlctl predict -q -m two.safetensors "$TEXTS" > two.csv
    cmp one.csv two.csv
}

@test "texts: export as C is refused in one line, as JSON described" {
    train_texts
    fails 2 'step "text" cannot be exported as C' mlctl export --format c -o model.c
    [ ! -e model.c ]
    mlctl export --format json -o model.json > out.txt
    jq -e '[.pipeline[] | select(.step == "text")][0].columns[0] == {"column":"body","buckets":512,"words_from":1,"words_to":2}' model.json
}

@test "texts: a vocabulary; command and server give the same, C is refused, JSON and --explain have it" {
    mlctl train "$TEXTS" -q -t amount --type body=text --drop-columns yes,kind,city --text tfidf:40:1-2 --min-count 3 > out.txt
    mlctl inspect -v > explained.txt
    grep -q 'tfidf *becomes 40 features, its runs of 1 to 2 words by tf-idf' explained.txt
    printf 'body\nFREE tomorrow\n""\nnever a word\n"data, data"\n' > rows.csv
    mlctl predict -q rows.csv > predicted.csv
    start_server
    curl -sf -H 'Content-Type: text/csv' --data-binary @rows.csv "http://127.0.0.1:$port/predict" > served.csv
    cmp predicted.csv served.csv
    [ "$(curl -sf -H 'Content-Type: application/json' -d '{"body":"FREE tomorrow"}' "http://127.0.0.1:$port/predict" | jq -r .prediction)" = "$(sed -n 2p predicted.csv)" ]
    stop_server
    [ "$(sed -n 3p predicted.csv)" = "$(sed -n 4p predicted.csv)" ]
    fails 2 'step "tfidf" cannot be exported as C' mlctl export --format c -o model.c
    mlctl export --format json -o model.json > out.txt
    jq -e '[.pipeline[] | select(.step == "tfidf")][0].columns[0] | (.terms | length) == 40 and (.idf | length) == 40 and .unit == "words" and .to == 2' model.json
}

@test "texts: long ones are taken unasked and it is said, short ones are dropped; preprocess and train agree; any --threads" {
    awk 'BEGIN { print "body,name,kind"; for (i = 1; i <= 200; i++)
        print (i % 3 ? "free" : "home") " again at street " i * 7 % 101 ",Mr. Name" i "," (i % 3 ? "a" : "b") }' > long.csv
    for t in 1 3; do
        mlctl train long.csv --threads "$t" -m "$t.safetensors" > out.txt 2> err.txt
    done
    cmp 1.safetensors 3.safetensors
    grep -q 'text: "body" becomes [0-9]* features, its most frequent runs of 2 to 4 characters by tf-idf (--text overrides' err.txt
    grep -q 'dropped column "name": 160 distinct texts in 160 rows' err.txt
    mlctl preprocess long.csv -q -o clean.csv > out.txt
    mlctl train clean.csv -q -m two.safetensors > out.txt
    mlctl predict -q -m 1.safetensors long.csv > one.csv
    mlctl predict -q -m two.safetensors long.csv > two.csv
    cmp one.csv two.csv
    fails 3 'no feature is left' mlctl train long.csv --drop-columns name --text none
}

# bats test_tags=release
@test "texts: a matrix over memory is refused with its size" {
    fails 5 'features' env bash -c "ulimit -v 1500000; '$MLCTL' train '$TEXTS' -q -t amount --type body=text --text hash:1048576"
}

@test "the same bytes whatever --threads is, with every encoder and stage" {
    for t in 1 3; do
        train_texts --select l1 --pca 0.9 --threads "$t" -m "$t.safetensors"
    done
    cmp 1.safetensors 3.safetensors
}

@test "texts: the default penalty is a tenth of that of scaled numbers, in folds too; --l2 is what it says" {
    train() { mlctl train "$TEXTS" -t amount --type body=text --drop-columns yes,kind --split every:5 --json "$@" 2> err.txt; }
    [ "$(train --text hash:64 | jq '.settings.l2 * .train_rows * 1000 | round')" -eq 100 ]
    grep -q 'l2: 0.[0-9]*, a tenth of that, as texts become rows of length 1 (--l2 overrides)' err.txt
    [ "$(train --text none | jq '.settings.l2 * .train_rows * 1000 | round')" -eq 1000 ]
    run ! grep 'a tenth' err.txt
    [ "$(train --text hash:64 --l2 0.25 | jq .settings.l2)" = 0.25 ]
    run ! grep 'a tenth' err.txt
    # three folds of 192 rows train on 128
    train --text hash:64 --folds 3 > default.json
    [ "$(grep -c 'a tenth' err.txt)" -eq 1 ]
    train --text hash:64 --folds 3 --l2 0.00078125 > same.json
    cmp <(jq -c .cross_validation default.json) <(jq -c .cross_validation same.json)
}
