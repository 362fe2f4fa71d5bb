bats_require_minimum_version 1.5.0
load common

# Against scikit-learn's optimum of the same objective (tests/numeric/journey_reference.json, made by journey_reference.py).

# largest difference between two JSON arrays of numbers of any nesting, relative to the largest entry of the second
distance() {
    jq -n --slurpfile a "$1" --slurpfile b "$2" \
        '([$a[0] | .. | numbers]) as $x | ([$b[0] | .. | numbers]) as $y
         | ($y | map(fabs) | max) as $scale
         | if ($x | length) != ($y | length) then error("lengths differ") else
           [range($x | length) | ($x[.] - $y[.] | fabs) / $scale] | max end'
}

@test "coefficients agree with scikit-learn to 1e-4 relative" {
    for name in iris breast_cancer diabetes; do
        mlctl train "$DATA/$name.csv" -q --split none > out.txt
        mlctl export --format json -o model.json -q > out.txt
        jq '.network[0].weight' model.json > weight.json
        jq ".$name.weight" "$NUMERIC/journey_reference.json" > expected-weight.json
        jq '.network[0].bias' model.json > bias.json
        jq ".$name.bias" "$NUMERIC/journey_reference.json" > expected-bias.json
        for what in weight bias; do
            d=$(distance $what.json expected-$what.json)
            echo "$name $what: $d"
            awk -v d="$d" 'BEGIN { exit !(d < 1e-4) }'
        done
    done
}

@test "metrics agree with scikit-learn to five digits" {
    for name in iris breast_cancer diabetes; do
        mlctl train "$DATA/$name.csv" -q --split every:5 --json > train.json
        for metric in $(jq -r ".$name.metrics | keys[]" "$NUMERIC/journey_reference.json"); do
            found=$(jq ".metrics | getpath(\"$metric\" / \".\")" train.json)
            expected=$(jq ".$name.metrics[\"$metric\"]" "$NUMERIC/journey_reference.json")
            echo "$name $metric: $found, expected $expected"
            near "$found" "$expected" 5e-6
        done
    done
}

# libsvm stops at a tolerance of its own: what mlctl finds is up to 2e-7 lower
# bats test_tags=release
@test "every kind and loss reaches scikit-learn's optimum" {
    reference="$NUMERIC/losses_reference.json"
    for i in $(seq 0 $(($(jq length "$reference") - 1))); do
        table=$(jq -r ".[$i].table" "$reference")
        flags=$(jq -r ".[$i].flags" "$reference")
        expected=$(jq ".[$i].objective" "$reference")
        mlctl train "$DATA/$table.csv" -q --split none $flags --json > train.json
        found=$(jq .objective train.json)
        echo "$table $flags: $found, expected $expected"
        [ "$(jq -r .end train.json)" = converged ]
        awk -v a="$found" -v b="$expected" 'BEGIN { d = (a - b) / b; exit !(d < 1e-8 && d > -1e-6) }'
    done
}
