bats_require_minimum_version 1.5.0
load common

@test "train with no flags says what it inferred and writes a model that verifies" {
    run --separate-stderr mlctl train "$DATA/iris.csv"
    [ "$status" -eq 0 ]
    [[ $output == *"target     species (3 classes: setosa, versicolor, virginica)"* ]]
    [[ $output == *"random:0.2: 120 rows to train on, 30 held out"* ]]
    [[ $output == *"wrote      model.safetensors"* ]]
    [[ $stderr == *'target: "species", the last column'* ]]
    [[ $stderr == *"task: classification"* ]]
    [[ $stderr == *"l2: 0.00833333"* ]]
    [[ $stderr == *"epoch 1: loss "* ]]
    mlctl verify
}

@test "the same command twice, and 1, 2 and 4 threads, give the same bytes" {
    for optimiser in lbfgs gd sgd momentum nesterov adagrad rmsprop adam adamw; do
        for threads in 1 2 4; do
            mlctl train "$DATA/wine.csv" -q --optimiser $optimiser --epochs 5 --threads $threads -m $threads.safetensors > out.txt
        done
        mlctl train "$DATA/wine.csv" -q --optimiser $optimiser --epochs 5 --threads 1 -m again.safetensors > out.txt
        cmp 1.safetensors 2.safetensors
        cmp 1.safetensors 4.safetensors
        cmp 1.safetensors again.safetensors
    done
}

@test "losses with kinks: the same bytes for 1, 2 and 4 threads" {
    for flags in "wine --kind svm --loss hinge" "diabetes --loss quantile:0.9 --l1 0.5" "diabetes --kind svm"; do
        set -- $flags
        for threads in 1 2 4; do
            mlctl train "$DATA/$1.csv" -q "${@:2}" --threads $threads -m $threads.safetensors > out.txt
        done
        cmp 1.safetensors 2.safetensors
        cmp 1.safetensors 4.safetensors
    done
}

@test "kinds, losses and their defaults are said and recorded" {
    run --separate-stderr mlctl train "$DATA/diabetes.csv" --kind svm
    [ "$status" -eq 0 ]
    [[ $stderr == *"loss: epsilon_insensitive, mean epsilon-insensitive loss (--loss overrides)"* ]]
    [[ $stderr == *"optimiser: interior, as loss epsilon_insensitive is not smooth"* ]]
    [[ $stderr == *"epsilon: 7.72"*"0.1 of the target's deviation (--loss epsilon_insensitive:epsilon overrides)"* ]]
    [[ $output == *"mean epsilon-insensitive loss, epsilon 7.72"* ]]
    mlctl inspect --json | jq -e '.loss | startswith("epsilon_insensitive:7.72")'
    mlctl inspect --json | jq -e '.loss == .record.settings.loss and .record.kind == "svm"'
    mlctl inspect | grep -q 'dense 1, epsilon_insensitive:7.72'
    mlctl train "$DATA/diabetes.csv" -q --loss huber:20 > out.txt
    mlctl inspect --json | jq -e '.loss == "huber:20" and .record.kind == "linear"'
    mlctl train "$DATA/diabetes.csv" -q --loss poisson --json | jq -e '.kind == "poisson" and .metrics.poisson_deviance > 0 and .metrics.d2_poisson < 1'
    mlctl train "$DATA/diabetes.csv" -q --loss quantile:0.9 --json | jq -e '.metrics.pinball > 0 and .metrics.d2_pinball < 1'
}

@test "a support vector machine gives scores and no probabilities" {
    mlctl train "$DATA/iris.csv" -q --kind svm --json | jq -e '.metrics | has("hinge_loss") and (has("log_loss") | not) and .roc_auc > 0.9'
    mlctl predict "$DATA/iris.csv" -q > predicted.csv
    head -1 predicted.csv | grep -qx 'prediction,score:setosa,score:versicolor,score:virginica'
    mlctl predict "$DATA/iris.csv" -q --json | jq -e '.[0] | .prediction == "setosa" and .scores.setosa > .scores.virginica'
    mlctl eval -q --require 'accuracy>=0.8' --require 'hinge_loss<=2' > out.txt
    run mlctl eval -q --require 'log_loss<=2'
    [ "$status" -eq 2 ]
    [[ $output == *"have no such metric"* ]]
}

@test "the unit of the target changes nothing but the unit" {
    awk -F, -v OFS=, 'NR > 1 { $NF = $NF * 1000 } 1' "$DATA/diabetes.csv" > milli.csv
    for flags in "--loss absolute" "--loss huber" "--kind svm" "--kind svm --loss squared_epsilon_insensitive"; do
        mlctl train "$DATA/diabetes.csv" -q $flags -m one.safetensors > out.txt
        mlctl train milli.csv -q $flags -m milli.safetensors > out.txt
        mlctl predict "$DATA/diabetes.csv" -q -m one.safetensors > one.csv
        mlctl predict "$DATA/diabetes.csv" -q -m milli.safetensors > milli-predicted.csv
        paste -d, one.csv milli-predicted.csv | awk -F, -v flags="$flags" \
            'NR > 1 { d = $2 / 1000 / $1 - 1; if (d < 0) d = -d; if (d > worst) worst = d } END { print flags, worst; exit worst > 1e-9 }'
    done
}

@test "another seed is another split, so another model" {
    mlctl train "$DATA/wine.csv" -q --seed 1 -m a.safetensors > out.txt
    mlctl train "$DATA/wine.csv" -q --seed 2 -m b.safetensors > out.txt
    run ! cmp -s a.safetensors b.safetensors
}

@test "task and kind follow the target" {
    mlctl train "$DATA/diabetes.csv" --json -q | jq -e '.task == "regression" and .kind == "linear"'
    mlctl train "$DATA/breast_cancer.csv" --json -q | jq -e '.task == "classification" and .kind == "logistic"'
    printf 'x,y\n' > codes.csv
    for i in $(seq 40); do echo "$i,$((i % 3))" >> codes.csv; done
    mlctl train codes.csv --json -q | jq -e '.task == "classification"'
    mlctl train codes.csv --json -q --task regression | jq -e '.task == "regression"'
    mlctl train codes.csv --json -q --kind poisson | jq -e '.task == "regression"'
    mlctl train codes.csv --json -q --loss absolute | jq -e '.task == "regression" and .kind == "linear"'
    mlctl train codes.csv --json -q --loss hinge | jq -e '.task == "classification" and .kind == "svm"'
    sed -i 's/,2$/,7/' codes.csv
    mlctl train codes.csv --json -q | jq -e '.task == "regression"'
}

@test "every:5 holds out rows 4, 9, 14 counted over rows with a target" {
    mlctl train "$DATA/diabetes.csv" --split every:5 -q --json | jq -e '.train_rows == 354 and .test_rows == 88'
    awk -F, 'NR==1 || (NR-2)%5==4' "$DATA/diabetes.csv" > test.csv
    mlctl eval test.csv --json | jq -S .metrics > by-file.json
    mlctl eval --json -q | jq -S .metrics > held-out.json
    cmp by-file.json held-out.json
}

@test "splits: last, column, none, and a test file" {
    mlctl train "$DATA/diabetes.csv" -q --json --split last:0.25 | jq -e '.train_rows == 331 and .test_rows == 111'
    awk -F, 'NR==1 {print "part," $0} NR>1 {print (NR%3 ? "train" : "test") "," $0}' "$DATA/diabetes.csv" > parts.csv
    mlctl train parts.csv -q --json --split column:part | jq -e '.test_rows == 147'
    mlctl inspect --json | jq -e '[.pipeline.schema[].name] | index("part") == null'
    mlctl eval -q --json | jq -e '.metrics.rows == 147'
    mlctl train "$DATA/diabetes.csv" -q --json --split none | jq -e '.train_rows == 442 and .metrics_on == "training"'
    head -100 "$DATA/diabetes.csv" > test.csv
    mlctl train "$DATA/diabetes.csv" -q --json --test test.csv | jq -e '.train_rows == 442 and .metrics.rows == 99 and .metrics_on == "test file"'
}

@test "a stratified split keeps the shares of the classes" {
    mlctl train "$DATA/breast_cancer.csv" -q --json > report.json
    jq -e '.metrics.classes | map(.support) | add == 114' report.json
    jq -e '(.metrics.classes[0].support / 114 - 0.3726) | fabs < 0.01 or (. + 1) < 0' report.json ||
        jq -e '((.metrics.classes[1].support / 114) - 0.3726) | fabs < 0.01' report.json
}

@test "every optimiser reaches the optimum of a ridge regression" {
    mlctl train "$DATA/diabetes.csv" -q --json --split none --l2 0.1 > best.json
    best=$(jq .objective best.json)
    mlctl train "$DATA/diabetes.csv" -q --json --split none --l2 0.1 --optimiser gd --epochs 20000 > gd.json
    near "$(jq .objective gd.json)" "$best" 1e-6
    for optimiser in sgd momentum nesterov adagrad rmsprop adam adamw; do
        mlctl train "$DATA/diabetes.csv" -q --json --split none --l2 0.1 --optimiser $optimiser --epochs 300 > other.json
        near "$(jq .objective other.json)" "$best" 0.01
    done
}

@test "l1 makes weights exactly zero" {
    mlctl train "$DATA/diabetes.csv" -q --split none --l1 5 --l2 0 > out.txt
    mlctl export --format json -o - | jq -e '[.network[0].weight | .. | numbers | select(. == 0)] | length >= 2'
}

@test "early stopping stops and keeps the best epoch" {
    mlctl train "$DATA/breast_cancer.csv" -q --json --optimiser adam --l2 0 --patience 3 --epochs 500 > report.json
    jq -e '.end == "validation loss no longer falls"' report.json
    jq -e '.best_epoch < .epochs and .epochs < 500 and .validation_rows > 0' report.json
    jq -e '.history.validation[.best_epoch - 1] == (.history.validation | min)' report.json
}

@test "interrupted: the best model so far is kept and the exit code is 130" {
    awk -F, 'NR==1; NR>1 {for (i=0;i<400;i++) print}' "$DATA/diabetes.csv" > big.csv
    "$MLCTL" train big.csv --optimiser sgd --epochs 100000 --tolerance 0 > out.txt 2> err.txt &
    pid=$!
    soon holds "epoch 1:" err.txt
    kill -INT $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq 130 ]
    mlctl verify
    mlctl inspect --json | jq -e '.record.end == "interrupted"'
}

@test "divergence is exit 6 with advice, and the old model stays" {
    mlctl train "$DATA/diabetes.csv" -q > out.txt
    cp model.safetensors before
    fails 6 "--rate" mlctl train "$DATA/diabetes.csv" -q --optimiser gd --rate 1000
    cmp model.safetensors before
}

@test "train from standard input and from gzip, and to standard output" {
    mlctl train - -q --json < "$DATA/iris.csv" | jq -e '.metrics.accuracy > 0.9'
    mlctl train - -m - < "$DATA/iris.csv" > piped.safetensors 2> report.txt # the model alone is on standard output
    cmp piped.safetensors model.safetensors
    grep -q "^metrics " report.txt
    gzip -c "$DATA/iris.csv" > iris.csv.gz
    mlctl train iris.csv.gz -q --json -m gz.safetensors | jq -e '.metrics.accuracy > 0.9'
    mlctl eval -m gz.safetensors --json -q | jq -e '.on | startswith("held-out rows of iris.csv.gz")'
}

@test "columns that carry nothing are dropped and said" {
    awk -F, 'BEGIN{OFS=","} NR==1 {print "id","same",$0} NR>1 {print NR-1,"x",$0}' "$DATA/iris.csv" > more.csv
    run --separate-stderr mlctl train more.csv
    [ "$status" -eq 0 ]
    [[ $stderr == *'"same"'* ]]
    [[ $stderr == *'"id"'* ]]
    mlctl inspect --json | jq -e '[.pipeline.schema[].name] == ["sepal_length","sepal_width","petal_length","petal_width"] or (.pipeline.schema | length) == 4'
}

@test "missing values and categories: penguins" {
    mlctl train "$DATA/penguins.csv" --target species -q --json > report.json
    jq -e '.metrics.accuracy > 0.95' report.json
}

@test "memory: refused early with a figure" {
    fails 5 "MiB" mlctl train "$DATA/diabetes.csv" -q --memory 1M
}

@test "--log writes every epoch as a JSON line, and the last line is of the whole run" {
    mlctl train "$DATA/wine.csv" --optimiser adam --epochs 7 --patience 7 --log run.jsonl -q --json > report.json
    [ "$(wc -l < run.jsonl)" -eq 8 ]
    head -7 run.jsonl | jq -se 'map(.epoch) == [1,2,3,4,5,6,7] and all(.[]; .loss > 0 and .validation > 0 and .rate > 0 and .gradient > 0 and .seconds >= 0)'
    tail -1 run.jsonl | jq -e '.end == "epoch limit" and .epochs == 7 and .metrics.rows == 36 and .model == "model.safetensors"'
    [ "$(head -7 run.jsonl | jq -sc 'map(.loss)')" = "$(jq -c .history.loss report.json)" ]
    fails 6 "--rate" mlctl train "$DATA/diabetes.csv" -q --optimiser gd --rate 1000 --log run.jsonl
    tail -1 run.jsonl | jq -e '.end == "failed" and (.error | startswith("diverged"))'
    mlctl train "$DATA/wine.csv" -q --optimiser sgd --epochs 3 --log - | head -3 | jq -se 'length == 3'
    fails 2 "a file of its own" mlctl train "$DATA/wine.csv" -q --log model.safetensors
    fails 2 "one document" mlctl train "$DATA/wine.csv" -q --log - --json
    fails 5 "--log" mlctl train "$DATA/wine.csv" -q --log nowhere/run.jsonl
}

@test "a log is written as the run goes: what was logged survives a kill" {
    awk -F, 'NR==1; NR>1 {for (i=0;i<400;i++) print}' "$DATA/diabetes.csv" > big.csv
    "$MLCTL" train big.csv --optimiser sgd --epochs 100000 --tolerance 0 --log run.jsonl > out.txt 2> err.txt &
    pid=$!
    soon holds '"epoch":3' run.jsonl
    kill -9 $pid
    wait $pid || true
    head -3 run.jsonl | jq -se 'map(.epoch) == [1,2,3]'
}

@test "the history of a long run is thinned, and its last epoch is there" {
    mlctl train "$DATA/iris.csv" -q --json --optimiser sgd --epochs 4321 --tolerance 0 --batch 120 > report.json
    jq -e '.history | (.epoch | length) <= 1000 and (.epoch | length) > 500 and .epoch[0] == 1 and .epoch[-1] == 4321' report.json
    jq -e '.history | (.epoch | length) as $n | all(.loss, .rate, .gradient; length == $n)' report.json
    jq -e '.history.loss[-1] == .loss' report.json
    mlctl train "$DATA/iris.csv" -q --json --optimiser sgd --epochs 1001 --tolerance 0 --batch 120 |
        jq -e '.history.epoch | .[0] == 1 and .[1] == 3 and .[-1] == 1001'
}

@test "a curve of the losses ends a run of more than a few epochs" {
    LC_ALL=C mlctl train "$DATA/wine.csv" -q --optimiser sgd --epochs 40 --patience 40 > out.txt
    grep -Eq '^loss +[0-9.]+ #' out.txt
    grep -Eq '^validation +[0-9.]+ #' out.txt
    mlctl train "$DATA/wine.csv" -q --optimiser sgd --epochs 5 > out.txt
    run ! grep -Eq '^loss ' out.txt
}

@test "a time budget ends a run within an epoch or after it, and the record says so" {
    awk -F, 'NR==1; NR>1 {for (i=0;i<400;i++) print}' "$DATA/diabetes.csv" > big.csv
    for optimiser in sgd gd; do
        SECONDS=0
        run --separate-stderr mlctl train big.csv --optimiser $optimiser --epochs 1000000 --tolerance 0 --time-budget 0.5s
        [ "$status" -eq 0 ]
        [ "$SECONDS" -lt 120 ]
        [[ $stderr == *"time budget of 0.5 s was used up"* ]]
        mlctl inspect --json | jq -e '.record.end == "time budget" and .record.steps > 0 and .record.settings.time_budget == 0.5'
    done
    mlctl train "$DATA/wine.csv" -q --json --time-budget 1h | jq -e '.end == "converged"'
    fails 2 "60s" mlctl train "$DATA/wine.csv" --time-budget soon
}

@test "schedules, warm-up and clipping go into the record, and nonsense is refused before any work" {
    mlctl train "$DATA/wine.csv" -q --json --optimiser sgd --rate 0.2 --schedule step:10:0.5 --warmup 2 --clip 0.5 --epochs 25 > report.json
    jq -e '.settings.rate == 0.2' report.json
    jq -e '.settings | .schedule == "step:10:0.5" and .warmup == 2 and .clip == 0.5' report.json
    jq -e '[.history.rate[1, 11, 12, 21, 22, 24]] | . == [0.2, 0.2, 0.1, 0.1, 0.05, 0.05]' report.json
    fails 2 'schedule "step:10:x", column 9' mlctl train "$DATA/wine.csv" --schedule step:10:x -o sgd
    fails 2 'did you mean cosine?' mlctl train "$DATA/wine.csv" --schedule cosinus -o sgd
    fails 2 'no schedule goes with it' mlctl train "$DATA/wine.csv" --schedule cosine
    fails 2 'must be auto or a number' mlctl train "$DATA/wine.csv" --rate fast
    fails 2 'did you mean "nesterov"?' mlctl train "$DATA/wine.csv" --optimiser nestrov
}

@test "the step size is said when it is chosen, and a loss that never moves is explained" {
    run --separate-stderr mlctl train "$DATA/wine.csv" --optimiser sgd --epochs 2
    [[ $stderr == *"rate: "*" by a bound on the curvature of the loss (--rate overrides)"* ]]
    run --separate-stderr mlctl train "$DATA/wine.csv" --optimiser sgd --epochs 2 --rate 0.1
    [[ $stderr != *"rate: "* ]]
    run --separate-stderr mlctl train "$DATA/wine.csv" --optimiser adam --rate 1e-13 --epochs 30
    [ "$status" -eq 0 ]
    [[ $stderr == *"the loss has not moved from 1.09"*"--rate"* ]]
}

# with_weight FILE EXPRESSION: the rows of FILE with a first column "w" that awk computes
with_weight() { awk -F, -v OFS=, "NR == 1 { print \"w\", \$0 } NR > 1 { print ($2), \$0 }" "$1"; }

@test "a weight of 2 is the same as the row twice, and a weight of 0 as no row" {
    with_weight "$DATA/diabetes.csv" '1 + NR % 3' > weighted.csv
    awk -F, 'NR == 1; NR > 1 { for (i = 0; i < 1 + NR % 3; i++) print }' "$DATA/diabetes.csv" > repeated.csv
    mlctl train weighted.csv --weight w -q --json --split none --scale none > a.json
    mlctl train repeated.csv -q --json --split none --scale none > b.json
    near "$(jq .objective a.json)" "$(jq .objective b.json)" 1e-9
    near "$(jq .settings.l2 a.json)" "$(jq .settings.l2 b.json)" 1e-15
    jq -e '.features == 10 and .settings.weight == "w"' a.json

    with_weight "$DATA/iris.csv" 'NR % 4 ? 1 : 0' > weighted.csv
    awk 'NR == 1 || NR % 4' "$DATA/iris.csv" > fewer.csv
    mlctl train weighted.csv --weight w -q --json --split none > a.json
    mlctl train fewer.csv -q --json --split none > b.json
    [ "$(jq .objective a.json)" = "$(jq .objective b.json)" ]
    [ "$(jq .train_rows a.json)" = "$(jq .train_rows b.json)" ]
}

@test "weights of classes: balanced, given, and as a column are the same thing" {
    sed -n '1,71p;102,111p' "$DATA/iris.csv" > uneven.csv # 50, 20 and 10 rows
    mlctl train uneven.csv -q --json --split none --class-weight balanced > a.json
    mlctl train uneven.csv -q --json --split none --class-weight "$(awk 'BEGIN { printf "virginica=%.17g,setosa=%.17g,versicolor=%.17g", 80/30, 80/150, 80/60 }')" > b.json
    near "$(jq .objective a.json)" "$(jq .objective b.json)" 1e-12
    with_weight uneven.csv '$5 == "setosa" ? 80/150 : $5 == "virginica" ? 80/30 : 80/60' > weighted.csv
    mlctl train weighted.csv -q --json --split none --weight w > c.json
    near "$(jq .objective a.json)" "$(jq .objective c.json)" 1e-5 # awk prints six digits
    mlctl train uneven.csv -q --json --split none > d.json
    awk -v a="$(jq .objective a.json)" -v d="$(jq .objective d.json)" 'BEGIN { exit !(a != d) }'
    run --separate-stderr mlctl train weighted.csv --weight w --class-weight setosa=2
    [[ $output == *"weights    column w, classes setosa=2 in training; metrics count every row once"* ]]
}

@test "weights: a model does not want the column, and eval finds the same rows again" {
    with_weight "$DATA/breast_cancer.csv" 'NR % 3' > weighted.csv
    mlctl train weighted.csv --weight w -q --json > report.json
    mlctl inspect --json | jq -e '[.pipeline.schema[].name] | index("w") == null'
    [ "$(jq -S .metrics report.json)" = "$(mlctl eval --json -q | jq -S .metrics)" ]
    mlctl predict "$DATA/breast_cancer.csv" -q > predictions.csv
    mlctl train weighted.csv --weight w -q --json --optimiser adam --patience 3 --epochs 300 | jq -e '.validation_rows > 20'
    for threads in 1 2 4; do
        mlctl train weighted.csv -q --weight w --class-weight balanced --threads $threads -m $threads.safetensors > out.txt
    done
    cmp 1.safetensors 2.safetensors
    cmp 1.safetensors 4.safetensors
}

@test "weights that make no sense are refused, and the row is named" {
    with_weight "$DATA/iris.csv" 'NR == 8 ? -1 : 1' > bad.csv
    fails 3 'row 7: weight "w" is -1' mlctl train bad.csv --weight w -q
    with_weight "$DATA/iris.csv" 'NR == 8 ? "" : 1' > bad.csv
    fails 3 'row 7: weight "w" is missing' mlctl train bad.csv --weight w -q
    with_weight "$DATA/iris.csv" 'NR == 8 ? "much" : "little"' > bad.csv
    fails 3 'row 1: weight "w" is not a number' mlctl train bad.csv --weight w -q
    with_weight "$DATA/iris.csv" 'NR < 100 ? 0 : NR % 2' > bad.csv # 0 and 1 alone are read as a boolean
    fails 3 'class "setosa" has no row to train on' mlctl train bad.csv --weight w -q
    with_weight "$DATA/iris.csv" 0 > bad.csv
    fails 3 "training needs at least two" mlctl train bad.csv --weight w -q
    fails 2 'did you mean "w"' mlctl train bad.csv --weight W -q
    fails 2 "that is the target" mlctl train bad.csv --weight species -q
    fails 2 'no class "setose"; did you mean "setosa"' mlctl train "$DATA/iris.csv" --class-weight setose=2 -q
    fails 2 "such as yes=3" mlctl train "$DATA/iris.csv" --class-weight setosa=0 -q
    fails 2 "such as yes=3" mlctl train "$DATA/iris.csv" --class-weight even -q
    fails 2 "given twice" mlctl train "$DATA/iris.csv" --class-weight setosa=1,setosa=2 -q
    fails 2 "the target is a number" mlctl train "$DATA/diabetes.csv" --class-weight balanced -q
}

@test "weights count in folds too" {
    with_weight "$DATA/breast_cancer.csv" '$4 > 500 ? 9 : 1' > weighted.csv
    mlctl train weighted.csv --weight w -q --json --folds 3 > a.json
    mlctl train weighted.csv --drop-columns w -q --json --folds 3 > b.json
    mlctl train weighted.csv --weight w -q --json --folds 3 --class-weight malignant=5 > c.json
    [ "$(jq -c .cross_validation a.json)" != "$(jq -c .cross_validation b.json)" ]
    [ "$(jq -c .cross_validation a.json)" != "$(jq -c .cross_validation c.json)" ]
}

@test "networks that stop learning are explained: dead units, vanishing gradients" {
    run --separate-stderr mlctl train "$DATA/wine.csv" --layers "dense 64, relu, dense 32, relu, dense 16, relu, dense 3" --optimiser adam --rate 1
    [ "$status" -eq 0 ]
    [[ $stderr == *"(relu) are 0 for every row looked at"*"--rate"* ]]
    layer="dense 20, sigmoid"
    run --separate-stderr mlctl train "$DATA/wine.csv" --layers "$layer, $layer, $layer, $layer, $layer, $layer, $layer, $layer, dense 3" --optimiser sgd --rate 0.01
    [ "$status" -eq 0 ]
    [[ $stderr == *"the gradient vanishes"* ]]
    # raw numbers as large as pixels or prices: the cause is named
    awk -F, -v OFS=, 'NR > 1 { for (i = 1; i < NF; i++) $i *= 1000 } 1' "$DATA/iris.csv" > large.csv
    run --separate-stderr mlctl train large.csv --scale none --layers "dense 8, tanh, dense 3" --optimiser sgd --rate 0.1
    [[ $stderr == *"the gradient vanishes: "*"; inputs reach 7."*": --scale standard or minmax"* ]]
    run --separate-stderr mlctl train large.csv --scale none --layers "dense 8, relu, dense 3" --optimiser sgd --rate 0.1
    [[ $stderr == *"of 8 units of layer 2 (relu) are 0 "*"; inputs reach 7."*": --scale"* ]]
    run --separate-stderr mlctl train large.csv --scale none --layers "dense 8, sigmoid, dense 8, sigmoid, dense 3" --optimiser sgd --rate 0.1
    [[ $stderr == *"answers the same for every row looked at, and its loss stays at 1.09"*"; inputs reach 7."*": --scale"* ]]
    run --separate-stderr mlctl train large.csv --layers "dense 8, tanh, dense 3" --optimiser sgd --rate 1e-6 --epochs 5 --l2 0
    [[ $stderr != *"answers the same"* && $stderr != *"inputs reach"* ]]
    run --separate-stderr mlctl train "$DATA/wine.csv" --kind mlp
    [[ $stderr == *" by range test (--rate overrides)"* ]]
    [[ $stderr != *"warning"* ]]
}

@test "weights lead to the optima of scikit-learn" {
    expected() { jq ".[\"$1\"]" "$NUMERIC/weights_expected.json"; }
    found() { mlctl train "$@" -q --json --split none | jq .objective; }
    near "$(found "$DATA/breast_cancer.csv" --class-weight balanced)" "$(expected balanced)" 1e-10
    near "$(found "$DATA/breast_cancer.csv" --class-weight malignant=7)" "$(expected malignant=7)" 1e-10
    with_weight "$DATA/breast_cancer.csv" '1 + (NR - 2) % 3' > weighted.csv
    near "$(found weighted.csv --weight w)" "$(expected "rows, logistic")" 1e-10
    with_weight "$DATA/diabetes.csv" '1 + (NR - 2) % 3' > weighted.csv
    near "$(found weighted.csv --weight w)" "$(expected "rows, ridge")" 1e-10
}
