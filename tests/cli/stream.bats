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
