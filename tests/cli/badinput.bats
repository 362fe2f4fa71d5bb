bats_require_minimum_version 1.5.0
load common

# Each line of bad input: one clear line, the documented exit code, nothing written.

nothing_written() {
    [[ ! -e model.safetensors ]] || { echo "a model was written"; return 1; }
    [[ -z $(ls -A | grep -vE '^(stdout.txt|stderr.txt|.*\.csv|.*\.json)$') ]] || { ls -A; return 1; }
}
one_line() { [[ $(wc -l < stderr.txt) -eq 1 ]] || { cat stderr.txt; return 1; }; }

@test "no such file" {
    fails 5 "nosuch.csv: " mlctl train -q nosuch.csv
    one_line; nothing_written
}
@test "empty file" {
    : > empty.csv
    fails 3 "empty" mlctl train -q empty.csv
    one_line; nothing_written
}
@test "header only" {
    echo a,b > head.csv
    fails 3 "no rows" mlctl train -q head.csv
    one_line; nothing_written
}
@test "one row" {
    printf 'a,b\n1,2\n' > one.csv
    fails 3 "at least two" mlctl train -q one.csv
    one_line; nothing_written
}
@test "a target that does not exist: the nearest name" {
    fails 2 'did you mean "species"' mlctl train -q "$DATA/iris.csv" --target specis
    one_line; nothing_written
}
@test "losses, kinds and optimisers that do not go together" {
    fails 2 'did you mean "huber"' mlctl train "$DATA/diabetes.csv" --loss hubr
    fails 2 'expected one of: squared absolute' mlctl train "$DATA/diabetes.csv" --loss zzz
    fails 2 'q of loss quantile must be a number above 0 and below 1, found "1.5"' mlctl train "$DATA/diabetes.csv" --loss quantile:1.5
    fails 2 'epsilon of loss epsilon_insensitive must be a number 0 or more, found "-1"' mlctl train "$DATA/diabetes.csv" --loss epsilon_insensitive:-1
    fails 2 'delta of loss huber must be a number above 0' mlctl train "$DATA/diabetes.csv" --loss huber:0
    fails 2 'loss squared takes no parameter' mlctl train "$DATA/diabetes.csv" --loss squared:2
    fails 2 '--kind svm does not take loss huber; it takes: squared_hinge, hinge' mlctl train "$DATA/diabetes.csv" --kind svm --loss huber
    fails 2 '--loss hinge is for classification, but the task is regression' mlctl train "$DATA/diabetes.csv" --loss hinge
    fails 2 '--kind poisson is for regression' mlctl train "$DATA/iris.csv" --kind poisson
    fails 2 '--loss huber is for regression, but the task is classification' mlctl train "$DATA/iris.csv" --loss huber
    fails 2 'lbfgs needs a smooth loss and absolute has kinks; use interior' mlctl train "$DATA/diabetes.csv" --loss absolute --optimiser lbfgs
    fails 2 'interior is for losses with kinks and squared is smooth; use lbfgs' mlctl train "$DATA/diabetes.csv" --optimiser interior
    fails 2 'interior computes in double precision' mlctl train "$DATA/diabetes.csv" --loss absolute --precision float
}

@test "targets that a Poisson regression cannot have" {
    awk -F, -v OFS=, 'NR == 8 { $NF = -3 } 1' "$DATA/diabetes.csv" > negative.csv
    fails 3 'row 7: target "target" is -3; loss poisson is for counts and rates of 0 or more' mlctl train -q negative.csv --kind poisson
    printf 'x,y\n' > zeros.csv
    for i in $(seq 40); do echo "$i,$((i > 30 ? i : 0))" >> zeros.csv; done
    fails 3 'target is 0 in all 30 rows to train on' mlctl train -q zeros.csv --kind poisson --split last:0.25
}

@test "a constant target" {
    printf 'a,b\n1,2\n2,2\n3,2\n' > constant.csv
    fails 3 'target "b" is constant' mlctl train -q constant.csv
    printf 'a,b\n1,x\n2,x\n3,x\n' > constant.csv
    fails 3 'target "b" is constant' mlctl train -q constant.csv
    one_line; nothing_written
}
@test "a class with one row" {
    printf 'a,b\n1,x\n2,x\n3,y\n4,y\n5,z\n' > lonely.csv
    fails 3 'class "z" of target "b" has one row' mlctl train -q lonely.csv
    one_line; nothing_written
}
@test "a class that the split leaves without training rows" {
    printf 'a,b\n' > sorted.csv
    for i in $(seq 8); do echo "$i,x"; done >> sorted.csv
    for i in $(seq 8); do echo "$i,y"; done >> sorted.csv
    fails 3 'class "y" has no row to train on' mlctl train -q sorted.csv --split last:0.5
}
@test "a target without a value in any row, and no column but the target" {
    printf 'a,b\n1,\n2,\n' > none.csv
    fails 3 "0 rows with a target" mlctl train -q none.csv
    printf 'b\n1\n2\n3\n' > alone.csv
    fails 3 "no column besides the target" mlctl train -q alone.csv
}
@test "ragged row, with its line" {
    printf 'a,b\n1,2\n3\n4,5\n' > ragged.csv
    fails 3 "ragged.csv:3:" mlctl train -q ragged.csv
    one_line; nothing_written
}
@test "a quote that never closes, NUL bytes, and bytes that are not UTF-8" {
    printf 'a,b\n1,"x\n2,y\n' > quote.csv
    fails 3 "quote.csv:2" mlctl train -q quote.csv
    printf 'a,b\n1,\0002\n' > nul.csv
    fails 3 "nul.csv:2" mlctl train -q nul.csv
    printf 'a,b\n1,\303\274\n2,\377\n' > bytes.csv
    fails 3 "bytes.csv:3:2: not UTF-8" mlctl train -q bytes.csv
    nothing_written
}
@test "a damaged gzip file" {
    gzip -c "$DATA/iris.csv" | head -c 500 > cut.csv
    fails 3 "gzip" mlctl train -q cut.csv
    nothing_written
}
@test "a pinned type that does not hold, and pins and drops of no column" {
    fails 3 'column "species"' mlctl train -q "$DATA/iris.csv" --type species=number
    fails 2 'did you mean "species"' mlctl train -q "$DATA/iris.csv" --type specie=category
    fails 2 'did you mean "species"' mlctl train -q "$DATA/iris.csv" --drop-columns specie
    nothing_written
}

@test "a file that is no CSV is said to be what it is" {
    says() { fails 3 "$1" mlctl train -q in.csv; [[ $(wc -l < stderr.txt) -eq 1 ]]; }
    printf 'PK\003\004\024\000' > in.csv; says "no CSV file: it is a zip archive or an Excel file; unpack it, or save the sheet as CSV"
    printf '\320\317\021\340\241' > in.csv; says "it is an Excel file"
    printf 'PAR1\025\004' > in.csv; says "it is a Parquet file"
    printf 'ARROW1\000\000' > in.csv; says "it is an Arrow file"
    printf 'SQLite format 3\000' > in.csv; says "it is an SQLite database"
    printf '%%PDF-1.4\n%%' > in.csv; says "it is a PDF file"
    printf '\211PNG\r\n\032\n' > in.csv; says "it is an image"
    printf '\3757zXZ\000' > in.csv; says "it is an xz archive"
    printf 'BZh91AY&SYx' > in.csv; says "it is a bzip2 archive"
    printf '\n<!DOCTYPE html>\n<p>Not found' > in.csv; says "it is a web page; was the file behind it meant?"
    printf '{\n "a": 1}\n' > in.csv; says "it is JSON; write it as CSV"
    printf '[{"a": 1}]\n' > in.csv; says "it is JSON; write it as CSV"
    # names that only look so
    for name in PAR1 ARROW1 'SQLite format 3' '{a}' '[a]' '<b>'; do
        printf '%s,b\n1,2\n3,4\n' "$name" > in.csv
        mlctl convert -q in.csv | head -1 | grep -qxF "$name,b"
    done
    printf '%s\n' "a b c" "1 2 3" "4 5 6" > in.csv
    fails 3 'it has one column only, "a b c"; if that should be several, --delimiter CHAR' mlctl train -q in.csv
    fails 5 "nothere.safetensors: there is no such model file; mlctl train DATA.csv writes one" mlctl eval -m nothere.safetensors
    fails 4 "not a prep file, which mlctl preprocess writes beside its output" mlctl preprocess --apply in.csv in.csv
    printf 'x,y\n1,2\nn a,3\n4,5\n' > in.csv
    fails 3 "(--na 'n a' treats it as missing)" mlctl train -q in.csv --type x=number
}

# ---- predict and eval ----

trained() { mlctl train "$DATA/penguins.csv" -q --target species > train.txt; }

@test "text in a numeric column at predict: line and column" {
    trained
    sed '3s/^\([^,]*\),[^,]*/\1,abc/' "$DATA/penguins.csv" > bad.csv
    fails 3 'bad.csv:3:' mlctl predict -q bad.csv
    grep -q '"abc" is not a number' stderr.txt
    one_line
}
@test "text in a numeric column leaves no output file" {
    trained
    sed '300s/^\([^,]*\),[^,]*/\1,abc/' "$DATA/penguins.csv" > bad.csv
    fails 3 'bad.csv:300:' mlctl predict -q bad.csv -o out.csv
    [ ! -e out.csv ]
}
@test "a missing column at predict is named" {
    trained
    cut -d, -f1-4,6- "$DATA/penguins.csv" > less.csv
    missing=$(head -1 "$DATA/penguins.csv" | cut -d, -f5)
    fails 3 "\"$missing\"" mlctl predict -q less.csv
    one_line
}
@test "an extra column is ignored and said once" {
    trained
    sed '1s/$/,extra/;2,$s/$/,1/' "$DATA/penguins.csv" > more.csv
    mlctl predict more.csv > a.csv 2> err.txt
    [ "$(grep -c extra err.txt)" -eq 1 ]
    mlctl predict -q "$DATA/penguins.csv" > b.csv
    cmp a.csv b.csv
}
@test "eval of a file without the target, and with a label the model does not know" {
    trained
    cut -d, -f1-7 "$DATA/penguins.csv" > less.csv
    fails 3 '"species"' mlctl eval -q less.csv
    sed '5s/[^,]*$/Emperor/' "$DATA/penguins.csv" > label.csv
    fails 3 'label.csv:5' mlctl eval -q label.csv
    grep -q '"Emperor" is not one of the 3 classes' stderr.txt
}
@test "eval when the training data is gone or changed says so and prints the record" {
    cp "$DATA/iris.csv" data.csv
    mlctl train data.csv -q --json > train.json
    echo "9,9,9,9,setosa" >> data.csv
    mlctl eval --json 2> err.txt > eval.json
    grep -q "SHA-256 differs" err.txt
    jq -e '.on | test("as recorded")' eval.json
    [ "$(jq -c .metrics eval.json)" = "$(jq -c .metrics train.json)" ]
    rm data.csv
    mlctl eval > out.txt 2> err.txt
    grep -q "cannot be read" err.txt
    grep -q "as recorded by train" out.txt
}

# ---- model files ----

@test "a model file that is truncated, bit-flipped, or not a model" {
    trained
    size=$(stat -c %s model.safetensors)
    head -c $((size / 2)) model.safetensors > cut.safetensors
    fails 4 "cut.safetensors" mlctl predict -q -m cut.safetensors "$DATA/penguins.csv"
    one_line
    for at in 0 9 200 $((size / 2)) $((size - 1)); do
        cp model.safetensors flip.safetensors
        byte=$(od -An -tu1 -j "$at" -N1 model.safetensors | tr -d ' ')
        printf "\\x$(printf %x $((byte ^ 1)))" | dd of=flip.safetensors bs=1 seek="$at" conv=notrunc status=none
        fails 4 "flip.safetensors" mlctl verify flip.safetensors
        one_line
    done
    fails 4 "iris.csv" mlctl eval -q -m "$DATA/iris.csv"
    fails 5 "nosuch" mlctl predict -q -m nosuch.safetensors "$DATA/iris.csv"
    fails 4 "" mlctl verify "$DATA"
    mkfifo pipe
    fails 4 "pipe" timeout 60 "$MLCTL" verify pipe
    : > empty.safetensors
    fails 4 "empty.safetensors" mlctl verify empty.safetensors
}
@test "verify: a mismatch is exit 1" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    fails 1 "expected $(printf '0%.0s' {1..64})" mlctl verify --sha256 "$(printf '0%.0s' {1..64})"
    fails 2 "64 hexadecimal digits" mlctl verify --sha256 0000
    fails 1 "wine.csv" mlctl verify --data "$DATA/wine.csv"
    mlctl verify --data "$DATA/iris.csv" --sha256 "$(mlctl inspect --json | jq -r .sha256)"
}

# ---- the system ----

@test "a full disk: /dev/full and a tiny file system" {
    trained
    fails 5 "No space left" mlctl predict -q "$DATA/penguins.csv" -o /dev/full
    status=0
    mlctl predict -q "$DATA/penguins.csv" > /dev/full 2> stderr.txt || status=$?
    [ "$status" -eq 5 ]
    status=0
    mlctl inspect > /dev/full 2> stderr.txt || status=$?
    [ "$status" -eq 5 ]
    [ "$(id -u)" -eq 0 ] || skip "a tiny file system needs root"
    mkdir tiny
    mount -t tmpfs -o size=16k tmpfs tiny || skip "this kernel lets nobody mount a tmpfs here"
    cp model.safetensors tiny/model.safetensors 2>/dev/null || true
    cp tiny/model.safetensors before
    dd if=/dev/zero of=tiny/fill bs=1k count=64 2>/dev/null || true
    status=0
    mlctl train "$DATA/breast_cancer.csv" -q -m tiny/model.safetensors > stdout.txt 2> stderr.txt || status=$?
    same=0
    cmp -s tiny/model.safetensors before || same=1
    left=$(ls -A tiny)
    umount tiny
    cat stderr.txt
    [ "$status" -eq 5 ]
    [ "$same" -eq 0 ]
    grep -q "tiny/model.safetensors" stderr.txt
    [ "$left" = "fill
model.safetensors" ]
}
@test "an unwritable place" {
    fails 5 "nodir/model.safetensors" mlctl train -q "$DATA/iris.csv" -m nodir/model.safetensors
}
@test "a port in use" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    start_server
    fails 5 "$port" mlctl serve -q --port "$port"
    stop_server
}

# ---- usage ----

@test "typos are answered with the nearest name" {
    fails 2 'did you mean "train"' mlctl trian x.csv
    fails 2 'did you mean --target' mlctl train x.csv --traget y
    fails 2 'did you mean "lbfgs"' mlctl train "$DATA/iris.csv" --optimiser lbfsg
    fails 2 'did you mean "linear"' mlctl train "$DATA/iris.csv" --kind liner
    fails 2 'did you mean "accuracy"' mlctl eval --require 'acuracy>=1'
    fails 2 'no format "cc"' mlctl export --format cc
}
@test "settings out of range are usage errors that name range and value" {
    fails 2 '--l1 -1' mlctl train "$DATA/iris.csv" --l1 -1
    fails 2 '--epochs -3 is negative' mlctl train "$DATA/iris.csv" --epochs -3
    fails 2 'random:1.5' mlctl train "$DATA/iris.csv" --split random:1.5
    fails 2 'every:1' mlctl train "$DATA/iris.csv" --split every:1
    fails 2 'must be auto or a number' mlctl train "$DATA/iris.csv" --rate fast
    fails 2 '--delimiter' mlctl train "$DATA/iris.csv" --delimiter x
    fails 2 '--port 99999' mlctl serve --port 99999
    fails 2 '--memory' mlctl train "$DATA/iris.csv" --memory lots
    fails 2 'one argument too many' mlctl inspect "$DATA/iris.csv" other.csv
    fails 2 'it wants DATA.csv' mlctl train
    for command in train describe "preprocess -o x.csv" "split -o x.csv,y.csv"; do
        fails 2 '--drop-columns leaves out "species", which --target names' mlctl $command "$DATA/iris.csv" -t species --drop-columns petal_width,species
    done
    fails 2 'for regression' mlctl train "$DATA/iris.csv" --kind linear
}
@test "how columns are cleaned: lists add up, are split at commas, and name columns that are there" {
    mlctl train "$DATA/iris.csv" -q --scale robust --scale petal_width=none,sepal_width=minmax --impute mean > out.txt
    mlctl inspect --json > model.json
    jq -e '.record.settings.scale == ["robust", "petal_width=none", "sepal_width=minmax"]' model.json
    jq -e '.pipeline.steps[] | select(.kind == "scale") | .method == ["robust", "minmax", "robust"]' model.json
    fails 2 '--scale petal_widht=none: there is no column "petal_widht"; did you mean "petal_width"?' \
        mlctl train "$DATA/iris.csv" --scale petal_widht=none
    # as many as one likes: all are freed
    many=()
    for i in {1..200}; do many+=(--scale "petal_width=none" --impute mean); done
    mlctl train "$DATA/iris.csv" -q "${many[@]}" > out.txt
    fails 2 'did you mean "robust"?' mlctl train "$DATA/iris.csv" --scale standard,petal_width=robst
    fails 2 'column "species" is not one that predicts' mlctl preprocess "$DATA/iris.csv" -o x.csv --scale species=none
    [ ! -e x.csv ]
}
@test "settings that could do nothing are refused" {
    mlctl preprocess "$DATA/iris.csv" -o clean.csv -q > out.txt
    fails 2 '--impute does nothing on a preprocessed file' mlctl train clean.csv -q --impute mean
    fails 2 '--keep-all does nothing on a preprocessed file' mlctl train clean.csv -q --keep-all
    [ ! -e model.safetensors ]
    for flag in --target=species --seed=2 --impute=mean --max-missing=0.5 --drop-columns=species; do
        fails 2 "${flag%%=*} does not go with --apply" mlctl preprocess --apply clean.csv.prep.json "$DATA/iris.csv" -o x.csv $flag
    done
    [ ! -e x.csv ]
    mlctl train clean.csv -q > out.txt
    mlctl inspect --json | jq -e '.record.settings | has("impute") | not'
}
@test "predict --keep: a column that is missing, asked for twice, or named like a prediction" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    fails 2 'no column "nosuch"' mlctl predict -q "$DATA/iris.csv" --keep nosuch
    fails 2 '--keep species: the output already has' mlctl predict -q "$DATA/iris.csv" --keep species,species
    sed '1s/species/prediction/' "$DATA/iris.csv" > named.csv
    fails 2 '--keep prediction: the output already has' mlctl predict -q named.csv --keep prediction
    fails 2 '--keep prediction: the output already has' mlctl predict -q --json named.csv --keep prediction
    sed '1s/species/probability:setosa/' "$DATA/iris.csv" > named.csv
    fails 2 'already has' mlctl predict -q named.csv --keep probability:setosa
    mlctl predict -q --json named.csv --keep probability:setosa | jq -e '.[0]["probability:setosa"] == "setosa"'
}
@test "an argument that is not UTF-8" {
    cp "$DATA/iris.csv" $'\xff.csv'
    fails 2 'argument 1 is not UTF-8' mlctl train $'\xff.csv' -q
}
@test "an option given twice: the last one counts" {
    mlctl train "$DATA/iris.csv" -q -m first.safetensors -m second.safetensors > out.txt
    [ ! -e first.safetensors ]
    mlctl verify second.safetensors
}
@test "control characters of names and labels do not reach the terminal" {
    printf 'a\033[31mz,y\n' > control.csv
    for i in $(seq 20); do printf '%d,\033]0;x\a%d\n' "$i" $((i % 2)); done >> control.csv
    mlctl train control.csv > out.txt 2> err.txt
    mlctl inspect >> out.txt
    mlctl eval >> out.txt 2>> err.txt
    grep -q 'a?\[31mz' out.txt
    LC_ALL=C run ! grep -q '[[:cntrl:]]' out.txt err.txt
}
@test "validation leaves a row of a rare class to train on; where groups forbid that, it is blamed on --patience" {
    printf 'x,y\n' > rare.csv
    for i in $(seq 40); do echo "$i,$((i > 38))"; done >> rare.csv
    mlctl train rare.csv -q --patience 3 --validation 0.9 > fitted.txt
    printf 'x,g,y\n' > rare.csv
    for i in $(seq 40); do echo "$i,$((i % 4)),$((i % 4 == 1))"; done >> rare.csv
    fails 3 'no row to train on' mlctl train rare.csv -q --group g --split none --patience 3 --validation 0.7
    grep -q -e '--patience' stderr.txt
}
@test "--version and --help that do not arrive" {
    for flag in --version --help; do
        status=0
        mlctl $flag > /dev/full 2> stderr.txt || status=$?
        [ "$status" -eq 5 ]
    done
}

@test "an output that is the input is refused before anything is lost" {
    cp "$DATA/penguins.csv" data.csv
    mlctl train data.csv -q > out.txt
    fails 2 "would be overwritten" mlctl train data.csv -q -m data.csv
    fails 2 "would be overwritten" mlctl predict data.csv -q -o ./data.csv
    fails 2 "would be overwritten" mlctl predict data.csv -q -o model.safetensors
    fails 2 "would be overwritten" mlctl preprocess data.csv -q -o data.csv
    fails 2 "would be overwritten" mlctl export -o model.safetensors
    cmp data.csv "$DATA/penguins.csv"
    mlctl verify
}
@test "a gate that measured nothing is not met" {
    cp "$DATA/iris.csv" data.csv
    mlctl train data.csv -q > out.txt
    mlctl eval -q --json | jq -e '.measured == true'
    rm data.csv
    mlctl eval -q --json | jq -e '.measured == false'
    fails 3 "nothing was measured" mlctl eval -q --require 'accuracy>=0.1'
}
@test "eval on the training file warns" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    mlctl eval "$DATA/iris.csv" > out.txt 2> err.txt
    grep -q "120 of its rows were trained on" err.txt
}
@test "a fit that ran out of epochs says so" {
    mlctl train "$DATA/breast_cancer.csv" --epochs 3 > out.txt 2> err.txt
    grep -q "warning: not converged in 3 epochs" err.txt
}
@test "a Dockerfile of somebody else is not overwritten" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    mkdir mine
    echo hi > mine/Dockerfile
    fails 2 "not one that mlctl docker wrote" mlctl docker -q -o mine
    [ "$(cat mine/Dockerfile)" = hi ]
}
@test "many dropped columns are not said one by one" {
    awk 'BEGIN { printf "x,y"; for (j = 0; j < 40; j++) printf ",c%d", j; print "";
                 for (i = 0; i < 30; i++) { printf "%d,%d", i * 7 % 11, i * 5 % 7; for (j = 0; j < 40; j++) printf ",1"; print "" } }' > wide.csv
    mlctl train wide.csv --target y > out.txt 2> err.txt
    [ "$(grep -c '"c[0-9]*": ' err.txt)" -eq 10 ]
    grep -q "dropped 30 more columns" err.txt
}
@test "a value that is no number is said with its option, and an output that is a directory before any work" {
    fails 2 "mlctl train: --epochs x: expected a number" mlctl train "$DATA/iris.csv" --epochs x
    fails 2 "mlctl train: --l1=1,5: expected a number" mlctl train "$DATA/iris.csv" --l1=1,5
    fails 2 "mlctl train: -e 1e99: expected a number" mlctl train -e 1e99 "$DATA/iris.csv"
    mkdir folder
    fails 5 "mlctl train: cannot write folder: Is a directory" mlctl train "$DATA/iris.csv" -m folder
    [ "$(wc -l < stderr.txt)" -eq 1 ]
}
@test "settings: a negative l2, list items with spaces" {
    fails 2 "--l2 -1 is out of range" mlctl train "$DATA/iris.csv" --l2 -1
    mlctl train "$DATA/iris.csv" -q --drop-columns 'sepal_length, sepal_width' --json > report.json
    jq -e '.features == 2' report.json
}

# bats test_tags=release
@test "train under a limit on the address space ends soon: done, or out of memory in one line" {
    for megabytes in 60 80 120 160 200 250 300 400; do
        run timeout -s KILL 120 prlimit --as=$((megabytes * 1048576)) "$MLCTL" train "$DATA/iris.csv" -q
        [ "$status" -eq 0 ] || [ "$status" -eq 5 ]
        [ "$status" -eq 0 ] || [ "${#lines[@]}" -eq 1 ]
    done
    [ "$status" -eq 0 ]
}
