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

@test "another seed is another split, so another model" {
    mlctl train "$DATA/wine.csv" -q --seed 1 -m a.safetensors > out.txt
    mlctl train "$DATA/wine.csv" -q --seed 2 -m b.safetensors > out.txt
    ! cmp -s a.safetensors b.safetensors
}

@test "task and kind follow the target" {
    mlctl train "$DATA/diabetes.csv" --json -q | jq -e '.task == "regression" and .kind == "linear"'
    mlctl train "$DATA/breast_cancer.csv" --json -q | jq -e '.task == "classification" and .kind == "logistic"'
    printf 'x,y\n' > codes.csv
    for i in $(seq 40); do echo "$i,$((i % 3))" >> codes.csv; done
    mlctl train codes.csv --json -q | jq -e '.task == "classification"'
    mlctl train codes.csv --json -q --task regression | jq -e '.task == "regression"'
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
    for _ in $(seq 100); do grep -q "epoch 1:" err.txt && break; sleep 0.1; done
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

@test "train from standard input and from gzip" {
    mlctl train - -q --json < "$DATA/iris.csv" | jq -e '.metrics.accuracy > 0.9'
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
