bats_require_minimum_version 1.5.0
load common

@test "the README's first screen is what the program prints" {
    readme=$BATS_TEST_DIRNAME/../../README.md
    cp "$DATA/penguins.csv" .
    mlctl train penguins.csv > out.txt 2> err.txt
    # the seconds of a fit are nobody's promise, and its last epochs and digits follow from the processor's kernels
    promised() { sed 's/, [0-9.]* s$//; s/▂*$//; s/lbfgs, [45][0-9] epochs/lbfgs/' "$@"; }
    sed '/^\$ mlctl train penguins.csv$/,/^wrote/!d' "$readme" | sed '1d; /^ *\.\.\.$/d' | promised > shown.txt
    promised out.txt err.txt > printed.txt
    [ "$(wc -l < shown.txt)" -gt 15 ]
    while IFS= read -r line; do
        grep -qxF -- "$line" printed.txt || { echo "not printed: $line"; return 1; }
    done < shown.txt
    [ "$(grep -c 'overrides)$' shown.txt)" -eq "$(grep -c 'overrides)$' printed.txt)" ] # nor is anything left out

    start_server
    body=$(sed -n "/curl --json '{/,/}'/p" "$readme" | tr -d '\n' | sed "s/.*--json '\([^']*\)'.*/\1/")
    curl -sf -H 'Content-Type: application/json' -d "$body" "http://127.0.0.1:$port/predict" > answer.txt
    stop_server
    grep '^{"prediction":' "$readme" > said.txt
    rounded() { jq -c '.probabilities |= map_values(. * 1e7 | round)' "$1"; }
    [ "$(rounded answer.txt)" = "$(rounded said.txt)" ]
}

@test "the data sets are what datasets/SHA256SUMS says" {
    cd "$DATA" && sha256sum -c --quiet SHA256SUMS
}
