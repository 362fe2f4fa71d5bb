bats_require_minimum_version 1.5.0
load common

# A search that takes a moment: networks of few epochs, and linear models.
search() {
    mlctl tune "$DATA/diabetes.csv" -q --kind auto --set kind=linear\|mlp --set l2=1e-5..1:log --set hidden=8\|16,8 \
        --set mlp.epochs=20 --search random --trials 12 --folds 3 "$@"
}

# bats test_tags=release
@test "tune with no flags tries every kind, and eval finds the rows it held out" {
    run --separate-stderr mlctl tune "$DATA/wine.csv" --trials 9 --folds 3
    [ "$status" -eq 0 ]
    [[ $output == *"search     halving, "*" trials, 3 folds"* ]]
    [[ $output == *"rank  accuracy"* ]]
    [[ $output == *"wrote      model.safetensors"* ]]
    [[ $stderr == *"kinds: logistic|svm|mlp"* ]]
    [[ $stderr == *"metric: accuracy"* ]]
    mlctl verify
    mlctl eval -q --json | jq -e '.metrics.rows == 36 and .metrics.accuracy > 0.9'
    mlctl inspect --json | jq -e '.record.search | .method == "halving" and .winner == .trials[0] and (.trials | map(select(.settings.members | not)) | length) == 9'
    [ "$(grep -c '"scores"' model.safetensors.tune.jsonl)" -ge 9 ]
}

@test "the winner is the best of the grid, and its model is what train makes of those settings" {
    mlctl tune "$DATA/diabetes.csv" -q --json --kind linear --search grid --set l2=1e-3..10:log --set 'scale=standard|minmax' > tune.json
    jq -e '.search.trials | length == 10' tune.json
    jq -e '[.search.trials[].mean] | . == sort' tune.json
    jq -e '.search.winner.mean == .cross_validation.metrics.rmse.mean' tune.json
    l2=$(jq .search.winner.settings.l2 tune.json)
    scale=$(jq -r .search.winner.settings.scale tune.json)
    mlctl train "$DATA/diabetes.csv" -q --json --kind linear --l2 "$l2" --scale "$scale" --folds 5 -m train.safetensors > train.json
    jq -S '.cross_validation, .metrics, .objective' tune.json > a.json
    jq -S '.cross_validation, .metrics, .objective' train.json > b.json
    cmp a.json b.json
}

@test "a grid with no --set takes so many of its points as are asked for, or those of one kind" {
    mlctl tune "$DATA/iris.csv" -q --search grid --trials 3 --folds 2 --json | jq -e '[.search.trials[].settings | has("kind")] | length >= 3 and all'
    mlctl tune "$DATA/iris.csv" -q --search grid --kind svm --folds 2 --json | jq -e '.search.trials | length >= 10'
}

@test "1, 2 and 4 threads, and a second run, give the same bytes" {
    for threads in 1 2 4; do
        search --threads $threads -m $threads.safetensors > out.txt
    done
    cmp 1.safetensors 2.safetensors
    cmp 1.safetensors 4.safetensors
    cp 1.safetensors before
    before=$(wc -l < 1.safetensors.tune.jsonl)
    search --threads 1 -m 1.safetensors > out.txt
    cmp 1.safetensors before
    [ "$(wc -l < 1.safetensors.tune.jsonl)" -eq "$before" ]
}

# bats test_tags=release
@test "ended at random moments, by kill -9 and by signals, the same command ends with the same bytes" {
    for how in random halving parallel; do
        kills $how 8
    done
}

# bats test_tags=release
@test "the final: networks as the mean of several, on folds dealt out again; the same bytes for any threads and after a kill" {
    for threads in 1 2; do
        mlctl tune "$DATA/diabetes.csv" --trials 5 --folds 2 --threads $threads -m $threads.safetensors > out.txt 2> err.txt
        grep -q "final: .* trials, networks as the mean of 5, by 5 times 2 folds" err.txt
    done
    cmp 1.safetensors 2.safetensors
    mlctl inspect --json -m 1.safetensors > record.json
    jq -e '.record.search.trials | map(select(.settings.members == 5)) | length > 0' record.json
    jq -e '.record.cross_validation.metrics.rmse.folds | length == 10' record.json
    jq -e '.record.search | .winner.final and .winner == .trials[0]' record.json
    log=1.safetensors.tune.jsonl
    [ "$(jq -s 'map(select(.again == 1)) | length' $log)" -ge 2 ] # who is far behind does not go on
    [ "$(jq -s 'map(select(.again == 1)) | length' $log)" -lt "$(jq '.record.search.trials | map(select(.final)) | length' record.json)" ]
    for lost in 9 2; do # lines that a kill took, and a torn one
        head -n -$lost 2.safetensors.tune.jsonl > $log
        tail -n 1 2.safetensors.tune.jsonl | head -c 50 >> $log
        rm 1.safetensors
        mlctl tune "$DATA/diabetes.csv" -q --trials 5 --folds 2 --threads 4 -m 1.safetensors > out.txt
        cmp 1.safetensors 2.safetensors
    done
}

@test "the final: of classes that the metric cannot tell apart the lowest log loss wins, unless a metric is asked for" {
    mlctl tune "$DATA/wine.csv" -q --trials 5 --folds 2 --json > tune.json
    mlctl tune "$DATA/wine.csv" -q --trials 5 --folds 2 --json --metric accuracy > asked.json
    for losses in tune asked; do # of those that were measured as often as the winner, from the log
        jq -s '[.[] | select(.scores)] | group_by(.settings | tostring) | map({ s: .[0].settings, n: length,
            a: ([.[].scores.accuracy[]] | add / length), l: ([.[].scores.log_loss[]?] | if length > 0 then add / length else 9 end) })' \
            model.safetensors.tune.jsonl > all.json
        jq --slurpfile all all.json '.search.winner.settings as $w | ($all[0][] | select(.s == $w)) as $won
            | { won: $won, best: [$all[0][] | select(.n == $won.n)] }' $losses.json > $losses.out
    done
    jq -e '.won.a == (.best | map(.a) | max)' asked.out
    jq -e '.won.l <= ([.won.a as $a | .best[] | select(.a >= $a) | .l] | min)' tune.out
}

@test "interrupted: exit 130, no model, and the line says how to go on" {
    awk -F, 'NR==1; NR>1 {for (i=0;i<100;i++) print}' "$DATA/diabetes.csv" > big.csv
    "$MLCTL" tune big.csv --kind mlp --trials 50 > out.txt 2> err.txt &
    pid=$!
    soon [ -s model.safetensors.tune.jsonl ]
    kill -INT $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq 130 ]
    [ ! -e model.safetensors ]
    grep -q "the same command goes on from model.safetensors.tune.jsonl" err.txt
    # in the training of the winner, too
    "$MLCTL" tune big.csv --set hidden=64 --search random --trials 1 --folds 2 --epochs 40 --log log.jsonl > out.txt 2> err.txt &
    pid=$!
    soon grep -qs scores log.jsonl
    kill -INT $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq 130 ]
    [ ! -e model.safetensors ]
    grep -q "interrupted after 1 of 1 trials, no model was written; the same command goes on from log.jsonl" err.txt
}

@test "a time budget ends the search and a model is written" {
    awk -F, 'NR==1; NR>1 {for (i=0;i<20;i++) print}' "$DATA/diabetes.csv" > big.csv
    run --separate-stderr timeout 300 "$MLCTL" tune big.csv --kind mlp --set rate=1e-4..1e-2:log --search random --trials 1000 --time-budget 2s
    [ "$status" -eq 0 ]
    [[ $stderr == *"the time budget ended the search"* ]]
    mlctl verify
}

@test "a trial that cannot be trained is a row with its reason" {
    mlctl tune "$DATA/diabetes.csv" -q --json --search grid --set 'optimiser=gd|lbfgs' --set 'rate=0|1e6' --kind linear > tune.json
    jq -e '.search.trials | map(has("failed")) == [false, false, true, true]' tune.json
    jq -e '.search.trials[2].failed | contains("diverged")' tune.json
    fails 6 "no trial could be trained; the first: diverged" mlctl tune "$DATA/diabetes.csv" -q --kind linear --set rate=1e6 --set optimiser=gd
}

@test "held-out rows change nothing in the search" {
    awk -F, 'BEGIN { OFS = "," } NR > 1 && (NR - 2) % 5 == 4 { for (i = 1; i < NF; i++) $i = 999 + NR } { print }' "$DATA/diabetes.csv" > other.csv
    mlctl tune "$DATA/diabetes.csv" -q --json --kind linear --split every:5 --trials 5 | jq .search > a.json
    mlctl tune other.csv -q --json --kind linear --split every:5 --trials 5 | jq .search > b.json
    cmp a.json b.json
}

@test "a log of other data or settings is left alone, and one in use is refused" {
    mlctl tune "$DATA/diabetes.csv" -q --kind linear --trials 5 --log log > out.txt
    mlctl tune "$DATA/diabetes.csv" -q --kind linear --trials 5 --seed 2 --log log > out.txt
    [ "$(jq -r .search log | sort -u | wc -l)" -eq 2 ]
    exec 7< log
    flock 7
    fails 2 "in use by another mlctl tune" mlctl tune "$DATA/diabetes.csv" -q --kind linear --trials 5 --log log
    exec 7<&-
    mkdir folder
    fails 5 "folder" mlctl tune "$DATA/diabetes.csv" -q --kind linear --trials 5 --log folder
}

@test "what is asked for wrongly is one clear line with its column" {
    fails 2 "--kind logistic is for classification, but the task is regression" mlctl tune "$DATA/diabetes.csv" -q --kind logistic
    fails 2 "--loss hinge is for classification" mlctl tune "$DATA/diabetes.csv" -q --loss hinge
    fails 2 "--l2=3 does nothing beside --set l2=1..2" mlctl tune "$DATA/diabetes.csv" -q --l2 3 --set l2=1..2
    fails 2 'column 10: expected a number after .., found "x"' mlctl tune "$DATA/iris.csv" -q --set l2=1e-4..x
    fails 2 'no setting "ratte"; did you mean "rate"?' mlctl tune "$DATA/iris.csv" -q --set ratte=1
    fails 2 "column 4: --l2" mlctl tune "$DATA/iris.csv" -q --set l2=1e13
    fails 2 "column 12: --validation 0.95 is out of range" mlctl tune "$DATA/iris.csv" -q --set 'validation=0.1..0.95'
    fails 2 'did you mean "random"?' mlctl tune "$DATA/iris.csv" -q --search ramdom
    fails 2 'no metric "rmse" of a classification' mlctl tune "$DATA/iris.csv" -q --metric rmse
    fails 2 'did you mean "accuracy"?' mlctl tune "$DATA/iris.csv" -q --metric acuracy
    fails 2 "it is for kind mlp, and --kind is logistic" mlctl tune "$DATA/iris.csv" -q --kind logistic --set hidden=8
    fails 2 "--folds 1 is out of range" mlctl tune "$DATA/iris.csv" -q --folds 1
    fails 2 "when no --set is given has 27020 points: say what to combine (--search grid --set l2=1e-4..1:log), or how many" \
        mlctl tune "$DATA/iris.csv" -q --search grid
    fails 2 "more than 1000000 points" mlctl tune "$DATA/iris.csv" -q --search grid --set l2=0..1:1000 --set l1=0..1:1000 --set tolerance=0..1:1000
    [ ! -e model.safetensors.tune.jsonl ]
}
