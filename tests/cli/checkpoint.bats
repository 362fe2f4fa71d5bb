bats_require_minimum_version 1.5.0
load common

# bats test_tags=release
@test "ended at random moments, by kill -9 and by signals, and resumed, networks over batches get the same bytes" {
    kills adam 12
    kills sgd 8
}

# bats test_tags=release
@test "ended at random moments, by kill -9 and by signals, and resumed, lbfgs gets the same bytes" {
    kills lbfgs 12
}

# interrupted LOG OPTION...: the state after an epoch or more of a run that would take long
interrupted() {
    local log=$1 pid status=0
    shift
    "$MLCTL" train "$DATA/diamonds.csv" -t price --kind mlp --hidden 8 --epochs 100000 --patience 0 --checkpoint state --log "$log" "$@" > out.txt 2> err.txt &
    pid=$!
    soon holds '"epoch"' "$log"
    kill -INT $pid
    wait $pid || status=$?
    [ "$status" -eq 130 ]
}

@test "Ctrl-C keeps the state as well, and the run goes on from there" {
    interrupted log.jsonl
    [ -s model.safetensors ]
    [ -s state/checkpoint.safetensors ]
    epoch=$(mlctl inspect --json | jq .record.epochs)
    interrupted more.jsonl --resume
    grep -q "resumed from state/checkpoint.safetensors, after epoch " err.txt
    [ "$(head -n 1 more.jsonl | jq .epoch)" -ge "$epoch" ]
}

network() {
    "$MLCTL" train "$DATA/diamonds.csv" -q -t price --kind mlp --hidden 24 --dropout 0.1 --epochs 60 --patience 30 --schedule plateau:5:0.5 --warmup 2 "$@" > out.txt
}

@test "a run with 60 epochs that stops after some and goes on is the run with 60 epochs, also in its log" {
    network -m whole.safetensors --log whole.jsonl
    network -m model.safetensors --checkpoint state --every 0.001s --log log.jsonl
    cmp model.safetensors whole.safetensors
    diff <(jq -c 'select(.epoch) | del(.seconds)' whole.jsonl) <(jq -c 'select(.epoch) | del(.seconds)' log.jsonl)
}

@test "a checkpoint is of one run alone" {
    interrupted log.jsonl
    again() { "$MLCTL" train "$DATA/diamonds.csv" -q -t price --kind mlp --hidden 8 --epochs 100000 --patience 0 --checkpoint state "$@"; }
    before=$(sha256sum state/checkpoint.safetensors)
    run again
    [ "$status" -eq 2 ]
    [ "${lines[0]}" = "mlctl train: state/checkpoint.safetensors is there: a training was not finished; --resume goes on with it, removing the file begins anew" ]
    run again --resume --l2 0.5
    [ "$status" -eq 2 ]
    [[ ${lines[0]} == "mlctl train: state/checkpoint.safetensors: a checkpoint of another run: settings.l2 was "*" there and is 0.5 now; give the same data and flags, or another --checkpoint directory" ]]
    run again --resume --seed 9
    [ "$status" -eq 2 ]
    [[ ${lines[0]} == *"split_seed was 1 there and is 9 now"* ]]
    run "$MLCTL" train "$DATA/diabetes.csv" -q --kind mlp --checkpoint state --resume
    [ "$status" -eq 2 ]
    [[ ${lines[0]} == *"a checkpoint of another run: data."* ]]
    [ "$before" = "$(sha256sum state/checkpoint.safetensors)" ]
}

@test "a damaged checkpoint, a model in its place, and one that cannot be written are one clear line" {
    interrupted log.jsonl
    again() { "$MLCTL" train "$DATA/diamonds.csv" -q -t price --kind mlp --hidden 8 --epochs 100000 --patience 0 --checkpoint state --resume; }
    cp model.safetensors old
    cp state/checkpoint.safetensors good
    head -c 5000 good > state/checkpoint.safetensors
    run again
    [ "$status" -eq 4 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ ${lines[0]} == "mlctl train: state/checkpoint.safetensors: "* ]]
    cp model.safetensors state/checkpoint.safetensors
    run again
    [ "$status" -eq 4 ]
    [[ ${lines[0]} == *"a safetensors file, but not a checkpoint of mlctl"* ]]
    run "$MLCTL" verify -m good
    [ "$status" -eq 4 ]
    [[ $output == *"not a model of mlctl"* ]]
    cmp old model.safetensors
    touch file
    run "$MLCTL" train "$DATA/iris.csv" -q --checkpoint file/state
    [ "$status" -eq 5 ]
}

@test "flags of checkpoints that would do nothing are refused" {
    run "$MLCTL" train "$DATA/iris.csv" --resume
    [ "$status" -eq 2 ]
    [ "${lines[0]}" = "mlctl train: --resume does nothing without --checkpoint DIR, where the state is kept" ]
    run "$MLCTL" train "$DATA/iris.csv" --every 5m
    [ "$status" -eq 2 ]
    [[ ${lines[0]} == *"--every does nothing without --checkpoint DIR"* ]]
    run "$MLCTL" train "$DATA/iris.csv" --checkpoint state --every soon
    [ "$status" -eq 2 ]
    run --separate-stderr "$MLCTL" train "$DATA/iris.csv" --checkpoint state --resume
    [ "$status" -eq 0 ]
    [[ $stderr == *"state/checkpoint.safetensors is not there: training begins anew"* ]]
}
