bats_require_minimum_version 1.5.0
load common

# Every optimiser named here over every kind, on a table of many blocks, in batches of several: the bytes do not depend on
# how many threads there are.

# table COPIES: the diamonds so many times, each copy a little other
table() {
    awk -F, -v OFS=, -v copies="$1" 'NR == 1 { print; next } { row[NR] = $0 }
        END { for (c = 0; c < copies; c++) for (r = 2; r <= NR; r++) { $0 = row[r]; $1 += c * (r % 7) / 1000; $NF += c * (r % 11); print } }' "$DATA/diamonds.csv"
}
# same FLAGS...: models by 1, 2 and 4 threads
same() {
    local threads
    for threads in 1 2 4; do
        mlctl train data.csv -q "$@" --split last:0.1 --threads $threads -m $threads.safetensors > out.txt
    done
    [[ $(sha256sum 1.safetensors 2.safetensors 4.safetensors | cut -d' ' -f1 | sort -u | wc -l) -eq 1 ]] || { echo "$*"; return 1; }
}

# bats test_tags=release
@test "1, 2 and 4 threads: the same SHA-256 for lbfgs, sgd and adam over a linear model, classes and a network" {
    table 16 > data.csv
    for optimiser in lbfgs sgd adam; do
        batch=(--batch 4096 --epochs 3) drop=(--dropout 0.1)
        [ $optimiser != lbfgs ] || batch=(--epochs 6) drop=()
        same -t price --kind linear --optimiser $optimiser "${batch[@]}"
        same -t cut --kind logistic --optimiser $optimiser "${batch[@]}"
        same -t price --kind mlp --hidden 32,16 "${drop[@]}" --optimiser $optimiser "${batch[@]}"
        same -t cut --kind mlp --hidden 32 --precision double --optimiser $optimiser "${batch[@]}"
    done
    # small batches, of one block each
    for optimiser in sgd adam; do
        same -t price --kind mlp --hidden 16 --batch 64 --epochs 1 --optimiser $optimiser
    done
}

# bats test_tags=release
@test "1, 2 and 4 threads: the same SHA-256 where lbfgs begins at the optimum of a sample" {
    table 56 | awk -F, -v OFS=, '{ print $1, $5, $6, (NR == 1 ? "dear" : $NF > 2500 ? "yes" : "no") }' > data.csv
    same -t dear --kind logistic
    mlctl inspect -m 1.safetensors --json | jq -e '.record.train_rows > 131072' > out.txt
}
