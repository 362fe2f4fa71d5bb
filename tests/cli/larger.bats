bats_require_minimum_version 1.5.0
load common

# train --stream: rows prepared in a file beside the data, read from there while training.

# parameters MODEL: the digest of its tensors; record MODEL: what it says of its training, but for the flags
parameters() { tail -c +$(($(od -An -t u8 -N 8 "$1") + 9)) "$1" | sha256sum; }
record() { mlctl inspect -m "$1" --json | jq -Sc '.record | del(.command, .data.path)'; }

# in_both FLAGS...: trained in memory and streamed, twice: parameters and records are the same
in_both() {
    rm -f data.csv.rows
    mlctl train data.csv -q -m memory.safetensors "$@" > out.txt
    mlctl train data.csv -m made.safetensors --stream "$@" > out.txt 2> made.txt
    mlctl train data.csv -m taken.safetensors --stream "$@" > out.txt 2> taken.txt
    grep -q "rows: kept in data.csv.rows" made.txt
    grep -q "rows: taken from data.csv.rows" taken.txt
    cmp made.safetensors taken.safetensors
    [ "$(parameters memory.safetensors)" = "$(parameters made.safetensors)" ]
    [ "$(record memory.safetensors)" = "$(record made.safetensors)" ]
}

@test "a streamed model is the one that rows in memory make, bit for bit" {
    cp "$DATA/penguins.csv" data.csv
    in_both -t species
    in_both -t species --optimiser gd --epochs 50 --split none
    in_both -t species --optimiser sgd --shuffle=windows --class-weight balanced --patience 4
    in_both -t species --kind mlp --shuffle=windows --epochs 8 --dropout 0.1 --batch-norm
    in_both -t species --kind mlp --shuffle=windows --epochs 3 --split none --dedupe --group year
    in_both -t body_mass_g --weight bill_length_mm --missing-flags --encode target --pca 3
    in_both -t species --select l1 --precision float
    in_both -t bill_length_mm --loss huber --outliers iqr:1.5
}

@test "streamed, windows are the order that is taken without asking, and no thread changes a bit" {
    { head -n 1 "$DATA/diamonds.csv"; for _ in $(seq 5); do tail -n +2 "$DATA/diamonds.csv"; done; } > data.csv
    for flags in "--kind linear" "--optimiser sgd" "--kind mlp --hidden 8 --epochs 3"; do
        for t in 1 2 4; do
            # shellcheck disable=SC2086
            mlctl train data.csv -q -t price $flags --stream --threads $t -m "$t.safetensors" > out.txt
        done
        cmp 1.safetensors 2.safetensors
        cmp 1.safetensors 4.safetensors
    done
    [ "$(mlctl inspect -m 1.safetensors --json | jq -r .record.settings.shuffle)" = windows ]
    mlctl train data.csv -q -t price --kind mlp --hidden 8 --epochs 3 --shuffle windows -m memory.safetensors > out.txt
    [ "$(parameters 1.safetensors)" = "$(parameters memory.safetensors)" ]
    rm data.csv.rows
    mlctl train data.csv -q -t price --kind mlp --hidden 8 --epochs 3 --stream --threads 3 -m 3.safetensors > out.txt
    cmp 3.safetensors 1.safetensors
}

@test "one file of rows serves every kind of model, and a preprocessed file streams too" {
    cp "$DATA/penguins.csv" data.csv
    mlctl train data.csv -q -t species --stream > out.txt
    before=$(stat -c %i data.csv.rows)
    for flags in "--kind mlp --epochs 2" "--kind svm" "--l2 1 --optimiser adam" "--precision float"; do
        # shellcheck disable=SC2086
        mlctl train data.csv -q -t species --stream $flags > out.txt
    done
    [ "$(stat -c %i data.csv.rows)" = "$before" ]
    mlctl preprocess "$DATA/penguins.csv" -q -t species -o clean.csv > out.txt
    mlctl train clean.csv -q -m memory.safetensors > out.txt
    mlctl train clean.csv -q --stream -m streamed.safetensors > out.txt
    [ "$(parameters memory.safetensors)" = "$(parameters streamed.safetensors)" ]
    mlctl predict -m streamed.safetensors -q "$DATA/penguins.csv" -o a.csv
    mlctl predict -m memory.safetensors -q "$DATA/penguins.csv" | cmp a.csv
}

@test "several files, a file to measure on, and the digest of all" {
    head -n 1500 "$DATA/diamonds.csv" > a.csv
    { head -n 1 "$DATA/diamonds.csv"; tail -n +1501 "$DATA/diamonds.csv"; } > b.csv
    mlctl train a.csv b.csv -q -t price -m memory.safetensors > out.txt
    mlctl train a.csv b.csv -q -t price --stream --cache both.rows -m streamed.safetensors > out.txt
    mlctl train a.csv b.csv -q -t price --stream --cache both.rows -m again.safetensors > out.txt
    cmp streamed.safetensors again.safetensors
    [ "$(record memory.safetensors)" = "$(record streamed.safetensors)" ]
    mlctl train a.csv -q -t price --test b.csv -m memory.safetensors > out.txt
    mlctl train a.csv -q -t price --test b.csv --stream -m streamed.safetensors > out.txt
    [ "$(record memory.safetensors)" = "$(record streamed.safetensors)" ]
}

# rebuilt WHY FLAGS...: the file of rows is made anew, for that reason, and the model is right
rebuilt() {
    local why=$1
    shift
    mlctl train data.csv -t species --stream -m again.safetensors "$@" > out.txt 2> notes.txt
    grep -qF "data.csv.rows is made anew: $why" notes.txt
    mlctl train data.csv -q -t species -m whole.safetensors "$@" > out.txt
    [ "$(parameters again.safetensors)" = "$(parameters whole.safetensors)" ]
    mlctl train data.csv -t species --stream -m again.safetensors "$@" > out.txt 2> notes.txt
    grep -q "rows: taken from" notes.txt
}

@test "rows of other data or settings, truncated or with a byte that flipped, are made anew" {
    cp "$DATA/penguins.csv" data.csv
    mlctl train data.csv -q -t species --stream > out.txt
    rebuilt "it is of another split" --split every:4
    rebuilt "it is of another seed" --seed 3 --split every:4
    rebuilt "it is of another scale" --scale minmax --seed 3 --split every:4
    rebuilt "it is of another drop" --drop-columns year
    rebuilt "it is of another drop"
    size=$(stat -c %s data.csv.rows)
    for at in 17 30 500 $((size / 2)) $((size - 100)) $((size - 10)); do
        old=$(od -An -t u1 -j "$at" -N 1 data.csv.rows)
        # shellcheck disable=SC2059
        printf "\\x$(printf %x $((old ^ 4)))" | dd of=data.csv.rows bs=1 seek="$at" conv=notrunc status=none
        rebuilt "it is"
    done
    for keep in 24 100 $((size / 2)) $((size - 1)); do
        truncate -s "$keep" data.csv.rows
        rebuilt "it is"
    done
    printf x >> data.csv.rows
    rebuilt "it is not whole"
    sed -i '2s/39.1/39.2/' data.csv
    rebuilt "it is of other data"
}

@test "a file that mlctl did not write stays as it is" {
    cp "$DATA/penguins.csv" data.csv
    echo "my own rows" > data.csv.rows
    fails 4 "data.csv.rows: it is no file of prepared rows, which --stream keeps there; move it away, or --cache FILE names another place" mlctl train data.csv -t species --stream -q
    fails 4 "it is no file of prepared rows" mlctl train data.csv -t species --stream -q --cache data.csv
    [ "$(cat data.csv.rows)" = "my own rows" ]
    cmp data.csv "$DATA/penguins.csv"
    mkdir folder.rows
    fails 4 "it is no file of prepared rows" mlctl train data.csv -t species --stream -q --cache folder.rows
    [ ! -e model.safetensors ]
}

@test "what cannot be streamed is refused with what to do" {
    cp "$DATA/penguins.csv" data.csv
    fails 2 "--stream needs files" mlctl train - --stream -q < data.csv
    fails 2 "leave --stream or --folds away" mlctl train data.csv -t species --stream --folds 3 -q
    fails 2 "take --bad-rows skip" mlctl train data.csv -t species --stream --bad-rows quarantine=bad.csv -q
    fails 2 "--cache does nothing without --stream" mlctl train data.csv -t species --cache x.rows -q
    fails 2 "the model is written there" mlctl train data.csv -t species --stream --cache model.safetensors -q
    fails 2 "rows that are streamed come in windows" mlctl train data.csv -t species --stream --shuffle rows --optimiser sgd -q
    fails 2 "lbfgs takes all rows at a time: no order of them (shuffle) goes with it" mlctl train data.csv -t species --shuffle windows -q
    fails 2 "interior keeps numbers of every row in memory and cannot stream them" mlctl train data.csv -t body_mass_g --loss absolute --stream -q
    fails 2 'no shuffle "windws"; did you mean "windows"?' mlctl train data.csv -t species --shuffle windws -q
    fails 2 "--stream needs files" mlctl train <(cat data.csv) --stream -q
    sed -e '1s/bill_length_mm/bill/' -e '2s/39.1/-1/' data.csv > minus.csv
    fails 3 'target "bill" is -1; loss poisson is for counts' mlctl train minus.csv -t bill --kind poisson --stream -q
    [ ! -e model.safetensors ]
}

@test "no room on the disk is one error, and nothing is left behind" {
    { head -n 1 "$DATA/diamonds.csv"; for _ in $(seq 10); do tail -n +2 "$DATA/diamonds.csv"; done; } > data.csv
    small() { (ulimit -f 1000; trap '' XFSZ; exec "$MLCTL" train data.csv -t price --stream -q); }
    fails 5 'cannot write "data.csv.rows": File too large' small
    [ "$(find . -name '*.rows' -o -name '.mlctl-*' -o -name '*.safetensors')" = "" ]
    mkdir shut && chmod 555 shut
    fails 5 'cannot write "nowhere/x.rows"' mlctl train data.csv -t price --stream -q --cache nowhere/x.rows
}

# bats test_tags=release
@test "killed while the rows are written, the next run makes them" {
    { head -n 1 "$DATA/diamonds.csv"; for _ in $(seq 40); do tail -n +2 "$DATA/diamonds.csv"; done; } > data.csv
    mlctl train data.csv -q -t price -m whole.safetensors > out.txt
    for wait in 0.02 0.05 0.1 0.15 0.2; do
        rm -f data.csv.rows
        "$MLCTL" train data.csv -q -t price --stream > out.txt &
        sleep $wait
        kill -9 $! 2> /dev/null || true
        wait $! 2> /dev/null || true
        mlctl train data.csv -q -t price --stream > out.txt
        [ "$(parameters model.safetensors)" = "$(parameters whole.safetensors)" ]
    done
    rm -f data.csv.rows .mlctl-*
    "$MLCTL" train data.csv -q -t price --stream > out.txt &
    sleep 0.1
    kill -TERM $!
    wait $! || true
    [ -z "$(find . -name '.mlctl-*')" ]
}

# needed FLAGS...: the MiB that a streamed run on data.csv says it needs
needed() {
    mlctl train data.csv -t price --stream -v "$@" 2>&1 > out.txt | sed -n 's/.*memory: about \([0-9]*\) MiB.*/\1/p'
}

# bats test_tags=release
@test "what training and measuring take is known before the first epoch, and --memory refuses it" {
    { head -n 1 "$DATA/diamonds.csv"; for _ in $(seq 100); do tail -n +2 "$DATA/diamonds.csv"; done; } > data.csv
    plain=$(needed --kind linear) weighted=$(needed --kind linear --weight carat) held=$(needed --kind linear --split random:0.9)
    echo "$plain $weighted $held"
    # of 215,760 rows: 8 bytes more a row with weights; targets, predictions and ranks of the rows that are held out
    ((weighted - plain > 0 && held > plain))
    fails 5 "about $held MiB of memory" mlctl train data.csv -t price --stream -q --kind linear --split random:0.9 --memory "$((held - 1))M"
    fails 5 "training needs about" mlctl train data.csv -t price --stream -q --kind mlp --hidden 3000,3000 --memory 60M
}

@test "a streamed run is reproduced, and goes on from its checkpoint" {
    cp "$DATA/diamonds.csv" data.csv
    flags=(-q -t price --kind mlp --hidden 8 --epochs 40 --stream)
    mlctl train data.csv "${flags[@]}" -m whole.safetensors > out.txt
    mlctl train --reproduce whole.safetensors -q > out.txt
    for _ in 1 2 3; do
        timeout -s KILL 0.3 "$MLCTL" train data.csv "${flags[@]}" --checkpoint state --every 0.01s --resume > out.txt || true
    done
    mlctl train data.csv "${flags[@]}" --checkpoint state --resume > out.txt
    cmp model.safetensors whole.safetensors
}

@test "streamed, a training goes on from a model as in memory" {
    { head -n 1 "$DATA/penguins.csv"; sed -n '2,120p;200,320p' "$DATA/penguins.csv"; } > data.csv
    mlctl train data.csv -q -t species --kind mlp --epochs 3 --shuffle windows -m first.safetensors > out.txt
    cp "$DATA/penguins.csv" data.csv
    mlctl train data.csv -q --warm-start first.safetensors --epochs 3 --shuffle windows -m memory.safetensors > out.txt
    mlctl train data.csv -q --stream --warm-start first.safetensors --epochs 3 -m made.safetensors > out.txt
    mlctl train data.csv -q --stream --warm-start first.safetensors --epochs 3 -m taken.safetensors > out.txt
    cmp made.safetensors taken.safetensors
    [ "$(parameters memory.safetensors)" = "$(parameters made.safetensors)" ]
    [ "$(record memory.safetensors)" = "$(record made.safetensors)" ]
    mlctl train data.csv -t species --stream -m other.safetensors > out.txt 2> notes.txt
    grep -q "data.csv.rows is made anew: it is of another" notes.txt
}
