bats_require_minimum_version 1.5.0
load common

@test "train, eval, predict, inspect: the numbers agree" {
    mlctl train "$DATA/penguins.csv" --target species -q --json > train.json
    mlctl eval --json -q > eval.json
    [ "$(jq -cS .metrics eval.json)" = "$(jq -cS .metrics train.json)" ]
    mlctl predict -q "$DATA/penguins.csv" > all.csv
    [ "$(wc -l < all.csv)" -eq "$(wc -l < "$DATA/penguins.csv")" ]
    head -1 all.csv | grep -qx 'prediction,probability:Adelie,probability:Chinstrap,probability:Gentoo'
    mlctl inspect | grep -q "bill_length_mm"
    mlctl inspect --json | jq -e '.record.data.sha256 | length == 64'
}

@test "predict: standard input and output, --keep, column order, --json, progress off" {
    mlctl train "$DATA/penguins.csv" --target species -q > out.txt
    mlctl predict -q "$DATA/penguins.csv" -o file.csv
    mlctl predict -q - < "$DATA/penguins.csv" > piped.csv
    cmp file.csv piped.csv
    awk -F, 'BEGIN{OFS=","} {for (i=NF;i>1;i--) printf "%s,", $i; print $1}' "$DATA/penguins.csv" > reversed.csv
    mlctl predict -q reversed.csv > reversed-out.csv
    cmp file.csv reversed-out.csv
    mlctl predict -q "$DATA/penguins.csv" --keep island,species > kept.csv
    head -2 kept.csv | tail -1 | grep -q '^Torgersen,Adelie,Adelie,'
    mlctl predict -q --json "$DATA/penguins.csv" > rows.json
    jq -e 'length == 344 and (.[0].probabilities | length == 3)' rows.json
    [ "$(jq -r '.[].prediction' rows.json | head -50)" = "$(tail -n +2 file.csv | cut -d, -f1 | head -50)" ]
}

@test "predict needs no target column and takes gzip" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    cut -d, -f1-4 "$DATA/iris.csv" | gzip > rows.csv.gz
    mlctl predict -q rows.csv.gz > a.csv
    mlctl predict -q "$DATA/iris.csv" > b.csv
    cmp a.csv b.csv
}

@test "a row alone is predicted like the same row in a file" {
    mlctl train "$DATA/wine.csv" -q > out.txt
    mlctl predict -q "$DATA/wine.csv" | sed 1d > all.csv
    n=0
    while read -r row; do
        n=$((n + 1))
        { head -1 "$DATA/wine.csv"; echo "$row"; } | mlctl predict -q - | sed 1d
        [ $n -ge 20 ] && break
    done < <(sed 1d "$DATA/wine.csv") > single.csv
    head -20 all.csv | cmp - single.csv
}

@test "preprocess, then train on the clean file: the model takes raw rows" {
    cp "$DATA/penguins.csv" raw.csv
    mlctl preprocess raw.csv -o clean.csv --target species -q > out.txt
    [ -s clean.csv.prep.json ]
    mlctl train clean.csv -q --json -m two-steps.safetensors > two.json
    mlctl train raw.csv -q --json --target species -m one-step.safetensors > one.json
    [ "$(jq -cS .metrics two.json)" = "$(jq -cS .metrics one.json)" ]
    mlctl predict -q raw.csv -m two-steps.safetensors > two.csv
    mlctl predict -q raw.csv -m one-step.safetensors > one.csv
    cmp one.csv two.csv
    mlctl eval -m two-steps.safetensors --json -q | jq -e '.on == "held-out rows of raw.csv"'
}

@test "preprocess --apply gives the rows that fitting wrote" {
    cp "$DATA/penguins.csv" raw.csv
    mlctl preprocess raw.csv -o clean.csv --target species -q > out.txt
    mlctl preprocess --apply clean.csv.prep.json raw.csv -o again.csv -q > out.txt
    cmp clean.csv again.csv
    cut -d, -f1-7 raw.csv | mlctl preprocess --apply clean.csv.prep.json - -q > no-target.csv
    cut -d, -f1-"$(head -1 no-target.csv | tr , '\n' | wc -l)" clean.csv | cmp - no-target.csv
}

@test "preprocess --apply writes the target as fitting did, however the file writes numbers" {
    awk 'BEGIN { print "a;y"; for (i = 0; i < 40; i++) print i % 7 ",5;" i ",25" }' > comma.csv
    awk 'BEGIN { print "a,y"; for (i = 0; i < 40; i++) print i % 7 ",\"" 1 + i ",000.5\"" }' > thousands.csv
    for flags in "comma.csv" "thousands.csv --thousands ,"; do
        # shellcheck disable=SC2086 # words
        mlctl preprocess $flags -o clean.csv -q > out.txt
        # shellcheck disable=SC2086
        mlctl preprocess --apply clean.csv.prep.json $flags -o again.csv -q > out.txt
        cmp clean.csv again.csv
    done
}

@test "preprocess --apply leaves no target that only --na calls missing" {
    awk 'BEGIN { print "x,y"; for (i = 0; i < 40; i++) print i % 7 "," (i % 10 ? i : -999) }' > raw.csv
    mlctl preprocess raw.csv -o clean.csv --na -999 -q > out.txt
    mlctl preprocess --apply clean.csv.prep.json raw.csv -o again.csv --na -999 -q > out.txt
    [ "$(wc -l < again.csv)" -eq 41 ]
    grep -v ',$' again.csv | cmp clean.csv -
}

@test "a clean file that was changed, or split otherwise, is refused" {
    cp "$DATA/penguins.csv" raw.csv
    mlctl preprocess raw.csv -o clean.csv --target species -q > out.txt
    fails 2 "--split every:5" mlctl train clean.csv -q --split every:5
    fails 2 "--target island" mlctl train clean.csv -q --target island
    fails 2 "--drop-columns belongs to" mlctl train clean.csv -q --drop-columns year
    sed -i '2s/Adelie/Gentoo/' clean.csv
    fails 3 "SHA-256 differs" mlctl train clean.csv -q
    echo '{"format":"mlctl-prep"}' > clean.csv.prep.json
    fails 4 "clean.csv.prep.json" mlctl train clean.csv -q
    echo '{' > clean.csv.prep.json
    fails 4 "clean.csv.prep.json" mlctl train clean.csv -q
}

@test "eval --require: exit 1 when a gate says no" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    mlctl eval -q --require 'accuracy>=0.5' --require 'log_loss<=5' > out.txt
    [ "$(grep -c '^met ' out.txt)" -eq 2 ]
    status=0
    mlctl eval -q --require 'accuracy>=0.5' --require 'accuracy>=1.01' > out.txt 2> err.txt || status=$?
    [ "$status" -eq 1 ]
    grep -q "not met: accuracy is " err.txt
    [ "$(wc -l < err.txt)" -eq 1 ]
    status=0
    mlctl eval -q --json --require 'accuracy>=1.01' > gates.json || status=$?
    [ "$status" -eq 1 ]
    jq -e '.gates == [{metric: "accuracy", value: .metrics.accuracy, relation: ">=", bound: 1.01, met: false}]' gates.json
    fails 2 "no such metric" mlctl eval -q --require 'mse<=1'
    fails 2 "no such metric" mlctl eval -q --require 'f1>=0.1'
}

# bats test_tags=release
@test "help, version, and --json on every command" {
    mlctl --version | grep -qE '^mlctl [0-9]+\.[0-9]+\.[0-9]+$'
    mlctl help | grep -q "preprocess"
    for command in $(mlctl help --json | jq -r '.[].name'); do
        mlctl "$command" --help | grep -q "^usage: mlctl $command"
        mlctl "$command" --help | grep -q -- "--json"
        mlctl help "$command" | cmp - <(mlctl "$command" --help)
    done
}

@test "dates and missing values: weather" {
    mlctl train "$DATA/weather.csv" --target temp -q --json > report.json
    jq -e '.metrics.r2 > 0.5' report.json
    mlctl inspect --json | jq -e '[.pipeline.schema[] | select(.type == "instant")] | length >= 1'
    mlctl eval -q --json | jq -e '.metrics.r2 > 0.5'
}

@test "a category that is spelled \"missing\" beside missing cells survives preprocess and train" {
    printf 'c,x,y\n' > odd.csv
    for i in $(seq 60); do
        case $((i % 4)) in 0) c=missing ;; 1) c= ;; 2) c=a ;; 3) c=b ;; esac
        echo "$c,$((i * 7 % 13)),$((i % 4 * 10 + i % 3))"
    done >> odd.csv
    mlctl preprocess odd.csv -o clean.csv -q > out.txt
    mlctl train clean.csv -q -m two.safetensors > out.txt
    mlctl train odd.csv -q -m one.safetensors > out.txt
    mlctl predict odd.csv -q -m one.safetensors > one.csv
    mlctl predict odd.csv -q -m two.safetensors > two.csv
    cmp one.csv two.csv
}

@test "export: default names, formats, and a name that is no identifier" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    mlctl export > out.txt
    [ -s model.c ]
    mlctl export --format json --name flower --json | jq -e '.output == "flower.json"'
    jq -e '.target == "species"' flower.json
    fails 2 "identifier" mlctl export --name '3x' -o x.c
    [ ! -e x.c ]
}
