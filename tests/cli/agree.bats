bats_require_minimum_version 1.5.0
load common

# One model, one thousand random rows, four ways: the command, the server with JSON and with CSV, the exported C.

# agree classes|scores|numbers: the model that stands in the current folder
agree() {
    mlctl inspect --json | python3 "$BATS_TEST_DIRNAME/rows.py" 1000 7
    mlctl predict -q rows.csv > predicted.csv
    [ "$(wc -l < predicted.csv)" -eq 1001 ]

    start_server
    curl -sf -H 'Content-Type: text/csv' --data-binary @rows.csv "http://127.0.0.1:$port/predict" > served.csv
    cmp predicted.csv served.csv

    curl -sf -H 'Content-Type: application/json' --data-binary @rows.json "http://127.0.0.1:$port/predict" > served.json
    mlctl predict -q --json rows.csv > predicted.json
    [ "$(jq -c . served.json)" = "$(jq -c . predicted.json)" ]
    # as text, so to the last bit, against the CSV form too
    if [[ $1 != numbers ]]; then
        jq -r '.[] | [.prediction, (.probabilities // .scores)[]] | map(tostring) | join(",")' served.json > from-json.csv
    else
        jq -r '.[].prediction' served.json > from-json.csv
    fi
    python3 - "$1" <<'PY'
import csv, json, sys
rows = json.load(open("served.json"))
table = list(csv.reader(open("served.csv")))[1:]
assert len(rows) == len(table) == 1000
for row, cells in zip(rows, table):
    if sys.argv[1] != "numbers":
        assert row["prediction"] == cells[0], (row, cells)
        assert list(row["probabilities" if sys.argv[1] == "classes" else "scores"].values()) == [float(c) for c in cells[1:]], (row, cells)
    else:
        assert row["prediction"] == float(cells[0]), (row, cells)
PY
    stop_server

    mlctl export --format c -o model.c > out.txt
    cat > main.c <<'C'
#include <stdio.h>
#include "model.c"
static const model_row rows[] = {
#include "rows.h"
};
int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        model_result r;
        if (model_predict(&rows[i], &r))
            return 1;
#ifdef CLASSES
        printf("%s", r.label);
        for (size_t k = 0; k < sizeof r.CLASSES / sizeof *r.CLASSES; k++)
            printf(",%.17g", r.CLASSES[k]);
        printf("\n");
#else
        printf("%.17g\n", r.value);
#endif
    }
    return 0;
}
C
    gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -O2 $([[ $1 == classes ]] && echo -DCLASSES=probabilities) $([[ $1 == scores ]] && echo -DCLASSES=scores) -o exported main.c -lm
    ./exported > exported.csv
    python3 - <<'PY'
import csv, struct
def ulps(a, b):  # distance of two floats in units of the last place of single precision
    to = lambda x: struct.unpack("<i", struct.pack("<f", x))[0]
    a, b = to(float(a)), to(float(b))
    a, b = (-(a & 0x7fffffff) if a < 0 else a), (-(b & 0x7fffffff) if b < 0 else b)
    return abs(a - b)
ours = list(csv.reader(open("predicted.csv")))[1:]
theirs = list(csv.reader(open("exported.csv")))
assert len(ours) == len(theirs) == 1000
def number(c):
    try:
        return float(c)
    except ValueError:
        return None
worst = 0
for a, b in zip(ours, theirs):
    assert len(a) == len(b)
    for x, y in zip(a, b):
        if number(x) is None:
            assert x == y
        else:
            worst = max(worst, ulps(x, y))
assert worst <= 1, worst
print("largest difference of the C export:", worst, "ulp of float")
PY
}

# bats test_tags=release
@test "1000 random rows: classes from numbers and categories (penguins)" {
    mlctl train "$DATA/penguins.csv" -q > out.txt
    agree classes
}

# bats test_tags=release
@test "1000 random rows: two classes (breast cancer)" {
    mlctl train "$DATA/breast_cancer.csv" -q > out.txt
    agree classes
}

@test "1000 random rows: scores of a support vector machine, of two and of three classes (breast cancer, penguins)" {
    mlctl train "$DATA/breast_cancer.csv" -q --kind svm > out.txt
    agree scores
    mlctl train "$DATA/penguins.csv" -q --kind svm --loss hinge > out.txt
    agree scores
}

# bats test_tags=release
@test "1000 random rows: the mean of a Poisson regression, a quantile (diabetes)" {
    mlctl train "$DATA/diabetes.csv" -q --kind poisson > out.txt
    agree numbers
    mlctl train "$DATA/diabetes.csv" -q --loss quantile:0.9 > out.txt
    agree numbers
}

@test "1000 random rows: networks, with every layer (penguins, breast cancer, diamonds)" {
    mlctl train "$DATA/penguins.csv" -q --kind mlp --epochs 20 > out.txt
    agree classes
    mlctl train "$DATA/breast_cancer.csv" -q --epochs 5 \
        --layers "batch_norm, dense 9, leaky_relu, dropout 0.1, dense 7, elu, dense 5, sigmoid, dense 1" > out.txt
    agree classes
    mlctl train "$DATA/diamonds.csv" -q --target price --epochs 2 --layers "dense 8, gelu, dense 6, batch_norm, tanh, dense 1" > out.txt
    agree numbers
}

# bats test_tags=release
@test "1000 random rows: regression with dates and missing values (weather)" {
    mlctl train "$DATA/weather.csv" -q > out.txt
    agree numbers
}

# bats test_tags=release
@test "1000 random rows: regression with min-max scaling and a constant for missing cells (flights)" {
    mlctl train "$DATA/flights.csv" -q --scale minmax --impute 0 > out.txt
    agree numbers
}

# bats test_tags=release
@test "1000 random rows: the best features by F, then principal components (breast cancer)" {
    mlctl train "$DATA/breast_cancer.csv" -q --select k:12 --pca 0.95 > out.txt
    agree classes
}

# bats test_tags=release
@test "1000 random rows: features that an L1 model keeps (diamonds)" {
    mlctl train "$DATA/diamonds.csv" -q --target price --select l1 > out.txt
    agree numbers
}

@test "1000 random rows: every step there is (weather, flights)" {
    mlctl train "$DATA/weather.csv" -q --missing-flags --outliers iqr:3 --power humid=yeo-johnson,wind_speed=yeo-johnson \
        --dates year+month+yearday+hour+minute+epoch --impute mean,pressure=0,origin=mode --encode origin=ordinal \
        --scale robust --scale humid=minmax,dewp=none > out.txt
    agree numbers
    mlctl train "$DATA/flights.csv" -q --impute mean,dep_delay=0 --outliers zscore:4 --min-count 20,origin=0 \
        --encode carrier=ordinal,tailnum=onehot --max-categories 5000 --missing-flags=dep_delay,air_time > out.txt
    mlctl inspect --json | jq -e '.pipeline.features | index("tailnum=(rare)")'
    agree numbers
}

@test "1000 random rows: hashed categories, seen and unseen (flights)" {
    mlctl train "$DATA/flights.csv" -q --encode hash:16 > out.txt
    agree numbers
}

# bats test_tags=release
@test "1000 random rows: means of the target in place of categories (flights, penguins)" {
    mlctl train "$DATA/flights.csv" -q --encode target:10 --encode carrier=target > out.txt
    agree numbers
    mlctl train "$DATA/penguins.csv" -q --encode target --split every:5 > out.txt
    agree classes
}

# bats test_tags=release
@test "1000 random rows: booleans in any word and case, one-hot, ordinal and by the target" {
    {
        echo 'a,b,c,x,y'
        for i in $(seq 1 200); do
            a=yes; [ $((i * 7 % 11)) -gt 4 ] || a=no
            b=True; [ $((i * 5 % 13)) -gt 6 ] || b=False
            c=t; [ $((i % 3)) -ne 0 ] || c=f; [ $((i % 17)) -ne 0 ] || c=
            echo "$a,$b,$c,$((i * 31 % 71)),$((i * i % 97 + i * 7 % 11)).5"
        done
    } > booleans.csv
    mlctl train booleans.csv -q --encode b=ordinal > out.txt
    mlctl inspect --json | jq -e '[.pipeline.schema[].type] == ["boolean", "boolean", "boolean", "number"]'
    agree numbers
    mlctl train booleans.csv -q --encode target,a=onehot --impute c=mode --target x --task regression > out.txt
    agree numbers
    # what the words mean does not depend on the words of training
    mlctl train booleans.csv -q --type a=boolean --drop-columns b,c > out.txt
    mlctl export --format c -o model.c > out.txt
    printf '#include <stdio.h>\n#include "model.c"\nint main(void)\n{\n    model_result r;\n' > main.c
    for word in yes Y TRUE t oN 1 no N false F Off 0; do
        printf '    { model_row row = { "%s", 5 }; model_predict(&row, &r); printf("%%.9g\\n", r.value); }\n' $word >> main.c
    done
    printf '    return 0;\n}\n' >> main.c
    gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -O2 -o words main.c -lm
    ./words > words.txt
    [ "$(head -n 6 words.txt | uniq | wc -l)" -eq 1 ]
    [ "$(tail -n 6 words.txt | uniq | wc -l)" -eq 1 ]
    [ "$(uniq words.txt | wc -l)" -eq 2 ]
}
