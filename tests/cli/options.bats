bats_require_minimum_version 1.5.0
load common

# Lists that name columns: names with commas and equals signs, and entries that have no effect.

# odd: a file whose columns have such names
odd() {
    printf '"a,b",c=d,e,city,y\n' > odd.csv
    for i in 1 2 3 4 5 6 7 8 9 10; do
        echo "$((i * i % 7)).5,$((i * 3 % 5)),$((i % 3 ? i : 0))$([[ $i = 4 ]] || echo 0),$([[ $i -gt 4 ]] && echo Oslo || echo Rome),$((i % 2))" >> odd.csv
    done
    sed -i 's/^\(4.5,2\),[0-9]*,/\1,,/' odd.csv
}

@test "a comma of a name has a backslash before it, in every list" {
    odd
    mlctl preprocess odd.csv -o clean.csv -q --split none --drop-columns 'a\,b,city' --explain > out.txt
    run ! grep 'a,b\|city' out.txt
    mlctl preprocess odd.csv -o clean.csv -q --split none --scale 'a\,b=robust,c=d=none' --explain > out.txt
    grep -A3 '^column *a,b:' out.txt | grep -q '(robust)'
    [ -z "$(grep -A3 '^column *c=d:' out.txt | grep scale)" ]
    mlctl preprocess odd.csv -o clean.csv -q --split none --impute 'city=constant:Oslo, a\,b=7' --explain > out.txt
    grep -A3 '^column *a,b:' out.txt | grep -q 'missing becomes 7 (constant)'
    fails 2 '--scale a=robust: there is no column "a"' mlctl preprocess odd.csv -o clean.csv -q --split none --scale a=robust
}

@test "--missing-flags takes names with equals signs, and errors say it as it was given" {
    odd
    mlctl preprocess odd.csv -o clean.csv -q --split none --missing-flags=e
    head -n 1 clean.csv | grep -q 'e,e.missing,'
    fails 2 '--missing-flags=city: column "city" holds categories' \
        mlctl preprocess odd.csv -o clean.csv -q --split none --missing-flags=e,city
    mlctl preprocess odd.csv -o clean.csv --split none '--missing-flags=c=d,a\,b,e=no' 2> err.txt
    grep -q -- '--missing-flags=c=d has no effect: column "c=d" has no missing cell in the training rows' err.txt
    grep -q -- '--missing-flags=a,b has no effect' err.txt
    run ! grep -- '--missing-flags=e' err.txt
}

@test "two features of one name are refused, and both columns are named" {
    odd
    sed 's/c=d/e.missing/' odd.csv > twice.csv
    fails 3 'two features are called "e.missing", one of column "e.missing" and one of column "e"' \
        mlctl train twice.csv -q --split none --missing-flags
    mlctl train twice.csv -q --split none > out.txt
}
