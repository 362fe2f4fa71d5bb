bats_require_minimum_version 1.5.0
load common

@test "kind mlp trains a stack that predict, eval, serve's model check and inspect take" {
    run --separate-stderr mlctl train "$DATA/iris.csv" --kind mlp
    [ "$status" -eq 0 ]
    [[ $output == *"layers     dense 64, relu, dense 32, relu, dense 3"* ]]
    [[ $output == *"fit        adam, "* ]]
    mlctl verify
    mlctl eval --json | jq -e '.metrics.accuracy > 0.8'
    mlctl predict "$DATA/iris.csv" -o out.csv
    [ "$(wc -l < out.csv)" -eq 151 ]
    run mlctl inspect
    [[ $output == *" 0 dense             4 -> 64      320 parameters"* ]]
    [[ $output == *" 4 dense            32 -> 3       99 parameters"* ]]
    mlctl inspect --json | jq -e '.network.layers == "dense 64, relu, dense 32, relu, dense 3" and .record.kind == "mlp"
        and .record.settings.layers == .network.layers'
}

@test "presets and spelt out layers of the same network give the same model" {
    mlctl train "$DATA/wine.csv" -q --hidden 16,8 --activation tanh --dropout 0.1 --batch-norm --epochs 5 -m a.safetensors
    mlctl train "$DATA/wine.csv" -q --epochs 5 -m b.safetensors \
        --layers "dense 16,batch_norm , tanh, dropout 0.1, dense 8, batch_norm, tanh, dropout 0.1,dense 3"
    for model in a b; do # the files differ in the flags that they record
        mlctl export -q --format json -o - $model.safetensors | jq -S .network > $model.json
    done
    grep -q batch_norm a.json
    cmp a.json b.json
}

@test "the same command twice, and 1, 2 and 4 threads, give the same stack" {
    for optimiser in sgd adam; do
        for threads in 1 2 4; do
            mlctl train "$DATA/wine.csv" -q --hidden 16 --activation gelu --dropout 0.2 --batch-norm --optimiser $optimiser \
                --epochs 4 --threads $threads -m $threads.safetensors
        done
        cmp 1.safetensors 2.safetensors
        cmp 1.safetensors 4.safetensors
    done
    mlctl train "$DATA/wine.csv" -q --hidden 16 --optimiser lbfgs --epochs 20 --threads 1 -m 1.safetensors
    mlctl train "$DATA/wine.csv" -q --hidden 16 --optimiser lbfgs --epochs 20 --threads 4 -m 4.safetensors
    cmp 1.safetensors 4.safetensors
}

@test "what is wrong with a network is said with its column, exit 2" {
    refused() {
        local text=$1
        shift
        run --separate-stderr mlctl train "$DATA/iris.csv" "$@"
        [ "$status" -eq 2 ]
        [[ $stderr == *"$text"* ]] || { echo "$stderr"; return 1; }
        [ ! -e model.safetensors ]
    }
    refused '--layers: layer 2 at column 11: unknown layer "rely"; did you mean "relu"?' --layers "dense 64, rely, dense 3"
    refused '--layers: layer 3 at column 17: 2 outputs, expected 3 ("dense 3") for loss cross_entropy of 3 classes' \
        --layers "dense 64, relu, dense 2"
    refused '--layers: layer 2 at column 10: the last layer must be dense, found "sigmoid"' --layers "dense 3, sigmoid"
    refused '--hidden: column 4: expected a whole number of units' --hidden 64,x
    refused '--activation: no "rely"; did you mean "relu"?' --kind mlp --activation rely
    refused '--hidden goes with --kind mlp, not with logistic' --kind logistic --hidden 8
    refused '--layers spells the network out, so --dropout says nothing' --layers "dense 3" --dropout 0.1
    refused 'lbfgs takes all rows at a time and dropout needs batches' --kind mlp --dropout 0.1 --optimiser lbfgs
    refused 'gd takes all rows at a time and batch_norm needs batches' --kind mlp --batch-norm --optimiser gd
    run --separate-stderr mlctl train "$DATA/breast_cancer.csv" --layers "dense 8, relu, dense 2"
    [ "$status" -eq 2 ]
    [[ $stderr == *'2 outputs, expected 1 ("dense 1") for loss cross_entropy of 2 classes'* ]]
    run --separate-stderr mlctl train "$DATA/diabetes.csv" --layers "dense 8, relu, dense 2"
    [ "$status" -eq 2 ]
    [[ $stderr == *'--layers: layer 3 at column 16: 2 outputs, expected 1 ("dense 1") for a number'* ]]
}

@test "a network that does not fit into the memory allowed is refused early" {
    run --separate-stderr mlctl train "$DATA/iris.csv" --hidden 8000,8000 --memory 200M
    [ "$status" -eq 5 ]
    [[ $stderr == *"MiB of memory"*"64072003 parameters"*"fewer hidden units"* ]]
    run --separate-stderr mlctl train "$DATA/iris.csv" --layers "dense 1000000, dense 1000000, dense 3"
    [ "$status" -eq 5 ]
    [[ $stderr == *"--layers: layer 2 at column 16: over the limit of 268435456 parameters"* ]]
}

@test "one layer spelt out is the convex model" {
    mlctl train "$DATA/iris.csv" -q --json --layers "dense 3" | jq -c '[.loss, .epochs, .settings.optimiser]' > layers.txt
    mlctl train "$DATA/iris.csv" -q --json | jq -c '[.loss, .epochs, .settings.optimiser]' > logistic.txt
    cmp layers.txt logistic.txt
}

@test "a network is exported as C and as JSON with every layer" {
    mlctl train "$DATA/penguins.csv" -q --target species --hidden 8 --activation elu --batch-norm --dropout 0.1 --epochs 10
    mlctl export --format json -o - | jq -e '[.network[].layer] == ["dense", "batch_norm", "elu", "dropout", "dense"]'
    mlctl export --format c -o model.c
    cc -std=c99 -Wall -Wextra -Werror -c model.c -o model.o
}

@test "members: the model is the mean of what their seeds train, for any threads, and can be reproduced" {
    local shape=(--hidden 16,8 --activation gelu --dropout 0.1 --batch-norm --epochs 8)
    for seed in 5 6 7; do
        mlctl train "$DATA/diabetes.csv" -q --split every:5 "${shape[@]}" --seed $seed -m one.safetensors > out.txt
        mlctl predict -q -m one.safetensors "$DATA/diabetes.csv" -o $seed.csv
    done
    for threads in 1 2 4; do
        mlctl train "$DATA/diabetes.csv" -q --split every:5 "${shape[@]}" --seed 5 --members 3 --threads $threads \
            -m $threads.safetensors > out.txt
    done
    cmp 1.safetensors 2.safetensors
    cmp 1.safetensors 4.safetensors
    grep -q "members    3 such networks" out.txt
    mlctl inspect --json -m 1.safetensors | jq -e '.record.settings | .members == 3 and (.layers | startswith("dense 16, "))'
    mlctl inspect --json -m 1.safetensors | jq -e '.network.layers | startswith("dense 48, ")'
    mlctl predict -q -m 1.safetensors "$DATA/diabetes.csv" -o all.csv
    paste -d, 5.csv 6.csv 7.csv all.csv | awk -F, 'NR > 1 { d = ($1 + $2 + $3) / 3 - $4; if (d < 0) d = -d; if (!(d < 1e-3)) exit 1 } END { exit NR != 443 }'
    mlctl verify -m 1.safetensors
    mlctl train -q --reproduce 1.safetensors
}

@test "members: classes, folds and patience; what they do not go with is said" {
    mlctl train "$DATA/iris.csv" -q --hidden 8 --members 4 --patience 5 --folds 3 --json > out.json
    jq -e '.cross_validation.metrics.accuracy.mean > 0.8 and .metrics.accuracy > 0.8' out.json
    fails 2 "--members goes with --kind mlp, not with logistic" mlctl train "$DATA/iris.csv" -q --kind logistic --members 2
    fails 2 'begin with a dense layer and have hidden ones; this is "relu, dense 3"' \
        mlctl train "$DATA/iris.csv" -q --layers "relu, dense 3" --members 2
    fails 2 "does not go with --checkpoint" mlctl train "$DATA/iris.csv" -q --hidden 8 --members 2 --checkpoint state
    fails 2 "--members 1001 is out of range" mlctl train "$DATA/iris.csv" -q --hidden 8 --members 1001
    fails 6 "member 1: " mlctl train "$DATA/iris.csv" -q --hidden 8 --members 2 --rate 1e30 --schedule constant
}

# bats test_tags=release
@test "members: interrupted, the model is the mean of those that were done" {
    awk 'NR==1; NR>1 {for (i=0;i<200;i++) print}' "$DATA/diabetes.csv" > big.csv
    "$MLCTL" train big.csv --hidden 64,32 --members 40 --epochs 2 --threads 2 > out.txt 2> err.txt &
    pid=$!
    soon grep -q "member . of 40" err.txt
    kill -INT $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq 130 ]
    mlctl verify
    units=$(mlctl inspect --json | jq -r '.network.layers | capture("^dense (?<n>[0-9]+)").n')
    [ $((units % 64)) -eq 0 ]
    [ "$units" -lt 2560 ]
}
