#!/usr/bin/env bats
# Several files as one table: the model and its held-out rows are those of the files joined by hand.

load common

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p parts
    head -60 "$DATA/iris.csv" > parts/a.csv
    (head -1 "$DATA/iris.csv"; sed -n 61,110p "$DATA/iris.csv") > parts/b.csv
    # another order of columns
    (head -1 "$DATA/iris.csv"; sed -n '111,$p' "$DATA/iris.csv") |
        awk -F, -v OFS=, '{ print $2, $1, $4, $3, $5 }' > parts/c.csv
    cp "$DATA/iris.csv" whole.csv
}

@test "files and a pattern train what the whole file trains" {
    "$MLCTL" train whole.csv -m whole.safetensors --json > whole.json
    "$MLCTL" train parts/a.csv parts/b.csv parts/c.csv -m files.safetensors --json > files.json
    "$MLCTL" train 'parts/*.csv' -m pattern.safetensors
    cmp files.safetensors pattern.safetensors
    [ "$(jq -S '.metrics, .rows, .test_rows, .loss' whole.json)" = "$(jq -S '.metrics, .rows, .test_rows, .loss' files.json)" ]
    [ "$(jq -c '[.data.files[] | [.path, .rows]]' files.json)" = '[["parts/a.csv",59],["parts/b.csv",50],["parts/c.csv",41]]' ]
    [ "$(jq -r '.data.files' whole.json)" = null ]
    [ "$(jq -r .data.sha256 files.json)" = "$(cat parts/a.csv parts/b.csv parts/c.csv | sha256sum | cut -c1-64)" ]
}

@test "eval finds the held-out rows of several files again" {
    "$MLCTL" train 'parts/*.csv' -m m.safetensors --json > train.json
    "$MLCTL" eval -m m.safetensors --json > eval.json
    [ "$(jq -S .metrics train.json)" = "$(jq -S .metrics eval.json)" ]
    "$MLCTL" train 'parts/*.csv' -m d.safetensors --dedupe --json > train.json
    "$MLCTL" eval -m d.safetensors --json > eval.json
    [ "$(jq -S .metrics train.json)" = "$(jq -S .metrics eval.json)" ]
    echo 1,2,3,4,setosa >> parts/c.csv
    run "$MLCTL" eval -m m.safetensors
    [[ "$output" == *"SHA-256 differs"* ]]
}

@test "eval and verify take several files" {
    "$MLCTL" train whole.csv -m m.safetensors
    "$MLCTL" eval -q -m m.safetensors whole.csv --json > whole.json
    "$MLCTL" eval -m m.safetensors 'parts/*.csv' --json > files.json 2> said.txt
    [ "$(jq -S .metrics whole.json)" = "$(jq -S .metrics files.json)" ]
    [ "$(jq -r .on files.json)" = "parts/a.csv, parts/b.csv, parts/c.csv" ]
    echo 5.1,3.5,1.4,0.2,tulip >> parts/b.csv
    fails 3 'parts/b.csv:52: target "species": "tulip" is not one of' "$MLCTL" eval -q -m m.safetensors parts/a.csv parts/b.csv
    sed -i '$d' parts/b.csv
    # rows put aside come from all of them
    echo 1,2 >> parts/a.csv
    echo 1,2,3 >> parts/c.csv
    "$MLCTL" eval -q -m m.safetensors 'parts/*.csv' --bad-rows quarantine=bad.csv --json > files.json
    [ "$(jq -S .metrics whole.json)" = "$(jq -S .metrics files.json)" ]
    [ "$(cut -d, -f1 bad.csv | tr '\n' ' ')" = "line 61 43 " ]

    "$MLCTL" train 'parts/*.csv' -m m.safetensors --bad-rows skip -q
    "$MLCTL" verify -m m.safetensors --data 'parts/*.csv'
    "$MLCTL" verify -m m.safetensors --data parts/a.csv --data parts/b.csv --data parts/c.csv
    "$MLCTL" eval -m m.safetensors 'parts/*.csv' --bad-rows skip 2>&1 > /dev/null | grep -q "parts/c.csv are what trained the model"
    fails 1 "parts/a.csv, parts/b.csv: its SHA-256 is" "$MLCTL" verify -m m.safetensors --data parts/a.csv --data parts/b.csv
    fails 5 "nothing/*.csv: no file has such a name" "$MLCTL" verify -m m.safetensors --data 'nothing/*.csv'
}

@test "preprocess takes several files, and what it trains finds their held-out rows" {
    "$MLCTL" preprocess 'parts/*.csv' -o clean.csv
    "$MLCTL" preprocess whole.csv -o whole-clean.csv
    cmp clean.csv whole-clean.csv
    "$MLCTL" train clean.csv -m m.safetensors --json > train.json
    "$MLCTL" eval -m m.safetensors --json > eval.json
    [ "$(jq -S .metrics train.json)" = "$(jq -S .metrics eval.json)" ]
    [ "$(jq '.data.files | length' train.json)" = 3 ]
    "$MLCTL" preprocess --apply clean.csv.prep.json parts/a.csv parts/b.csv parts/c.csv -o again.csv
    "$MLCTL" preprocess --apply clean.csv.prep.json whole.csv -o whole-again.csv
    cmp again.csv whole-again.csv
}

@test "a file that differs is named, with its column" {
    sed 's/^petal_width/petals/; s/,petal_width/,petals/' parts/b.csv > parts/bb.csv
    run "$MLCTL" train parts/a.csv parts/bb.csv -m m.safetensors
    [ "$status" -eq 3 ]
    [[ "$output" == *"parts/bb.csv:1: has a column \"petals\", which parts/a.csv has not"* ]]
    run "$MLCTL" preprocess parts/a.csv parts/b.csv -o parts/b.csv
    [ "$status" -eq 2 ]
    run "$MLCTL" train 'nothing/*.csv' -m m.safetensors
    [ "$status" -eq 5 ]
    [ ! -e m.safetensors ]
}

@test "predict reads several files as one, and does not write over any of them" {
    "$MLCTL" train -q whole.csv > trained.txt
    "$MLCTL" predict -q whole.csv -o whole.out --keep species
    "$MLCTL" predict -q 'parts/*.csv' -o files.out --keep species
    cmp whole.out files.out
    run "$MLCTL" predict parts/a.csv parts/b.csv -o parts/b.csv
    [ "$status" -eq 2 ]
    [[ "$output" == *"parts/b.csv would be overwritten"* ]]
}
