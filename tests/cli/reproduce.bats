bats_require_minimum_version 1.5.0
load common

@test "train --reproduce runs the recorded flags on the recorded data and finds the same bytes" {
    cp "$DATA/penguins.csv" data.csv
    mlctl train data.csv -q -tspecies --l2=0.01 -s every:5 --type year=category -m one.safetensors --threads 1 > out.txt
    [ "$(mlctl inspect -m one.safetensors --json | jq -c .record.command)" = '["--l2=0.01","--split=every:5","--target=species","--type=year=category"]' ]
    before=$(sha256sum one.safetensors)
    run --separate-stderr mlctl train --reproduce one.safetensors
    [ "$status" -eq 0 ]
    [[ $output == "same "*"the recorded flags and data give the same bytes" ]]
    [ "$before" = "$(sha256sum one.safetensors)" ]
    [ ! -e model.safetensors ]
    run --separate-stderr mlctl train --reproduce=one.safetensors --json
    [ "$status" -eq 0 ]
    [ "$(jq -c '[.reproduced, .distance == 0, .sha256 == .recorded]' <<< "$output")" = "[true,true,true]" ]
}

@test "the same flags in another order and another form are the same command" {
    mlctl train "$DATA/wine.csv" -q --kind logistic --epochs 5 --drop-columns ash -m a.safetensors > out.txt
    mlctl train -q --drop-columns=ash -e5 -k logistic "$DATA/wine.csv" --model b.safetensors --log log.jsonl > out.txt
    cmp a.safetensors b.safetensors
}

@test "networks, several files and prep files are reproduced too" {
    head -n 1500 "$DATA/diamonds.csv" > a.csv
    { head -n 1 "$DATA/diamonds.csv"; tail -n +1501 "$DATA/diamonds.csv"; } > b.csv
    mlctl train a.csv b.csv -q -t price --kind mlp --hidden 8 --epochs 3 > out.txt
    mlctl train --reproduce model.safetensors -q > out.txt
    mlctl preprocess "$DATA/penguins.csv" -q -o clean.csv -t species > out.txt
    mlctl train clean.csv -q > out.txt
    mlctl train --reproduce model.safetensors -q > out.txt
}

@test "a model that training does not lead to is told from one that it does" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    # the same record, another seed: what a hand could do to a file, with its digest put right
    mlctl train "$DATA/iris.csv" -q --seed 2 -m other.safetensors > out.txt
    python3 - <<'END'
import hashlib, json
raw = open("other.safetensors", "rb").read()
n = int.from_bytes(raw[:8], "little")
head = raw[8:8 + n].replace(b'--seed=2', b'--seed=1')
at = head.index(b'mlctl.sha256') + len(b'mlctl.sha256":"')
head = head[:at] + b"0" * 64 + head[at + 64:]
digest = hashlib.sha256(raw[:8] + head + raw[8 + n:]).hexdigest().encode()
open("other.safetensors", "wb").write(raw[:8] + head[:at] + digest + head[at + 64:] + raw[8 + n:])
END
    mlctl verify -m other.safetensors -q > out.txt
    run --separate-stderr mlctl train --reproduce other.safetensors -q
    [ "$status" -eq 1 ]
    [[ $output == *"parameters differ by up to "* ]]
}

@test "other data, a changed model and one that cannot tell are said" {
    cp "$DATA/iris.csv" data.csv
    mlctl train data.csv -q > out.txt
    mv data.csv moved.csv
    run mlctl train --reproduce model.safetensors -q
    [ "$status" -eq 5 ]
    mlctl train moved.csv --reproduce model.safetensors -q > out.txt
    echo "5.1,3.5,1.4,0.2,setosa" >> moved.csv
    run --separate-stderr mlctl train moved.csv --reproduce model.safetensors -q
    [ "$status" -eq 1 ]
    [[ $stderr == *"not reproduced: the SHA-256 of moved.csv is "*", and the model was trained on "* ]]
    run mlctl train --reproduce model.safetensors --l2 3
    [ "$status" -eq 2 ]
    [[ $output == *"--l2 does nothing with --reproduce: the recorded flags are taken"* ]]
    run mlctl train --reproduce nothing.safetensors
    [ "$status" -eq 5 ]
    mlctl train "$DATA/diamonds.csv" -q -t price --kind mlp --epochs 100000 --patience 0 --time-budget 0.3s -m timed.safetensors > out.txt
    run mlctl train --reproduce timed.safetensors
    [ "$status" -eq 2 ]
    [[ $output == *"its training ended by the clock (time budget)"* ]]
}
