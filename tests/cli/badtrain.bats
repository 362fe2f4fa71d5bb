bats_require_minimum_version 1.5.0
load common

# Training that cannot be, one a line: exit code | what the error says | arguments, @ for the folder of real tables. An
# earlier model stands where the new one would be written.

# refused: reads such lines; each must end with its code and one error line, print nothing, and leave every file as it was
refused() {
    local code text arguments failed=0
    mlctl train "$DATA/iris.csv" -q > first.txt
    while IFS='|' read -r code text arguments; do
        [[ -n $code ]] || continue
        files_before=$(sha256sum ./*.csv ./*.safetensors state/* 2> /dev/null | sort)
        arguments=${arguments//@/$DATA}
        status=0
        eval "timeout 60 \"\$MLCTL\" train -q $arguments" > stdout.txt 2> stderr.txt < /dev/null || status=$?
        why=
        [[ $status -eq $code ]] || why="exit $status, expected $code"
        grep -qF -- "$text" stderr.txt || why="$why; not said: $text"
        [[ $(grep -vc '^usage: ' stderr.txt) -eq 1 ]] || why="$why; not one line"
        [[ ! -s stdout.txt ]] || why="$why; there is output"
        [[ $files_before == "$(sha256sum ./*.csv ./*.safetensors state/* 2> /dev/null | sort)" ]] || why="$why; files have changed"
        [[ -z $(find . -name '.mlctl-*') ]] || why="$why; temporary files are left"
        [[ -z $why ]] || { echo "train$arguments: $why"; cat stderr.txt; failed=1; }
    done
    [[ $failed -eq 0 ]]
}

# cell FILE LINE COLUMN VALUE: one of the diabetes table is VALUE
cell() { awk -F, -v OFS=, -v l="$2" -v c="$3" -v v="$4" 'NR == l { $(c ? c : NF) = v } 1' "$DATA/diabetes.csv" > "$1"; }
# weighted FILE VALUE: the same with a column of weights, one of which is VALUE
weighted() { awk -F, -v OFS=, -v v="$2" '{ print (NR == 1 ? "w" : NR == 9 ? v : 1), $0 }' "$DATA/diabetes.csv" > "$1"; }

@test "cells that are no finite numbers, or far too large ones" {
    cell inf.csv 9 3 inf
    cell minus.csv 9 3 -Infinity
    cell over.csv 9 3 1e400
    cell huge.csv 9 3 1e308
    cell target.csv 9 0 inf
    cell over-target.csv 9 0 1e400
    cell huge-target.csv 9 0 1e308
    cell word-target.csv 9 0 abc
    for value in nan inf 1e400 1e308 -1 abc; do weighted "w$value.csv" $value; done
    awk -F, -v OFS=, '{ print (NR == 1 ? "w" : 0), $0 }' "$DATA/diabetes.csv" > zero.csv
    awk -F, -v OFS=, '{ print (NR == 1 ? "w" : NR == 2), $0 }' "$DATA/diabetes.csv" > lone.csv
    refused << 'END'
3|inf.csv: row 8: column "bmi": "inf" is not a finite number (--na inf treats it as missing, --type bmi=category makes the column one)| inf.csv
3|row 8: column "bmi": "-Infinity" is not a finite number| minus.csv
3|row 8: column "bmi": "1e400" is not a finite number| over.csv
3|row 8: column "bmi": "1e400" is not a finite number| over.csv --kind mlp
3|column "bmi": values are too large to be scaled (--outliers iqr takes them in, --drop-columns leaves it out)| huge.csv
6|feature 3 reaches 1e+308; clip, scale or drop its column| huge.csv --scale none
3|target.csv: row 8: target "target" is "inf", which is not a finite number; --na inf leaves such rows out| target.csv
3|row 8: target "target" is "inf", which is not a finite number| target.csv --task regression
3|row 8: target "target" is "1e400", which is not a finite number| over-target.csv
6|the target reaches 9.97175e+307; remove such rows or scale the target| huge-target.csv
3|row 8: target "target" is "abc", which is not a number, as the others are; --na abc leaves such rows out| word-target.csv
3|row 8: weight "w" is missing; a weight is a number of 0 or more| wnan.csv --weight w
3|row 8: weight "w" is not a number| winf.csv --weight w
3|row 8: weight "w" is not a number| w1e400.csv --weight w
3|row 8: weight "w" is not a number| wabc.csv --weight w
3|row 8: weight "w" is 1e+308; a weight is a number from 0 to 1e+100| w1e308.csv --weight w
3|row 8: weight "w" is -1; a weight is a number from 0| w-1.csv --weight w
3|0 training rows with a weight above 0; training needs at least two| zero.csv --weight w
3|1 training row with a weight above 0| lone.csv --weight w --split none
2|--weight nope: no such column| zero.csv --weight nope
2|--weight target: that is the target| zero.csv --weight target
END
    # what the line says helps
    mlctl train inf.csv -q --na inf -m a.safetensors > out.txt
    mlctl train inf.csv -q --type bmi=category -m a.safetensors > out.txt
    mlctl train target.csv -q --na inf -m a.safetensors > out.txt
    fails 3 'row 8: column "bmi": "inf" is not a finite number' mlctl preprocess inf.csv -q -o clean.csv
    [ ! -e clean.csv ]
}

@test "a rate that diverges" {
    for optimiser in gd sgd adam; do
        printf '6|the loss has grown a million times from 0.5 with step size 1e+06; lower --rate (for example to 100000) or use --optimiser lbfgs| @/diabetes.csv --rate 1e6 --optimiser %s --batch 1000 --split none\n' $optimiser
        printf '6|the loss has grown a million times from 0.693147 with step size 1e+06; lower --rate (for example to 100000)| @/breast_cancer.csv --rate 1e6 --optimiser %s --batch 1000\n' $optimiser
        printf '6|with step size 1e+06; lower --rate (for example to 100000) or give --clip 1| @/diabetes.csv --hidden 8 --rate 1e6 --optimiser %s\n' $optimiser
    done > table.txt
    refused < table.txt
}

@test "networks that cannot be read, or are too large" {
    refused << 'END'
2|--layers: layer 2 at column 10: unknown layer "rellu"; did you mean "relu"?| @/iris.csv --layers "dense 8, rellu, dense 3"
2|--layers: layer 2 at column 9: a layer is missing| @/iris.csv --layers "dense 8,, dense 3"
2|--layers: layer 1 at column 6: dense needs a number of outputs| @/iris.csv --layers "dense, dense 3"
2|--layers: layer 1 at column 2: a layer is missing| @/iris.csv --layers " "
2|--layers: layer 2 at column 10: the last layer must be dense, found "relu"| @/iris.csv --layers "dense 8, relu"
2|--layers: layer 3 at column 16: 2 outputs, expected 3 ("dense 3")| @/iris.csv --layers "dense 8, relu, dense 2"
2|--layers: layer 1 at column 9: expected a share to drop, from 0 to below 1, found "2"| @/iris.csv --layers "dropout 2, dense 3"
5|--layers: layer 1 at column 7: 1000000000 outputs are over the limit of 1048576| @/iris.csv --layers "dense 1000000000, dense 3"
2|--hidden: column 1: expected a whole number of units of at least 1, found "0"| @/iris.csv --hidden 0
2|--hidden: column 4: expected a whole number of units of at least 1, found "x"| @/iris.csv --hidden "8, x"
2|--hidden: column 1: expected a whole number of units of at least 1, found "1e9"| @/iris.csv --hidden 1e9
5|--hidden: column 3: 1000000000 units are over the limit of 1048576| @/iris.csv --hidden 8,1000000000
5|training needs about 552 MiB of memory (120 rows of 4 features, 16036003 parameters), 100 MiB may be used| @/iris.csv --hidden 4000,4000 --memory 100M
5|MiB of memory| @/iris.csv --memory 1M
2|--memory lots is not a size| @/iris.csv --memory lots
2|--dropout 1 is out of range: it must be from 0 to below 1| @/iris.csv --hidden 8 --dropout 1
2|--dropout -0.1 is out of range| @/iris.csv --hidden 8 --dropout -0.1
2|--dropout nan is out of range| @/iris.csv --hidden 8 --dropout nan
2|--activation: no "rellu"; did you mean "relu"?| @/iris.csv --hidden 8 --activation rellu
2|--hidden goes with --kind mlp, not with logistic| @/iris.csv --hidden 8 --kind logistic
END
}

@test "settings out of range, each with what it must be" {
    refused << 'END'
2|--epochs -1 is negative| @/iris.csv --epochs -1
2|--epochs 1e30: expected a number, a whole one for a count| @/iris.csv --epochs 1e30
2|--epochs=1.5: expected a number, a whole one for a count| @/iris.csv --epochs=1.5
2|--epochs 1e+11 is out of range: it must be 0 (chosen) to 1e9| @/iris.csv --epochs 99999999999
2|--batch -5 is negative| @/iris.csv --batch -5 --optimiser sgd
2|--validation 0 is out of range: it must be from 0.001 to 0.9| @/iris.csv --patience 2 --validation 0
2|--validation 1 is out of range: it must be from 0.001 to 0.9| @/iris.csv --patience 2 --validation 1
2|--validation 2 is out of range| @/iris.csv --patience 2 --validation 2
2|--validation nan is out of range| @/iris.csv --patience 2 --validation nan
2|--l2 -1 is out of range: it must be 0 or more| @/iris.csv --l2 -1
2|--l2 nan is out of range: it must be 0 or more| @/iris.csv --l2 nan
2|--l2 inf is out of range| @/iris.csv --l2 inf
2|--l2 abc: expected a number| @/iris.csv --l2 abc
2|--l1 nan is out of range: it must be 0 or more| @/iris.csv --l1 nan
2|--rate nan is out of range: it must be auto or a number above 0| @/iris.csv --optimiser sgd --rate nan
2|--rate 0 is out of range: it must be auto or a number above 0| @/iris.csv --optimiser sgd --rate 0
2|--rate -1 is out of range| @/iris.csv --optimiser sgd --rate -1
2|lbfgs finds its step sizes by itself; leave the step size (rate) away or choose another optimiser| @/iris.csv --rate 0.1
2|no optimiser "adamm"; did you mean "adam"?| @/iris.csv --optimiser adamm
2|no optimiser "newton"; there are: gd sgd momentum| @/iris.csv --optimiser newton
2|--momentum 1 is out of range: it must be from 0 to below 1| @/iris.csv --optimiser momentum --momentum 1
2|--tolerance nan is out of range: it must be from 0 to 1| @/iris.csv --tolerance nan
2|--clip nan is out of range| @/iris.csv --clip nan --optimiser sgd
2|--warmup nan is out of range| @/iris.csv --warmup nan --optimiser sgd
2|--min-delta nan is out of range| @/iris.csv --min-delta nan --patience 2
2|--decay nan is out of range| @/iris.csv --decay nan --optimiser adamw
2|unknown schedule "cosin"; did you mean cosine?| @/iris.csv --schedule cosin --optimiser sgd
2|schedule "step:0:0.5", column 6: expected a number of epochs, found "0"| @/iris.csv --schedule step:0:0.5 --optimiser sgd
2|--seed -1 is negative| @/iris.csv --seed -1
2|--threads -2 is negative| @/iris.csv --threads -2
2|--threads 5000 is out of range: it must be 0 (one a core) to 1024| @/iris.csv --threads 5000
2|--time-budget 0 is not a time, such as 60s, 5m or 1.5h| @/iris.csv --time-budget 0
2|--time-budget -3s is not a time| @/iris.csv --time-budget -3s
2|--folds 1 is out of range: it must be from 2 to 100| @/iris.csv --folds 1
2|no precision "flaot"; did you mean "float"?| @/iris.csv --precision flaot
2|no task "clasification"; did you mean "classification"?| @/iris.csv --task clasification
2|--class-weight: no class "x"; there are 3, the first is "setosa"| @/iris.csv --class-weight x=2
2|"setosa=0" is not balanced, nor a class and a weight above 0| @/iris.csv --class-weight setosa=0
2|split "random:0": expected random:F with a fraction F between 0 and 1| @/iris.csv --split random:0
2|split "random:1": expected random:F| @/iris.csv --split random:1
2|--l2 is given without a value; expected NUMBER| @/iris.csv --l2=
2|--epochs is given without a value; expected COUNT| @/iris.csv -e ""
2|--layers is given without a value; expected SPEC| @/iris.csv --layers ""
2|--momentum does nothing with the optimiser adam: give --optimiser momentum| @/iris.csv --optimiser adam --momentum 0.5
2|--decay does nothing with the optimiser auto: give --optimiser adamw| @/iris.csv --decay 0.1
2|--min-delta goes with --patience| @/iris.csv --min-delta 0.1
2|--validation goes with --patience| @/iris.csv --validation 0.3
2|--prep does nothing beside --no-prep| @/iris.csv --prep a.json --no-prep
2|--json and --model - both want standard output| @/iris.csv --model - --json
2|--log -: the model is written there| @/iris.csv --model - --log -
END
    mlctl train "$DATA/diabetes.csv" --batch 64 -m a.safetensors 2> err.txt > out.txt
    grep -q 'warning: --batch 64 does nothing: lbfgs takes all rows at a time' err.txt
    # more rows than there are, and 0, are taken as they are meant
    mlctl train "$DATA/iris.csv" -q --optimiser sgd --batch 1000000 --epochs 2 -m a.safetensors > out.txt
    mlctl train "$DATA/iris.csv" -q --optimiser sgd --batch 0 --epochs 0 --patience 100000 -m b.safetensors > out.txt
}

@test "tables and targets that there is nothing to learn from" {
    : > empty.csv
    printf '\xef\xbb\xbf' > bom.csv
    printf '\n\n\n' > lines.csv
    echo a,b > header.csv
    printf 'a,b\n1,2\n' > one.csv
    printf 'a,b\n1,2\n2,3\n' > two.csv
    awk 'BEGIN { print "a,y"; for (i = 0; i < 20; i++) print i "," (i < 10 ? "x" : "") }' > half.csv
    awk 'BEGIN { print "a,y"; for (i = 0; i < 20; i++) print i "," }' > none.csv
    awk 'BEGIN { print "a,y"; for (i = 0; i < 20; i++) print i "," (i < 10 ? "x" : "z") }' > sorted.csv
    awk 'BEGIN { print "a,s,y"; for (i = 0; i < 20; i++) print i "," (i < 15 ? "train" : "test") "," (i < 15 ? (i % 2 ? "x" : "z") : "held") }' > held.csv
    awk 'BEGIN { print "a,y"; for (i = 0; i < 20; i++) print i ",7" }' > same.csv
    awk 'BEGIN { print "a,y"; for (i = 0; i < 20; i++) print 1 "," i * i }' > constant.csv
    cut -d, -f1-10 "$DATA/diabetes.csv" > cut.csv
    refused << 'END'
5|nowhere.csv: | nowhere.csv
3|empty.csv: empty; expected a line of column names and rows below it| empty.csv
3|bom.csv: empty| bom.csv
3|lines.csv: empty| lines.csv
3|header.csv: no rows below the header| header.csv
3|one.csv: 1 row with a target "b"; training needs at least two| one.csv
3|has one row; a class needs two or more| two.csv
3|half.csv: target "y" is constant ("x" in all 10 rows); it needs at least two classes| half.csv
3|none.csv: 0 rows with a target "y"; training needs at least two| none.csv
3|sorted.csv: class "z" has no row to train on with --split last:0.5; --split random:0.2 keeps every class on both sides| sorted.csv --split last:0.5
3|held.csv: class "held" has no row to train on with --split column:s| held.csv --split column:s
3|same.csv: target "y" is constant (7 in all 20 rows)| same.csv
3|same.csv: target "y" is constant (7 in all 20 rows)| same.csv --task regression --kind mlp
3|no feature is left: every column was dropped| constant.csv
2|no column "nope" to be the target; it has 5 columns| @/iris.csv --target nope
2|no column "specis" to be the target; did you mean "species"?| @/iris.csv --target specis
2|no column "" to be the target| @/iris.csv --target ""
2|--group species: that is the target| @/iris.csv --group species
2|--group nope: no such column| @/iris.csv --group nope
5|nowhere.csv: cannot be opened| @/diabetes.csv --hidden 8 --test nowhere.csv --checkpoint state --every 0.001s
3|iris.csv: 10 columns are not there: "age", "sex"| @/diabetes.csv --hidden 8 --test @/iris.csv --checkpoint state --every 0.001s
3|cut.csv: no column "target", the target| @/diabetes.csv --hidden 8 --test cut.csv --checkpoint state --every 0.001s
END
    mlctl schema "$DATA/diabetes.csv" > schema.json
    for flag in --log -m; do
        fails 2 "schema.json would be overwritten while it is the input" mlctl train "$DATA/diabetes.csv" --schema schema.json $flag schema.json
    done
}

@test "checkpoints of other runs and other programs" {
    run="-t price --hidden 8 --epochs 100000 --patience 0"
    "$MLCTL" train "$DATA/diamonds.csv" -q $run --checkpoint state -m a.safetensors --log log.jsonl > out.txt 2> err.txt &
    soon holds '"epoch"' log.jsonl
    kill -INT $!
    wait $! || true
    [ -s state/checkpoint.safetensors ]
    mlctl train "$DATA/iris.csv" -q -m iris.safetensors > out.txt
    for kind in cut empty model changed foreign text; do mkdir $kind; done
    head -c 3000 state/checkpoint.safetensors > cut/checkpoint.safetensors
    : > empty/checkpoint.safetensors
    cp iris.safetensors model/checkpoint.safetensors
    cp "$DATA/iris.csv" text/checkpoint.safetensors
    python3 - << 'END'
import json, struct
b = bytearray(open("state/checkpoint.safetensors", "rb").read())
b[-100] ^= 1
open("changed/checkpoint.safetensors", "wb").write(b)
head = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
head += b" " * (-len(head) % 8)
open("foreign/checkpoint.safetensors", "wb").write(struct.pack("<Q", len(head)) + head + bytes(4))
END
    refused << END
2|state/checkpoint.safetensors is there: a training was not finished; --resume goes on with it| @/diamonds.csv $run --checkpoint state
2|a checkpoint of another run: data.sha256 was | @/iris.csv --hidden 8 --epochs 100000 --patience 0 --checkpoint state --resume
2|a checkpoint of another run: settings.layers was "dense 8, relu, dense 1" there and is "dense 9, relu, dense 1" now| @/diamonds.csv ${run/8/9} --checkpoint state --resume
2|a checkpoint of another run: settings.epochs was 100000 there and is 7 now; give the same data and flags, or another --checkpoint directory| @/diamonds.csv $run --epochs 7 --checkpoint state --resume
2|a checkpoint of another run: split_seed was 1 there and is 2 now| @/diamonds.csv $run --seed 2 --checkpoint state --resume
2|a checkpoint of another run: settings.optimiser was "adam" there and is "sgd" now| @/diamonds.csv $run --optimiser sgd --rate 0.001 --checkpoint state --resume
4|cut/checkpoint.safetensors: byte 3000: the file ends | @/diamonds.csv $run --checkpoint cut --resume
4|empty/checkpoint.safetensors: byte 0: a file of 0 bytes has no safetensors header| @/diamonds.csv $run --checkpoint empty --resume
4|a safetensors file, but not a checkpoint of mlctl (metadata "format" is "mlctl")| @/diamonds.csv $run --checkpoint model --resume
4|a safetensors file, but not a checkpoint of mlctl (metadata "format" is missing)| @/diamonds.csv $run --checkpoint foreign --resume
4|text/checkpoint.safetensors: byte | @/diamonds.csv $run --checkpoint text --resume
4|it was changed or damaged| @/diamonds.csv $run --checkpoint changed --resume
5|cannot make the directory| @/iris.csv --checkpoint @/iris.csv
2|--every 0 is not a time| @/iris.csv --checkpoint other --every 0
2|--resume does nothing without --checkpoint DIR| @/iris.csv --resume
2|--every does nothing without --checkpoint DIR| @/iris.csv --every 1m
END
}

@test "without OpenBLAS nothing is trained, which is said before the search or the fit; what needs none of it goes on" {
    "$MLCTL" train "$DATA/iris.csv" -q -m iris.safetensors > /dev/null
    mkdir lib
    : > lib/libopenblas.so.0
    export LD_LIBRARY_PATH=$PWD/lib
    for command in train tune; do
        fails 5 'OpenBLAS, which training needs, cannot be loaded: ' "$MLCTL" "$command" "$DATA/iris.csv" -q -m other.safetensors
    done
    [[ ! -e other.safetensors ]]
    "$MLCTL" predict "$DATA/iris.csv" -m iris.safetensors -o out.csv
    grep -q setosa out.csv
}
