bats_require_minimum_version 1.5.0
load common

# Reading, computing and writing side by side: the bytes do not depend on the threads, what fails leaves nothing behind.

# repeated FILE TIMES: its rows so many times, for tables of many blocks
repeated() { head -1 "$1"; for _ in $(seq "$2"); do tail -n +2 "$1"; done; }

@test "a clean file has the same bytes whatever the number of threads, and so has its pipeline" {
    repeated "$DATA/penguins.csv" 100 > many.csv
    for t in 1 2 4; do
        mlctl preprocess many.csv -t species --threads "$t" -o clean.csv -q > out.txt
        mkdir "$t"
        mv clean.csv clean.csv.prep.json "$t"
    done
    cmp 1/clean.csv 2/clean.csv
    cmp 1/clean.csv 4/clean.csv
    cmp 1/clean.csv.prep.json 4/clean.csv.prep.json
    [ "$(wc -l < 1/clean.csv)" -eq "$(wc -l < many.csv)" ]
    [ "$(sha256sum < 1/clean.csv | cut -d' ' -f1)" = "$(jq -r .clean_sha256 1/clean.csv.prep.json)" ]
}

@test "applied to the rows it was fitted on, a pipeline writes the clean file once more" {
    repeated "$DATA/penguins.csv" 30 > many.csv
    mlctl preprocess many.csv -t species -o clean.csv -q > out.txt
    mlctl preprocess many.csv --apply clean.csv.prep.json -o again.csv -q > out.txt
    cmp clean.csv again.csv
}

@test "predictions have the same bytes whatever the number of threads, as CSV and as JSON" {
    mlctl train "$DATA/penguins.csv" -t species -q > out.txt
    repeated "$DATA/penguins.csv" 60 > many.csv
    for t in 1 2 4; do
        mlctl predict -q many.csv --keep sex,island --threads "$t" -o "$t.csv"
        mlctl predict -q many.csv --keep sex --json --threads "$t" -o "$t.json"
        mlctl predict -q - --keep sex,island --threads "$t" < many.csv | cmp "$t.csv"
    done
    cmp 1.csv 2.csv
    cmp 1.csv 4.csv
    cmp 1.json 2.json
    cmp 1.json 4.json
    [ "$(wc -l < 1.csv)" -eq "$(wc -l < many.csv)" ]
    [ "$(jq length 1.json)" -eq "$(($(wc -l < many.csv) - 1))" ]
    [ "$(jq -r '.[20000].prediction' 4.json)" = "$(sed -n 20002p 4.csv | cut -d, -f3)" ]
}

@test "the first error in file order is the one that is said, and what was there stays" {
    mlctl preprocess "$DATA/penguins.csv" -t species -o clean.csv -q > out.txt
    repeated "$DATA/penguins.csv" 120 > many.csv
    sed -e '20001s/.*/Torgersen,first,18.7,181,3750,male,2007,Adelie/' -e '20003s/.*/Torgersen,second,18.7,181,3750,male,2007,Adelie/' \
        -e '40000s/.*/Torgersen,39/' many.csv > bad.csv
    echo old > out.csv
    for t in 1 2 4; do
        fails 3 'bad.csv:20001:2: column "bill_length_mm": "first"' mlctl preprocess bad.csv --apply clean.csv.prep.json -o out.csv --threads "$t"
        [ "$(cat out.csv)" = old ]
        [ -z "$(find . -name '.mlctl-*')" ]
    done
    mlctl train "$DATA/penguins.csv" -t species -q > out.txt
    for t in 1 2 4; do
        fails 3 'bad.csv:20001:2: column "bill_length_mm": "first"' mlctl predict bad.csv -o out.csv --threads "$t"
        [ "$(cat out.csv)" = old ]
    done
}

answered() { [ "$(wc -l < answers.txt)" -ge "$1" ]; }

# A pipe that stays open: what has come is answered, whether the file is cut into texts or read row by row.
@test "rows that come through a pipe are answered before the pipe is closed" {
    mlctl train "$DATA/penguins.csv" -t species -q > out.txt
    mlctl preprocess "$DATA/penguins.csv" -t species -o clean.csv -q > out.txt
    for how in "predict - -q" "predict - -q --threads 1" "predict - -q --json" "preprocess - -q --apply clean.csv.prep.json"; do
        mkfifo pipe
        # shellcheck disable=SC2086
        mlctl $how < pipe > answers.txt &
        exec 7> pipe
        head -20 "$DATA/penguins.csv" >&7
        soon answered 19
        sed -n 21,30p "$DATA/penguins.csv" >&7
        soon answered 29
        exec 7>&-
        wait $!
        rm pipe
    done
    head -30 "$DATA/penguins.csv" > thirty.csv
    mlctl preprocess thirty.csv -q --apply clean.csv.prep.json -o - | cmp answers.txt
}

# bats test_tags=release
@test "a file over --memory is preprocessed with its columns put aside, to the same bytes" {
    repeated "$DATA/penguins.csv" 600 > many.csv
    cp many.csv more.csv
    for flags in "" "--group year --missing-flags --outliers iqr:1.5 --encode ordinal --pca 3 --drop-columns sex"; do
        # shellcheck disable=SC2086
        mlctl preprocess many.csv -t species $flags -o whole.csv -q > out.txt
        # shellcheck disable=SC2086
        mlctl preprocess many.csv -t species $flags -o passes.csv --memory 50M > out.txt 2> notes.txt
        grep -q "columns are put aside in" notes.txt
        cmp whole.csv passes.csv
        cmp whole.csv.prep.json passes.csv.prep.json
    done
    mlctl preprocess many.csv more.csv -t species -o whole.csv -q > out.txt
    TMPDIR=$PWD mlctl preprocess many.csv more.csv -t species -o passes.csv --memory 60M > out.txt 2> notes.txt
    grep -q "columns are put aside in $PWD" notes.txt
    cmp whole.csv passes.csv
    [ -z "$(find . -name '.mlctl-*')" ]
}

@test "memory for not one column is refused at once, and so is a pipe, whose size nobody knows" {
    repeated "$DATA/penguins.csv" 600 > many.csv
    fails 5 "even when columns are put aside on the disk; 40 MiB may be used" mlctl preprocess many.csv -o clean.csv --memory 40M
    fails 2 "--memory needs a file" mlctl preprocess - -o clean.csv --memory 1G < many.csv
    fails 5 'TMPDIR names another place' env TMPDIR=/nowhere "$MLCTL" preprocess many.csv -o clean.csv --memory 50M -q
    [ ! -e clean.csv ]
}

# bats test_tags=release
@test "a stream takes the same memory whatever the size of the file" {
    repeated "$DATA/diamonds.csv" 350 > large.csv
    [ "$(wc -c < large.csv)" -gt 40000000 ]
    mlctl preprocess "$DATA/diamonds.csv" -o clean.csv -q > out.txt
    mlctl train "$DATA/diamonds.csv" -q > out.txt
    for command in "preprocess large.csv --apply clean.csv.prep.json" "predict large.csv" "predict large.csv --json --keep cut"; do
        # shellcheck disable=SC2086
        command time -f %M -o peak.txt "$MLCTL" $command -q -o out.csv --threads 4 > out.txt
        peak=$(cat peak.txt)
        echo "$command: $peak KiB"
        [ "$peak" -gt 1000 ]
        [ "$peak" -lt 65536 ]
    done
}
