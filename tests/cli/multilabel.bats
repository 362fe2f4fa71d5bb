# Several targets, each a label of two values: through every command.
bats_require_minimum_version 1.5.0
load common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    # island,bill_length,bill_depth,flipper,year,sex,gentoo,heavy: words, words and numbers of two values; sex lacks some
    awk -F, -v OFS=, 'NR == 1 { print $1, $2, $3, $4, $7, "sex", "gentoo", "heavy"; next }
        { print $1, $2, $3, $4, $7, $6, ($8 == "Gentoo" ? "yes" : "no"), ($5 > 4200 ? 1 : 0) }' \
        "$BATS_TEST_DIRNAME/../../datasets/penguins.csv" > labels.csv
    awk -F, '$6 != "" && $6 != "NA"' labels.csv > full.csv
    MLCTL=${MLCTL:-$BATS_TEST_DIRNAME/../../build/release/mlctl}
    "$MLCTL" train labels.csv --target sex,gentoo,heavy -q -m labels.safetensors > train.txt
}

setup() {
    cp "$BATS_FILE_TMPDIR"/* "$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR" || return 1
}

@test "train says what it inferred and measures all labels together and each" {
    mlctl train labels.csv --target sex,gentoo,heavy -m m.safetensors > out.txt 2> err.txt
    grep -q '11 of 344 rows lack one of the 3 targets or more and are left out' err.txt
    grep -q 'task: multilabel, 3 labels of two values each; scores are of "sex" = male, "gentoo" = yes, "heavy" = 1' err.txt
    grep -q '^targets    3 labels: sex (female, male), gentoo (no, yes), heavy (0, 1)$' out.txt
    for metric in subset_accuracy hamming_loss log_loss roc_auc micro.f1 macro.recall weighted.precision; do
        grep -qE "^ +$metric +[0-9]" out.txt
    done
    grep -qE '^ +gentoo +1\.0000 .* of "yes"$' out.txt
    cmp m.safetensors labels.safetensors
}

@test "the metrics are those of the three labels" {
    mlctl eval -m labels.safetensors --json > eval.json
    jq -e '.targets == ["sex", "gentoo", "heavy"] and (has("target") | not)' eval.json
    jq -e '.metrics | (.targets | map(.target)) == ["sex", "gentoo", "heavy"] and
           (.hamming_loss - (1 - (.targets | map(.accuracy) | add / 3)) | fabs) < 1e-12 and
           (.macro.f1 - (.targets | map(.f1) | add / 3) | fabs) < 1e-12 and
           (.log_loss - (.targets | map(.log_loss) | add / 3) | fabs) < 1e-12 and
           (.roc_auc - (.targets | map(.roc_auc) | add / 3) | fabs) < 1e-12 and
           .subset_accuracy <= (.targets | map(.accuracy) | min)' eval.json
    mlctl train labels.csv --target sex,gentoo,heavy -q --json -m m.safetensors | jq -e '.task == "multilabel"' > /dev/null
    cmp <(mlctl inspect labels.safetensors --json | jq .record.metrics) <(jq .metrics eval.json)
}

@test "one layer is as many single fits: the same weights" {
    mlctl train full.csv -t sex -t gentoo -t heavy --split none --l2 0.01 --tolerance 1e-10 -q -m all.safetensors > /dev/null
    mlctl export -f json -m all.safetensors -o all.json
    local t=0 name others
    for name in sex gentoo heavy; do
        others=$(printf '%s\n' sex gentoo heavy | grep -v "^$name$" | paste -sd,)
        mlctl train full.csv -t $name --drop-columns "$others" --split none --l2 0.01 --tolerance 1e-10 -q -m one.safetensors > /dev/null
        mlctl export -f json -m one.safetensors -o one.json
        jq -s -e --argjson t $t '
            (.[0].network[0] | .weight[$t] + [.bias[$t]]) as $a | (.[1].network[0] | .weight[0] + [.bias[0]]) as $b |
            ($a | length) == ($b | length) and ([range($a | length)] | all(. as $i | ($a[$i] - $b[$i] | fabs) < 1e-5))' all.json one.json
        t=$((t + 1))
    done
}

@test "balanced classes are those of the single fits, with a column of weights too" {
    awk -F, -v OFS=, '{ print $0, NR == 1 ? "w" : 1 + NR % 3 }' full.csv > weighted.csv
    mlctl train weighted.csv -t sex,heavy --weight w --class-weight balanced --split none --l2 0.01 --tolerance 1e-10 -q -m all.safetensors > /dev/null
    mlctl export -f json -m all.safetensors -o all.json
    local t=0 name other
    for name in sex heavy; do
        other=$([ $name = sex ] && echo heavy || echo sex)
        mlctl train weighted.csv -t $name --drop-columns $other --weight w --class-weight balanced --split none --l2 0.01 --tolerance 1e-10 -q -m one.safetensors > /dev/null
        mlctl export -f json -m one.safetensors -o one.json
        jq -s -e --argjson t $t '
            (.[0].network[0] | .weight[$t] + [.bias[$t]]) as $a | (.[1].network[0] | .weight[0] + [.bias[0]]) as $b |
            [range($a | length)] | all(. as $i | ($a[$i] - $b[$i] | fabs) < 1e-5)' all.json one.json
        t=$((t + 1))
    done
    fails 2 '--class-weight "yes=3": of several labels it can be balanced only' \
        mlctl train full.csv -t sex,heavy --class-weight yes=3 -m m.safetensors
}

@test "eval holds gates on all labels and on one" {
    mlctl eval -m labels.safetensors --require 'micro.f1>=0.8' --require 'gentoo.f1>=0.9' --require 'hamming_loss<=0.2' -q
    run -1 mlctl eval -m labels.safetensors --require 'sex.accuracy>=0.999'
    [[ $output == *"not met: sex.accuracy is "* ]]
    fails 2 'this model and these rows have no such metric' mlctl eval -m labels.safetensors --require 'wings.f1>=0.5'
    fails 2 'this model and these rows have no such metric' mlctl eval -m labels.safetensors --require 'f1>=0.5'
    fails 2 'no metric "micro.f2"; did you mean "micro.f1"' mlctl eval -m labels.safetensors --require 'micro.f2>=0.5'
    mlctl eval full.csv -m labels.safetensors -q --json | jq -e '.metrics.rows == 333'
    cut -d, -f1-7 full.csv > short.csv
    fails 3 'no column "heavy", the target' mlctl eval short.csv -m labels.safetensors
    sed '5s/,yes,\|,no,/,perhaps,/' full.csv > other.csv
    fails 3 'other.csv:5: target "gentoo": "perhaps" is not one of the 2 classes' mlctl eval other.csv -m labels.safetensors
}

@test "predict writes one column a label, then one probability each" {
    cut -d, -f1-5 full.csv > new.csv
    mlctl predict new.csv -m labels.safetensors -q > p.csv
    [ "$(head -1 p.csv)" = "prediction:sex,prediction:gentoo,prediction:heavy,probability:sex=male,probability:gentoo=yes,probability:heavy=1" ]
    awk -F, 'NR > 1 && (($1 == "male") != ($4 > 0.5) || ($2 == "yes") != ($5 > 0.5) || ($3 == "1") != ($6 > 0.5) || $1 !~ /^(fe)?male$/) { exit 1 }' p.csv
    mlctl predict new.csv -m labels.safetensors -q --json > p.json
    jq -r '.[] | [.prediction.sex, .prediction.gentoo, .prediction.heavy, .probabilities.sex.male, .probabilities.gentoo.yes, .probabilities.heavy["1"]] | map(tostring) | join(",")' p.json > json.csv
    paste -d, json.csv <(tail -n +2 p.csv) | awk -F, '{ for (i = 1; i <= 6; i++) if (i < 4 ? $i != $(i + 6) : ($i - $(i + 6)) ^ 2 > 1e-20) exit 1 }'
    jq -e 'all(.probabilities | (.sex.female + .sex.male - 1 | fabs) < 1e-12)' p.json
    mlctl predict full.csv -m labels.safetensors 2> err.txt > with.csv # the targets are no columns to wonder about
    run ! grep -q 'not used' err.txt
    cmp p.csv with.csv
}

@test "hidden layers, early stopping, members, checkpoints, threads" {
    mlctl train labels.csv -t sex,gentoo,heavy --hidden 8 --patience 3 --epochs 20 -q --json -m a.safetensors > a.json
    jq -e '.kind == "mlp" and .validation_rows > 0 and .metrics.micro.f1 > 0.6' a.json
    mlctl train labels.csv -t sex,gentoo,heavy --hidden 8 --patience 3 --epochs 20 -q --threads 2 -m b.safetensors > /dev/null
    cmp a.safetensors b.safetensors
    mlctl train labels.csv -t sex,gentoo,heavy --hidden 8 --patience 3 --epochs 20 -q --checkpoint c --every 0.001s -m c.safetensors > /dev/null
    cmp a.safetensors c.safetensors
    mlctl train labels.csv -t sex,gentoo --hidden 8 --members 2 --epochs 5 -q --json -m d.safetensors | jq -e '.metrics.micro.f1 > 0.3'
    mlctl train labels.csv -t sex,gentoo --layers "dense 4, tanh, dense 2" --epochs 5 -q -m e.safetensors > /dev/null
    fails 2 '3 outputs, expected 2 ("dense 2"), one a label' mlctl train labels.csv -t sex,gentoo --layers "dense 4, tanh, dense 3" -m e.safetensors
}

@test "rows from a file on disk give the same network; a model goes on learning" {
    for run in 1 2; do # the second reads what the first has prepared
        mlctl train labels.csv -t sex,gentoo,heavy --hidden 6 --epochs 4 --class-weight balanced --stream --cache rows -q -m $run.safetensors > /dev/null
        mlctl export -f json -m $run.safetensors -o $run.json -q
    done
    mlctl train labels.csv -t sex,gentoo,heavy --hidden 6 --epochs 4 --class-weight balanced --shuffle windows -q -m 3.safetensors > /dev/null
    mlctl export -f json -m 3.safetensors -o 3.json -q
    cmp <(jq -S .network 1.json) <(jq -S .network 3.json)
    cmp <(jq -S .network 2.json) <(jq -S .network 3.json)
    mlctl train full.csv -t sex,gentoo,heavy --warm-start labels.safetensors -q --json -m warm.safetensors | jq -e '.task == "multilabel" and .metrics.micro.f1 > 0.8'
    fails 2 '--target sex,gentoo contradicts the model of --warm-start, which has sex,gentoo,heavy' \
        mlctl train full.csv -t sex,gentoo --warm-start labels.safetensors -m warm.safetensors
}

@test "folds and tune measure several labels" {
    mlctl train labels.csv -t sex,gentoo,heavy --folds 4 -q --json -m m.safetensors |
        jq -e '.cross_validation.metrics | (.subset_accuracy.folds | length) == 4 and has("hamming_loss") and (has("accuracy") | not)'
    mlctl tune labels.csv -t sex,gentoo,heavy --kind logistic --trials 3 --folds 3 -q --json -m t.safetensors > tune.json
    jq -e '.search.metric == "subset_accuracy"' tune.json
    mlctl tune labels.csv -t sex,gentoo,heavy --kind logistic --trials 2 --folds 3 --metric micro.f1 -q -m u.safetensors > /dev/null
    fails 2 'no metric "accuracy" of a multilabel' mlctl tune labels.csv -t sex,gentoo --trials 2 --metric accuracy -m u.safetensors
}

@test "the model is read, verified, exported and trained again" {
    mlctl inspect labels.safetensors > out.txt
    grep -q '^targets    3 labels$' out.txt
    grep -q '^ *gentoo (no, yes)$' out.txt
    mlctl inspect labels.safetensors --json |
        jq -e '.format_version == 2 and .task == "multilabel" and (.targets | map(.name)) == ["sex", "gentoo", "heavy"] and
               .targets[2].labels == ["0", "1"] and .loss == "binary_cross_entropy"'
    mlctl verify labels.safetensors
    mlctl train --reproduce labels.safetensors -q
    mlctl export -f json -m labels.safetensors -o m.json
    jq -e '.task == "multilabel" and .targets[0] == {"name": "sex", "labels": ["female", "male"]}' m.json
    mlctl export -f c -m labels.safetensors -o m.c --name m
    cat >> m.c <<'C'
#include <stdio.h>
int main(void)
{
    m_row row = { "Biscoe", 50, 15, 230, 2009 };
    m_result r;
    if (m_predict(&row, &r) != 0)
        return 1;
    printf("%s,%s,%s\n", r.label[0], r.label[1], r.label[2]);
    return 0;
}
C
    gcc -std=c99 -Wall -Wextra -Werror -o m m.c -lm
    printf 'island,bill_length_mm,bill_depth_mm,flipper_length_mm,year\nBiscoe,50,15,230,2009\n' > row.csv
    [ "$(./m)" = "$(mlctl predict row.csv -m labels.safetensors -q | tail -1 | cut -d, -f1-3)" ]
}

@test "a model of one target has the bytes it always had" {
    mlctl train labels.csv -t gentoo -q -m one.safetensors > /dev/null
    mlctl inspect one.safetensors --json | jq -e '.format_version == 1 and .target == "gentoo" and (has("targets") | not)'
}

@test "held-out rows are found again, also where groups or duplicates decided them" {
    for flags in "" "--group island" "--dedupe" "--split last:0.25"; do
        # shellcheck disable=SC2086 # flags are words
        mlctl train labels.csv -t sex,gentoo $flags -q --json -m m.safetensors 2> /dev/null | jq -S .metrics > a.json
        mlctl eval -m m.safetensors -q --json | jq -S .metrics > b.json
        cmp a.json b.json
    done
}

@test "a random split keeps the rare value of a label on both sides" {
    awk -F, -v OFS=, 'NR == 1 { print $0, "rare"; next } { print $0, NR == 50 || NR == 200 || NR == 300 || NR == 310 ? "hit" : "-" }' full.csv > rare.csv
    for seed in 1 2 3 4 5; do
        mlctl train rare.csv -t heavy,rare --seed $seed -q --json -m m.safetensors |
            jq -e '.metrics.targets[1].classes | map(select(.label == "hit"))[0].support | . >= 1 and . <= 3' > /dev/null
    done
}

@test "names with commas" {
    sed '1s/heavy/"heavy, yes"/' full.csv > comma.csv
    mlctl train comma.csv -t 'heavy, yes' -q --json -m m.safetensors | jq -e '.target == "heavy, yes"'
    mlctl train comma.csv -t 'heavy\, yes,gentoo' --dedupe -q --json -m m.safetensors | jq -e '.targets == ["heavy, yes", "gentoo"]'
    mlctl eval -m m.safetensors -q --json | jq -e '.measured' # finds them again
}

@test "targets that cannot be are named" {
    fails 2 '--target names column "sex" twice' mlctl train labels.csv -t sex,gentoo,sex -m m.safetensors
    fails 2 'no column "gento" to be the target; did you mean "gentoo"?' mlctl train labels.csv -t sex,gento -m m.safetensors
    fails 2 '--target: a column has no name' mlctl train labels.csv -t sex, -m m.safetensors
    fails 3 'target "island" has 3 values ("Biscoe", "Dream", "Torgersen"); of several targets each is a label of two values' \
        mlctl train labels.csv -t sex,island -q -m m.safetensors
    fails 3 'target "bill_depth_mm" has more than two values' mlctl train labels.csv -t sex,bill_depth_mm -q -m m.safetensors
    awk -F, -v OFS=, '{ print $0, NR == 1 ? "same" : "x" }' full.csv > constant.csv
    fails 3 'target "same" is constant ("x" in all 333 rows)' mlctl train constant.csv -t sex,same -q -m m.safetensors
    awk -F, -v OFS=, '{ print $0, NR == 1 ? "once" : NR == 9 ? "y" : "n" }' full.csv > once.csv
    fails 3 'class "y" of target "once" has one row' mlctl train once.csv -t sex,once -q -m m.safetensors
    fails 2 'several targets are labels of two values each' mlctl train labels.csv -t sex,gentoo --task regression -m m.safetensors
    fails 2 'several targets are labels of two values each' mlctl train labels.csv -t sex,gentoo --kind linear -m m.safetensors
    fails 2 '--kind svm takes one target' mlctl train full.csv -t sex,gentoo --kind svm -q -m m.safetensors
    fails 2 '--loss cross_entropy is for one target; --target names several' mlctl train full.csv -t sex,gentoo --loss cross_entropy -q -m m.safetensors
    fails 2 '--loss binary_cross_entropy is for several labels; --target names one' mlctl train full.csv -t sex --loss binary_cross_entropy -q -m m.safetensors
    fails 2 '--select k:2 looks at one target' mlctl train full.csv -t sex,gentoo --select k:2 -q -m m.safetensors
    fails 2 'a clean file has one target' mlctl preprocess full.csv -t sex,gentoo -q -o clean.csv
    fails 2 '--drop-columns leaves out "gentoo", which --target names' mlctl train full.csv -t sex,gentoo --drop-columns gentoo -m m.safetensors
    fails 2 '--group gentoo: that is the target' mlctl train full.csv -t sex,gentoo --group gentoo -q -m m.safetensors
    fails 2 '--task multilabel is for several targets' mlctl train full.csv -t sex --task multilabel -q -m m.safetensors
    [ ! -e m.safetensors ]
    [ ! -e clean.csv ]
    awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= 54; i++) printf "l%d,", i; print "x"; next } { for (i = 1; i <= 54; i++) printf "%d,", (NR + i) % 2; print NR }' full.csv > wide.csv
    fails 2 '--target names 54 columns; at most 53 labels' mlctl train wide.csv -t "$(head -1 wide.csv | sed 's/,x$//')" -m m.safetensors
    mlctl train wide.csv -t "$(head -1 wide.csv | sed 's/,l54,x$//')" --drop-columns l54 -q --json -m m.safetensors | jq -e '.targets | length == 53'
}
