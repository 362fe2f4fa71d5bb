bats_require_minimum_version 1.5.0
load common

# What the steps do to each column, as text and as JSON, of a fit, of a prep file and of a model.

@test "preprocess --explain: each column with its steps and their statistics" {
    mlctl preprocess "$DATA/penguins.csv" -o clean.csv --target species -q --missing-flags --impute mean,sex=mode \
        --outliers body_mass_g=zscore:2 --encode island=ordinal --scale robust --explain > out.txt
    grep -q '^wrote ' out.txt
    grep -q 'column *island: category, 0 missing in training' out.txt
    grep -q 'ordinal *becomes 0 to 2 in sorted order, -1 if missing or unseen' out.txt
    grep -q 'flags *body_mass_g.missing is 1 where it is missing' out.txt
    grep -q 'impute *missing becomes [0-9.]* (mean)' out.txt
    grep -q 'clip *at least [0-9.]*, at most [0-9.]* (zscore:2)' out.txt
    grep -q 'fill *missing becomes "male"' out.txt
    grep -q -- '-> body_mass_g, body_mass_g.missing' out.txt
    # without data: the same explanation, and nothing else
    mlctl preprocess --apply clean.csv.prep.json --explain > again.txt
    diff <(sed -n '/^column/,$p' out.txt) again.txt
}

@test "preprocess --explain in words" {
    mlctl preprocess "$DATA/penguins.csv" -o clean.csv --target body_mass_g -q --encode island=hash:4,sex=target --type species=text --text hash:8 --explain > out.txt
    grep -q 'hash *its hash makes one of 4 features 1 or -1' out.txt
    grep -q 'target *becomes the mean of the target over the rows with its value (2 values, smooth auto)' out.txt
    grep -q 'text *its words are hashed into 8 features' out.txt
    grep -q 'scale *becomes (x - ' out.txt
    mlctl preprocess "$DATA/penguins.csv" -o clean.csv -q -t year --type species=text --text hash:8:2-2 --pca 2 --explain > out.txt
    grep -q 'text *its runs of 2 words are hashed' out.txt
    grep -q 'onehot *becomes 3 features of 0 or 1: one for each value; an unseen value is all 0' out.txt
    grep -q 'pca *makes 2 of [0-9]* features: components with [0-9.]*% of the variance' out.txt
    mlctl preprocess "$DATA/penguins.csv" -o clean.csv -q -t year --type species=text --text hash:8:1-2 --explain | grep -q 'its runs of 1 to 2 words are hashed'
}

@test "--explain --json holds the numbers that the prep file holds" {
    mlctl preprocess "$DATA/iris.csv" -o clean.csv -q --scale minmax --explain --json > out.json
    jq -e '.output == "clean.csv" and .explain.features == 4' out.json
    [ "$(jq -c '[.explain.columns[].steps[] | select(.step == "scale") | .shift]' out.json)" = \
        "$(jq -c '.tensors["prep.scale.min"]' clean.csv.prep.json)" ]
    mlctl preprocess --apply clean.csv.prep.json "$DATA/iris.csv" -o x.csv --explain --json > applied.json
    jq -e '.rows == 150' applied.json
    [ "$(jq -c .explain out.json)" = "$(jq -c .explain applied.json)" ]
}

@test "inspect -v explains the model's pipeline; dropped columns and stages are said" {
    mlctl train "$DATA/weather.csv" -q --select k:5 > out.txt
    mlctl inspect -v > out.txt
    grep -q 'dropped *year: always 2013' out.txt
    grep -q 'dates *becomes its month, day, weekday, hour' out.txt
    grep -q 'select *keeps 5 of [0-9]* features' out.txt
    grep -q 'features *5' out.txt
}

@test "--explain says what it needs" {
    mlctl preprocess "$DATA/iris.csv" -o clean.csv -q > out.txt
    fails 2 'it wants DATA.csv' mlctl preprocess -o x.csv --explain
    fails 2 'it wants DATA.csv' mlctl preprocess --apply clean.csv.prep.json
    fails 2 'needs -o FILE' mlctl preprocess --apply clean.csv.prep.json "$DATA/iris.csv" --explain
    fails 5 'nothere' mlctl preprocess --apply nothere.prep.json --explain
}
