bats_require_minimum_version 1.5.0
load common

# halves CSV: first.csv and second.csv, every other row each.
halves() {
    awk 'NR == 1 || NR % 2 == 0' "$1" > first.csv
    awk 'NR == 1 || NR % 2 == 1' "$1" > second.csv
}
record() { mlctl inspect -m "$1" --json | jq -c ".record$2"; }
# alike A B TOLERANCE: the numbers in two lists are alike, relative to the largest.
alike() {
    jq -en --argjson a "$1" --argjson b "$2" --argjson t "$3" '
        ([$a[] | fabs] | max) as $size | ($a | length) == ($b | length) and ([range($a | length) | ($a[.] - $b[.]) | fabs] | max) <= $t * $size' > alike.txt ||
        { echo "$1 is not like $2"; return 1; }
}
weights() { mlctl export -m "$1" --format json -o - -q | jq -c '[.. | .weight?, .bias? | select(. != null) | .. | numbers]'; }

@test "at the optimum a warm start on the same rows ends at once, with the same parameters" {
    for set in "diabetes.csv" "penguins.csv -t species" "breast_cancer.csv" "iris.csv --kind svm" "diabetes.csv --kind poisson"; do
        file=${set%% *} flags=${set#"$file"}
        mlctl train "$DATA/$file" -q $flags -m a.safetensors > out.txt
        mlctl train "$DATA/$file" -q --warm-start a.safetensors -m b.safetensors > out.txt
        [ "$(record b.safetensors '|[.epochs, .end]')" = '[1,"converged"]' ]
        [ "$(weights a.safetensors)" = "$(weights b.safetensors)" ]
        alike "[$(record a.safetensors .loss)]" "[$(record b.safetensors .warm_start.loss)]" 1e-12
        [ "$(record a.safetensors .kind)" = "$(record b.safetensors .kind)" ]
    done
}

@test "from half of the rows on to all of them: the optimum that a cold start comes to, where the pipeline is the same" {
    halves "$DATA/diabetes.csv"
    for flags in "--kind linear" "--kind linear --loss huber:80" "--kind linear --loss quantile:0.7" "--kind svm --loss epsilon_insensitive:8" "--kind poisson"; do
        free="--split none --tolerance 1e-12 --l2 0.001 -q"
        mlctl train first.csv $free $flags --scale none -m half.safetensors > out.txt
        mlctl train "$DATA/diabetes.csv" $free --warm-start half.safetensors -m warm.safetensors > out.txt
        mlctl train "$DATA/diabetes.csv" $free $flags --scale none -m cold.safetensors > out.txt
        alike "$(record cold.safetensors '|[.objective]')" "$(record warm.safetensors '|[.objective]')" 1e-9
        # what has kinks is flat around its optimum, which is reached to about the root of the objective's tolerance
        alike "$(weights cold.safetensors)" "$(weights warm.safetensors)" "$(case $flags in *quantile* | *svm*) echo 1e-4 ;; *) echo 1e-6 ;; esac)"
    done
}

@test "one pipeline, one optimum: from far away and from near by, with l1, and over several classes" {
    halves "$DATA/breast_cancer.csv"
    for flags in "--l1 0.01 --l2 0.01" "--class-weight balanced"; do
        mlctl train first.csv -q -m near.safetensors $flags > out.txt
        mlctl train first.csv -q -m far.safetensors --epochs 1 --l2 10 > out.txt
        for from in near far; do
            mlctl train "$DATA/breast_cancer.csv" -q --tolerance 1e-11 $flags --warm-start $from.safetensors -m by-$from.safetensors > out.txt
        done
        alike "$(weights by-near.safetensors)" "$(weights by-far.safetensors)" 1e-6
    done
    halves "$DATA/wine.csv"
    mlctl train first.csv -q -m near.safetensors > out.txt
    mlctl train first.csv -q -m far.safetensors --epochs 1 > out.txt
    for from in near far; do
        mlctl train "$DATA/wine.csv" -q --tolerance 1e-11 --warm-start $from.safetensors -m by-$from.safetensors > out.txt
    done
    alike "$(weights by-near.safetensors)" "$(weights by-far.safetensors)" 1e-6
}

@test "a network goes on where it stopped, measured parts and all" {
    mlctl train "$DATA/penguins.csv" -q -t species --hidden 8 --optimiser lbfgs --epochs 7 -m a.safetensors > out.txt
    mlctl train "$DATA/penguins.csv" -q --warm-start a.safetensors --optimiser lbfgs --epochs 3 -m b.safetensors > out.txt
    alike "[$(record a.safetensors .loss)]" "[$(record b.safetensors .warm_start.loss)]" 1e-6
    jq -en "$(record b.safetensors .loss) < $(record a.safetensors .loss)"
    # over batches: the validation loss of the first run's last epoch is that of the second one's start
    mlctl train "$DATA/diabetes.csv" -q --hidden 8,4 --batch-norm --dropout 0.1 --epochs 5 --patience 5 -m a.safetensors --log a.jsonl > out.txt
    mlctl train "$DATA/diabetes.csv" -q --warm-start a.safetensors --epochs 1 --rate 1e-12 --patience 5 -m b.safetensors --log b.jsonl > out.txt
    best=$(jq -s 'map(.validation // empty) | min' a.jsonl)
    alike "[$best]" "[$(jq -s '.[0].validation' b.jsonl)]" 1e-3
    [ "$(record b.safetensors .settings.layers)" = "$(record a.safetensors .settings.layers)" ]
    [ "$(record b.safetensors .settings.precision)" = '"float"' ]
}

@test "with patience the model is never worse than the one it began with" {
    mlctl train "$DATA/breast_cancer.csv" -q --hidden 8 --epochs 40 -m a.safetensors > out.txt
    mlctl train "$DATA/breast_cancer.csv" -q --warm-start a.safetensors --rate 3 --epochs 6 --patience 3 -m b.safetensors > out.txt 2> err.txt
    [ "$(record b.safetensors .best_epoch)" = 0 ]
    [ "$(weights a.safetensors)" = "$(weights b.safetensors)" ]
}

@test "pipeline, classes and the target's scale stay, whatever the new rows are" {
    halves "$DATA/penguins.csv"
    mlctl train first.csv -q -t species -m a.safetensors > out.txt
    mlctl train second.csv -q --warm-start a.safetensors -m b.safetensors > out.txt
    diff <(mlctl inspect -m a.safetensors --json | jq -e '[.pipeline, .schema, .labels]') <(mlctl inspect -m b.safetensors --json | jq -e '[.pipeline, .schema, .labels]')
    mlctl train "$DATA/diabetes.csv" -q -m c.safetensors > out.txt
    awk -F, -v OFS=, 'NR > 1 { $NF *= 3 } 1' "$DATA/diabetes.csv" > tripled.csv
    mlctl train tripled.csv --warm-start c.safetensors -m d.safetensors > out.txt 2> err.txt
    grep -q "the target's mean is .* here and was .*, its deviation .*; the model's scale is kept" err.txt
    [ "$(record c.safetensors .target_scale)" = "$(record d.safetensors .target_scale)" ]
    # about the same mean, which no scale moves: far wider, and not
    for wider in 4:1 1:0; do
        awk -F, -v OFS=, -v w=${wider%:*} 'NR > 1 { $NF = 152 + w * ($NF - 152) } 1' "$DATA/diabetes.csv" > wider.csv
        mlctl train wider.csv --warm-start c.safetensors -m d.safetensors > out.txt 2> err.txt
        [ "$(grep -c "the model's scale is kept" err.txt)" -eq ${wider#*:} ]
    done
}

@test "categories that the model has not seen are counted; classes without rows are told; unknown ones refused" {
    target=$(head -1 "$DATA/penguins.csv" | tr , '\n' | grep -n '^species$' | cut -d: -f1)
    awk -F, -v OFS=, -v t="$target" 'NR == 1 || $t != "Gentoo"' "$DATA/penguins.csv" > two.csv
    mlctl train "$DATA/penguins.csv" -q -t species -m three.safetensors > out.txt
    mlctl train two.csv --warm-start three.safetensors -m b.safetensors > out.txt 2> err.txt
    grep -q 'warning: class "Gentoo" has no row to train on here' err.txt
    [ "$(mlctl predict -q "$DATA/penguins.csv" -m b.safetensors | head -1 | grep -c Gentoo)" -eq 1 ]
    mlctl train two.csv --class-weight balanced -q --warm-start three.safetensors -m b.safetensors > out.txt
    sed 's/Torgersen/Atlantis/' "$DATA/penguins.csv" > island.csv
    mlctl train island.csv --warm-start three.safetensors -m b.safetensors > out.txt 2> err.txt
    grep -Eq '"island": [0-9]+ rows have a category that the model has not seen' err.txt
    mlctl train two.csv -q -t species -m two.safetensors > out.txt
    before=$(sha256sum two.safetensors)
    fails 3 'which is not one of the 2 classes the model knows ("Adelie", "Chinstrap")' mlctl train -q "$DATA/penguins.csv" --warm-start two.safetensors -m two.safetensors
    [ "$before" = "$(sha256sum two.safetensors)" ]
}

@test "columns and types are checked: each fault is one line and exit 3" {
    mlctl train "$DATA/penguins.csv" -q -t species > out.txt
    before=$(sha256sum model.safetensors)
    one() { [ "$(wc -l < stderr.txt)" -eq 1 ] && [ "$before" = "$(sha256sum model.safetensors)" ]; }
    sed '1s/bill_length_mm/bill_len_mm/' "$DATA/penguins.csv" > renamed.csv
    fails 3 'renamed.csv: the model model.safetensors: no column "bill_length_mm"; did you mean "bill_len_mm"?' mlctl train -q renamed.csv --warm-start model.safetensors
    one
    sed '1s/species/kind/' "$DATA/penguins.csv" > renamed.csv
    fails 3 'the model model.safetensors: no column "species"' mlctl train -q renamed.csv --warm-start model.safetensors
    one
    column=$(head -1 "$DATA/penguins.csv" | tr , '\n' | grep -n '^bill_length_mm$' | cut -d: -f1)
    awk -F, -v OFS=, -v c="$column" 'NR == 7 { $c = "long" } 1' "$DATA/penguins.csv" > long.csv
    fails 3 "long.csv:7:$column: " mlctl train -q long.csv --warm-start model.safetensors
    grep -q '"long" is not a number' stderr.txt
    one
    # a category of digits alone is one all the same, and more columns or another order do no harm
    awk -F, -v OFS=, '{ print (NR == 1 ? "more" : NR), $0 }' "$DATA/penguins.csv" > more.csv
    mlctl train more.csv -q --warm-start model.safetensors -m b.safetensors > out.txt
    [ "$(weights b.safetensors)" = "$(weights model.safetensors)" ]
    fails 5 "nothere.safetensors: there is no such model file" mlctl train -q more.csv --warm-start nothere.safetensors
    fails 4 "more.csv" mlctl train -q more.csv --warm-start more.csv
}

@test "types are those of the model, whatever they look like in the new rows" {
    # zip and y are categories for the model, and numbers if one looks at the new rows alone
    awk -v OFS=, 'BEGIN { print "zip,x,y"; for (i = 0; i < 60; i++) print (i % 3 ? ("0" (i % 4 + 1)) : "N1"), i % 7, (i % 3 == 0 ? "no" : (i % 7 > 2)) }' > mixed.csv
    awk -v OFS=, 'BEGIN { print "zip,x,y"; for (i = 0; i < 60; i++) print ("0" (i % 4 + 1)), i % 7, (i % 7 > 2) }' > digits.csv
    mlctl train mixed.csv -q -m a.safetensors > out.txt
    mlctl train digits.csv --warm-start a.safetensors -m b.safetensors > out.txt 2> err.txt
    [ "$(grep -c "not seen" err.txt)" -eq 0 ]
    mlctl eval -m b.safetensors > out.txt
}

@test "flags that contradict the model are usage errors that name them" {
    mlctl train "$DATA/diabetes.csv" -q --hidden 4 --epochs 2 > out.txt
    before=$(sha256sum model.safetensors)
    refused() { fails 2 "$1" mlctl train -q "$DATA/diabetes.csv" --warm-start model.safetensors "${@:2}"; }
    refused '--kind linear contradicts the model of --warm-start, which has mlp' --kind linear
    refused '--loss huber:1.35 contradicts the model of --warm-start, which has squared' --loss huber:1.35
    refused '--task classification contradicts' --task classification
    refused '--target bmi contradicts the model of --warm-start, which has target' --target bmi
    refused '--precision double contradicts the model of --warm-start, which has float' --precision double
    for flag in "--layers=dense 1" --hidden=4 --activation=relu --dropout=0.1 --batch-norm; do
        refused "${flag%%=*} does not go with --warm-start: the model's network is trained on" "$flag"
    done
    refused '--scale does not go with --warm-start' --scale none
    refused '--impute does not go with --warm-start' --impute mean
    refused '--folds does not go with --warm-start' --folds 3
    for flag in --type=age=category --schema=x.json --drop-columns=age; do
        refused "$(cut -d= -f1 <<< "$flag") does not go with --warm-start: columns and their types are the model's" "$flag"
    done
    refused 'model.safetensors would be overwritten while it is the input' --checkpoint state
    refused 'model.safetensors would be overwritten while it is the input' --log model.safetensors -m other.safetensors
    [ "$before" = "$(sha256sum model.safetensors)" ]
    mlctl train -q "$DATA/diabetes.csv" --warm-start model.safetensors --kind mlp --loss squared --precision float --target target --task regression -m b.safetensors > out.txt
    mlctl train -q "$DATA/diabetes.csv" --hidden 4 --epochs 2 --members 2 > out.txt
    refused 'the model of --warm-start is the mean of several networks (--members), which cannot be trained on' -m b.safetensors
    fails 2 "" mlctl tune -q "$DATA/diabetes.csv" --warm-start model.safetensors
}

@test "what it started from stands in the artifact, and --reproduce finds its way with that file" {
    halves "$DATA/iris.csv"
    mlctl train first.csv -q -m one.safetensors > out.txt
    mlctl train second.csv -q --warm-start one.safetensors -m two.safetensors --l2 0.1 > out.txt
    [ "$(record two.safetensors .warm_start.sha256)" = "$(mlctl inspect -m one.safetensors --json | jq .sha256)" ]
    [ "$(record two.safetensors '.warm_start|[.path, .data.path, .train_rows]')" = "[\"one.safetensors\",\"first.csv\",$(record one.safetensors .train_rows)]" ]
    mlctl inspect two.safetensors > out.txt
    grep -q "^started from one.safetensors, digest [0-9a-f]\{64\}, trained on 60 rows of first.csv" out.txt
    run --separate-stderr mlctl train --reproduce two.safetensors -q
    [ "$status" -eq 0 ]
    mv one.safetensors moved.safetensors
    fails 5 "one.safetensors: there is no such model file" mlctl train --reproduce two.safetensors -q
    mlctl train --reproduce two.safetensors -q --warm-start moved.safetensors > out.txt
    grep -q "^same " out.txt
    fails 1 "not reproduced: the digest of the model to start from is " mlctl train --reproduce two.safetensors -q --warm-start two.safetensors
    [ "$(wc -l < stderr.txt)" -eq 1 ]
    fails 2 "moved.safetensors was not trained from another model" mlctl train --reproduce moved.safetensors -q --warm-start two.safetensors
}

@test "the model that is named may be the one that is written, again and again" {
    halves "$DATA/diabetes.csv"
    mlctl train first.csv -q > out.txt
    first=$(mlctl inspect --json | jq .sha256)
    mlctl train second.csv -q --warm-start model.safetensors > out.txt
    [ "$(record model.safetensors .warm_start.sha256)" = "$first" ]
    mlctl train first.csv -q --warm-start model.safetensors > out.txt
    mlctl verify
    mlctl eval -q > out.txt
    mlctl predict -q second.csv > out.csv
}

@test "a prepared file trains on where its pipeline is the model's, and is refused where it is not" {
    mlctl preprocess "$DATA/penguins.csv" -q -o clean.csv -t species > out.txt
    mlctl train clean.csv -q -m a.safetensors > out.txt
    mlctl train clean.csv -q --warm-start a.safetensors -m b.safetensors > out.txt
    [ "$(weights a.safetensors)" = "$(weights b.safetensors)" ]
    mlctl train --reproduce b.safetensors -q > out.txt
    # and on raw rows
    mlctl train "$DATA/penguins.csv" -q --warm-start a.safetensors -m c.safetensors > out.txt
    [ "$(record c.safetensors .end)" = '"converged"' ]
    mlctl preprocess "$DATA/penguins.csv" -q -o robust.csv -t species --scale robust > out.txt
    fails 2 'robust.csv.prep.json holds another pipeline than the model of --warm-start' mlctl train robust.csv -q --warm-start a.safetensors
}

@test "resumed from a checkpoint, a warm start gets the same bytes; one from another model is refused" {
    mlctl train "$DATA/diamonds.csv" -q -t price --hidden 8 --epochs 1 -m start.safetensors > out.txt
    go() { "$MLCTL" train "$DATA/diamonds.csv" -q --warm-start start.safetensors --epochs 800 --patience 800 --checkpoint state "$@" > out.txt; }
    mlctl train "$DATA/diamonds.csv" -q --warm-start start.safetensors --epochs 800 --patience 800 -m whole.safetensors > out.txt
    for wait in 0 0.1 0.2; do
        go --every 0.001s --resume -m model.safetensors &
        pid=$!
        timeout 60 bash -c 'until [ -e state/checkpoint.safetensors ]; do sleep 0.01; done'
        sleep "$wait"
        kill -9 "$(pgrep -P $pid)"
        wait $pid 2> /dev/null || true
    done
    cp start.safetensors keep.safetensors
    mlctl train "$DATA/diamonds.csv" -q -t price --hidden 8 --epochs 2 -m start.safetensors > out.txt
    run go --resume -m other.safetensors
    [ "$status" -eq 2 ]
    [[ $output == *"a checkpoint of another run: warm_start.sha256 was "* ]]
    [ ! -e other.safetensors ]
    mv keep.safetensors start.safetensors
    go --resume -m model.safetensors
    cmp model.safetensors whole.safetensors
}

@test "1, 2 and 4 threads lead to the same bytes from a warm start" {
    mlctl train "$DATA/diamonds.csv" -q -t price --hidden 8 --epochs 1 -m start.safetensors > out.txt
    for threads in 1 2 4; do
        mlctl train "$DATA/diamonds.csv" -q --warm-start start.safetensors --epochs 2 --threads $threads -m $threads.safetensors > out.txt
    done
    cmp 1.safetensors 2.safetensors
    cmp 1.safetensors 4.safetensors
}

@test "several targets: a warm start keeps their labels, and a label of one value here is a warning" {
    awk 'BEGIN { print "x,z,a,b"; for (i = 0; i < 200; i++) print i * 7 % 13 "," i * 5 % 11 "," (i * 7 % 13 + i % 3 > 6 ? "yes" : "no") "," (i * 5 % 11 + i % 4 > 5) }' > both.csv
    awk -F, 'NR == 1 || $3 == "yes"' both.csv > one.csv
    mlctl train both.csv -q -t a,b -m start.safetensors > out.txt
    mlctl train both.csv -q -t a,b --warm-start start.safetensors -m same.safetensors > out.txt
    [ "$(weights start.safetensors)" = "$(weights same.safetensors)" ]
    mlctl train one.csv --warm-start start.safetensors --class-weight balanced -m one.safetensors > out.txt 2> err.txt
    grep -q 'class "no" has no row to train on here' err.txt
    mlctl train --reproduce one.safetensors -q > out.txt
    fails 2 '--target a contradicts the model of --warm-start, which has a,b' mlctl train -q both.csv -t a --warm-start start.safetensors
}
