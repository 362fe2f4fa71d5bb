bats_require_minimum_version 1.5.0
load common

@test "train --folds reports mean and deviation, and trains the model it would have trained" {
    mlctl train "$DATA/diabetes.csv" -q --json -m plain.safetensors > plain.json
    mlctl train "$DATA/diabetes.csv" -q --json --folds 5 -m folds.safetensors > folds.json
    jq -e '.cross_validation.folds == 5 and (.cross_validation.metrics.rmse.folds | length) == 5' folds.json
    jq -e '.cross_validation.metrics.rmse | (.folds | add / 5) as $m | (.mean - $m | fabs) < 1e-9 and .deviation > 0' folds.json
    jq -S 'del(.cross_validation, .model, .command)' folds.json > a.json
    jq -S 'del(.model, .command)' plain.json > b.json
    cmp a.json b.json
    mlctl inspect folds.safetensors --json > inspect.json
    jq -e '.record.cross_validation.metrics.r2.mean | . > 0.3 and . < 0.6' inspect.json
    run mlctl train "$DATA/diabetes.csv" -q --folds 5
    [[ $output == *"folds      5: mean and deviation"* ]]
}

@test "folds: the numbers do not depend on the number of threads, and a seed is other folds" {
    for threads in 1 2 4; do
        mlctl train "$DATA/wine.csv" -q --json --folds 4 --threads $threads | jq .cross_validation > $threads.json
    done
    cmp 1.json 2.json
    cmp 1.json 4.json
    mlctl train "$DATA/wine.csv" -q --json --folds 4 --seed 7 --split none | jq .cross_validation > seed.json
    run ! cmp -s 1.json seed.json
}

@test "folds keep the shares of classes, so an AUC is defined in each" {
    mlctl train "$DATA/iris.csv" -q --json --split none --folds 10 | jq -e '
        .cross_validation.metrics | (.roc_auc.folds | map(. != null) | all) and .accuracy.mean > 0.9 and (has("f1") | not)'
}

@test "rows that are held out change nothing in the folds" {
    awk -F, 'BEGIN { OFS = "," } NR > 1 && (NR - 2) % 5 == 4 { for (i = 1; i < NF; i++) $i = 999 + NR } { print }' "$DATA/diabetes.csv" > other.csv
    run ! cmp -s other.csv "$DATA/diabetes.csv"
    mlctl train "$DATA/diabetes.csv" -q --json --split every:5 --folds 5 | jq .cross_validation > a.json
    mlctl train other.csv -q --json --split every:5 --folds 5 | jq .cross_validation > b.json
    cmp a.json b.json
}

@test "a group is in one fold" {
    # the target is the group's number and the feature tells the group: only a fold that knows the group predicts it
    { echo "who,x,y"; for i in $(seq 0 199); do g=$((i % 20)); echo "g$g,$(((g * 7919) % 101)),$(((g * 104729) % 97))"; done; } > groups.csv
    mlctl train groups.csv --target y --task regression -q --json --folds 5 --encode who=target --split none | jq -e '.cross_validation.metrics.r2.mean > 0.9'
    mlctl train groups.csv --target y --task regression -q --json --folds 5 --group who --split none | jq -e '.cross_validation.metrics.r2.mean < 0.3'
    fails 3 "20 groups" mlctl train groups.csv --target y --task regression -q --folds 21 --group who --split none
}

@test "interrupted in the folds: exit 130 or 143, no model, and the log says so" {
    for signal in INT:130 TERM:143; do
        "$MLCTL" train "$DATA/diamonds.csv" -q --hidden 64 --epochs 2000 --folds 5 --log log.jsonl > out.txt 2> err.txt &
        pid=$!
        soon [ -e log.jsonl ]
        soon grep -qsE "SigCgt:.*4[0-9a-f]{2}[2367abef]$" /proc/$pid/status # it listens to both signals
        kill -${signal%:*} $pid
        status=0
        wait $pid || status=$?
        [ "$status" -eq "${signal#*:}" ]
        grep -q "interrupted in the cross-validation, before the training; no model was written" err.txt
        jq -e '.end == "failed" and (.error | startswith("interrupted"))' log.jsonl
        [ ! -e model.safetensors ]
    done
}

@test "folds that cannot be are one clear line" {
    fails 2 "--folds 1 is out of range" mlctl train "$DATA/iris.csv" -q --folds 1
    fails 2 "--folds 500 is out of range" mlctl train "$DATA/iris.csv" -q --folds 500
    head -9 "$DATA/diabetes.csv" > few.csv
    fails 3 "too few for 20 folds" mlctl train few.csv -q --folds 20 --split none
    { echo "x,y"; for i in $(seq 60); do echo "$i,$((i % 2 ? 1 : 0))"; done; echo "61,rare"; echo "62,rare"; } > rare.csv
    mlctl train rare.csv --json --folds 5 --split none > out.json 2> err.txt
    grep -q "the rarest class has 2 rows to train on, fewer than 5 folds" err.txt
}

@test "a preprocessed file is cross-validated with the cleaning it has, and a warning says so" {
    mlctl preprocess "$DATA/penguins.csv" -o clean.csv -q > out.txt
    mlctl train clean.csv --json --folds 4 > out.json 2> err.txt
    jq -e '.cross_validation.folds == 4' out.json
    grep -q "warning: .*cleaning was fitted on all training rows" err.txt
}
