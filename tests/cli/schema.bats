bats_require_minimum_version 1.5.0
load common

# mlctl schema, and --schema: types inferred, kept, pinned, and the cells that depart from them.

q() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(json.dumps(eval(sys.argv[2])))' "$@"; }

table() {
    cat > data.csv <<'CSV'
id,age,member,when,city,note
A-1,31,yes,31/12/2020,Oslo,likes long walks
A-2,,No,1/2/2021,Rome,
A-3,44,YES,3/4/2021 10:30,Oslo,said no
CSV
}

@test "prints one document: rows, columns in order, how it was read" {
    table
    mlctl schema data.csv > schema.json
    [[ $(q schema.json 'd["rows"]') == 3 ]]
    [[ $(q schema.json '[c["type"] for c in d["columns"]]') == \
        '["category", "number", "boolean", "instant", "category", "category"]' ]]
    [[ $(q schema.json 'd["columns"][1]') == \
        '{"name": "age", "type": "number", "integer": true, "missing": 1, "min": 31, "max": 44}' ]]
    [[ $(q schema.json 'd["columns"][2]') == \
        '{"name": "member", "type": "boolean", "missing": 0, "distinct": 2, "categories": ["No", "yes"]}' ]]
    [[ $(q schema.json 'd["columns"][3]') == \
        '{"name": "when", "type": "instant", "format": "dmy", "missing": 0, "min": "2020-12-31", "max": "2021-04-03T10:30:00Z"}' ]]
    [[ $(q schema.json 'd["columns"][4]["categories"]') == '["Oslo", "Rome"]' ]]
    [[ $(q schema.json 'd["read"]["delimiter"]') == '","' ]]
    encoding() { mlctl schema -q "$@" > encoded.json; q encoded.json 'd["read"]["encoding"]'; }
    [[ $(encoding data.csv) == '"utf-8"' ]]
    (cat data.csv; printf 'A-4,1,no,1/2/2021,Troms\370,\n') > late.csv
    [[ $(encoding late.csv) == '"windows-1252"' ]]
    [[ $(encoding late.csv --encoding ISO-8859-1) == '"latin1"' ]]
    [[ $(encoding late.csv --encoding cp850) == '"cp850"' ]]
    (printf '\376\377'; iconv -t UTF-16BE data.csv) > wide.csv
    [[ $(encoding wide.csv) == '"utf-16be"' ]]
    [[ $(encoding data.csv data.csv) == '"utf-8"' ]]
    [[ $(encoding data.csv late.csv data.csv) == '"mixed"' ]]
    mlctl schema data.csv --schema encoded.json > /dev/null
}
@test "several files are one table; standard input and gzip as well" {
    table
    tail -n +2 data.csv | sed '1i id,age,member,when,city,note' > more.csv
    mlctl schema data.csv more.csv > schema.json
    [[ $(q schema.json 'd["rows"]') == 6 ]]
    gzip -c data.csv | mlctl schema - > piped.json
    mlctl schema data.csv > file.json
    [[ $(q piped.json 'd["columns"]') == "$(q file.json 'd["columns"]')" ]]
}
@test "identifiers and texts list no values" {
    { echo id,words; for i in $(seq 60); do echo "k$i,some words $i"; done; } > ids.csv
    mlctl schema ids.csv > schema.json
    [[ $(q schema.json 'd["columns"][0]') == '{"name": "id", "type": "identifier", "missing": 0, "distinct": 60}' ]]
    [[ $(q schema.json 'd["columns"][1]["type"]') == '"text"' ]]
}
@test "a table follows the schema that was made of it, in every command" {
    for name in iris penguins breast_cancer wine diabetes; do
        mlctl schema "$DATA/$name.csv" > schema.json
        mlctl schema "$DATA/$name.csv" --schema schema.json > again.json
        cmp schema.json again.json
    done
    mlctl schema "$DATA/iris.csv" > schema.json
    mlctl train -q "$DATA/iris.csv" --schema schema.json --epochs 1 > /dev/null
    mlctl preprocess -q "$DATA/iris.csv" --schema schema.json -o clean.csv > /dev/null
}
@test "a missing column, one too many, and one with another name" {
    table
    mlctl schema data.csv > schema.json
    cut -d, -f1-5 data.csv > less.csv
    fails 3 'less.csv: the schema schema.json: no column "note"' mlctl schema less.csv --schema schema.json
    sed '1s/$/,more/; 2,$s/$/,1/' data.csv > more.csv
    fails 3 'the schema schema.json has no column "more"' mlctl schema more.csv --schema schema.json
    mlctl schema more.csv --schema schema.json --drop-columns more > /dev/null
    sed '1s/city/City/' data.csv > named.csv
    fails 3 'no column "city"; did you mean "City"?' mlctl train named.csv --schema schema.json
}
@test "cells that depart are named: the first five and how many more" {
    table
    mlctl schema data.csv > schema.json
    sed '3s/,,/,old,/' data.csv > one.csv
    fails 3 'one.csv:3:2: column "age": "old" is not a number' mlctl schema one.csv --schema schema.json
    [[ $(wc -l < stderr.txt) -eq 1 ]]
    { cat data.csv; for i in 1 2 3 4; do echo "A-1,1.5,maybe,12/31/2021,Paris,"; done; } > many.csv
    fails 3 'many.csv: 16 cells depart from the schema schema.json; the first is in line 5, field 2' \
        mlctl schema many.csv --schema schema.json
    grep -qF 'error: many.csv:5:2: column "age": "1.5" is not a whole number' stderr.txt
    grep -qF 'error: many.csv:5:3: column "member": "maybe" is not a boolean (yes/no, ' stderr.txt
    grep -qF 'error: many.csv:5:4: column "when": "12/31/2021" is not a date (dmy) or date-time, like 31/12/2021' stderr.txt
    grep -qF "error: many.csv:5:5: column \"city\": \"Paris\" is not one of the schema's 2 categories (\"Oslo\", \"Rome\")" stderr.txt
    grep -qF 'error: many.csv:6:2: ' stderr.txt
    grep -qF 'and 11 more' stderr.txt
    [[ $(wc -l < stderr.txt) -eq 7 ]]
}
@test "what departs does not depend on threads or on a pipe" {
    { echo a,b; seq 20000 | sed "s/\$/,x/"; echo 7.5,y; seq 20000 | sed "s/\$/,x/"; } > long.csv
    echo '{"columns": [{"name": "a", "type": "number", "integer": true}, {"name": "b", "type": "category", "categories": ["x"]}]}' > schema.json
    fails 3 'long.csv:20002:1: column "a": "7.5" is not a whole number' mlctl schema long.csv --schema schema.json
    mv stderr.txt whole.txt
    fails 3 '2 cells depart' mlctl schema - --schema schema.json < long.csv
    [[ $(sed 's/standard input/long.csv/g' stderr.txt) == "$(< whole.txt)" ]]
}
@test "required, minimum and maximum are rules; min and max are what was seen" {
    printf 'a,when\n1,2020-05-01\n9,2021-05-01\n' > data.csv
    schema() { echo "{\"columns\": [{\"name\": \"a\", \"type\": \"number\", $1}, {\"name\": \"when\", \"type\": \"instant\", $2}]}" > schema.json; }
    schema '"min": 2, "max": 3' '"missing": 0'
    mlctl schema data.csv --schema schema.json > /dev/null
    schema '"minimum": 1, "maximum": 8' '"minimum": "2020-01-01"'
    fails 3 "data.csv:3:1: column \"a\": \"9\" is above 8, the schema's maximum" mlctl schema data.csv --schema schema.json
    schema '"minimum": 1' '"maximum": "2021-01-01"'
    fails 3 "column \"when\": \"2021-05-01\" is above 2021-01-01, the schema's maximum" mlctl schema data.csv --schema schema.json
    printf 'a,when\n1,2020-05-01\n9,\n' > data.csv
    schema '"required": true' '"required": false'
    mlctl schema data.csv --schema schema.json > /dev/null
    schema '"required": true' '"required": true'
    fails 3 'data.csv:3:2: column "when": the cell is missing' mlctl schema data.csv --schema schema.json
}
@test "a file that is no schema: exit 4, naming the member" {
    table
    refuse() { echo "$1" > schema.json; fails 4 "$2" mlctl schema data.csv --schema schema.json; }
    refuse '{' 'schema.json'
    refuse '[]' 'expected an object'
    refuse '{"colums": []}' '"colums" is no member of it; did you mean "columns"?'
    refuse '{"columns": []}' '"columns" has 0 entries'
    refuse '{"columns": [{"name": "age"}]}' 'columns[0]: "type" is missing'
    refuse '{"columns": [{"name": "age", "type": "integer"}]}' '"integer" is not a type'
    refuse '{"columns": [{"name": "age", "type": "number", "minium": 1}]}' 'did you mean "minimum"?'
    refuse '{"columns": [{"name": "age", "type": "number"}, {"name": "age", "type": "number"}]}' 'columns[1]: "name": "age" stands twice'
    refuse '{"columns": [{"name": "age", "type": "instant", "format": "ddmm"}]}' '"ddmm" is not a format'
    refuse '{"columns": [{"name": "age", "type": "text", "maximum": 1}]}' '"maximum" does not go with type text'
    refuse '{"columns": [{"name": "age", "type": "number", "minimum": 2, "maximum": 1}]}' '"minimum" is above "maximum"'
    refuse '{"columns": [{"name": "age", "type": "number", "categories": ["a"]}]}' '"categories" does not go with type number'
    refuse '{"columns": [{"name": "age", "type": "boolean", "categories": ["yes", "no"]}]}' 'a false word and a true one'
    fails 5 "nosuch.json" mlctl schema data.csv --schema nosuch.json
}
@test "--type and --schema do not pin the same column" {
    table
    mlctl schema data.csv > schema.json
    fails 2 'the schema schema.json pins column "age" already' mlctl schema data.csv --schema schema.json --type age=number
}
@test "dates: day first where both fit, and said; a pin is obeyed" {
    printf 'd,x\n1/2/2021,1\n3/4/2021,2\n' > d.csv
    mlctl schema d.csv > schema.json 2> stderr.txt
    [[ $(q schema.json 'd["columns"][0]["min"]') == '"2021-02-01"' ]]
    grep -qF 'column "d": dates are read day first, but month first fits every cell as well; --type d=instant:mdy' stderr.txt
    mlctl schema d.csv --type d=instant:mdy > schema.json 2> stderr.txt
    [[ $(q schema.json 'd["columns"][0]["min"]') == '"2021-01-02"' ]]
    [[ ! -s stderr.txt ]]
}
@test "a model of dates, booleans and identifiers takes new rows as they are written" {
    python3 - <<'PY'
import random
random.seed(1)
with open("train.csv", "w") as f:
    f.write("id,joined,member,y\n")
    for i in range(120):
        member = random.choice(["Yes", "No"])
        day, month = random.randint(1, 28), random.randint(1, 12)
        f.write(f"k{i},{day:02}.{month:02}.2021,{member},{month + (5 if member == 'Yes' else 0)}\n")
PY
    mlctl train train.csv > out.txt 2> stderr.txt
    grep -qF 'dropped column "id": 96 distinct values' stderr.txt
    mlctl inspect | grep -qE 'joined .*instant .*written dmy'
    printf 'joined,member\n04.07.2021,Yes\n2021-07-04,TRUE\n4/7/2021,1\n04.07.2021,no\n' > new.csv
    mlctl predict -q new.csv > predicted.csv
    [[ $(sed -n 2p predicted.csv) == "$(sed -n 3p predicted.csv)" ]]
    [[ $(sed -n 2p predicted.csv) == "$(sed -n 4p predicted.csv)" ]]
    [[ $(sed -n 2p predicted.csv) != "$(sed -n 5p predicted.csv)" ]]
    sed -i '2s|04.07.2021|07/31/2021|' new.csv
    fails 3 'new.csv:2:1: column "joined": "07/31/2021" is not a date (dmy)' mlctl predict -q new.csv
}
@test "a target of words in several spellings is two classes, and eval finds them again" {
    python3 - <<'PY'
with open("t.csv", "w") as f:
    f.write("x,z,left\n")
    for i in range(200):
        yes = i % 3 == 0
        f.write(f"{i % 3 * 2 + i % 5 / 10},{i * 7 % 11},{['no', 'No', 'NO'][i % 3] if not yes else ['yes', 'Yes'][i % 2]}\n")
PY
    mlctl train t.csv --json > out.json 2> /dev/null
    mlctl inspect > model.txt
    grep -qE '^ +no$' model.txt
    grep -qE '^ +yes$' model.txt
    mlctl eval t.csv --json > eval.json
    [[ $(q eval.json 'd["metrics"]["accuracy"]') == 1 ]]
}
@test "decimal comma and thousands: found out, or given, for training, evaluating and predicting" {
    python3 - <<'PY'
def comma(x):
    whole, part = f"{x:,.2f}".split(".")
    return whole.replace(",", ".") + "," + part
with open("de.csv", "w") as a, open("en.csv", "w") as b:
    for f, text in (a, comma), (b, lambda x: f"{x:.2f}"):
        f.write("x;z;y\n")
        for i in range(80):
            f.write(f"{text(i * 37.25)};{i % 7};{text(i * 100.5 + i % 7)}\n")
PY
    mlctl schema de.csv --decimal , --thousands . > de.json
    mlctl schema en.csv > en.json
    [[ $(q de.json 'd["columns"]') == "$(q en.json 'd["columns"]')" ]]
    mlctl train -q de.csv --decimal , --thousands . -m de.safetensors > /dev/null
    mlctl train -q en.csv -m en.safetensors > /dev/null
    mlctl eval -q -m de.safetensors --json > de.json
    mlctl eval -q -m en.safetensors --json > en.json
    [[ $(q de.json 'd["metrics"]') == "$(q en.json 'd["metrics"]')" ]]
    mlctl predict -q -m de.safetensors de.csv --decimal , --thousands . > de.txt
    mlctl predict -q -m en.safetensors en.csv > en.txt
    cmp de.txt en.txt
    printf 'x;y\n1,5;2\n2,25;3\n' > found.csv
    mlctl schema found.csv > found.json 2> stderr.txt
    grep -qF 'numbers have a decimal comma (--decimal . if they have not)' stderr.txt
    [[ $(q found.json 'd["columns"][0]["max"]') == 2.25 ]]
    mlctl schema found.csv --decimal . 2> /dev/null > found.json
    [[ $(q found.json 'd["columns"][0]["type"]') == '"category"' ]]
    fails 2 '--decimal wants . or ,, not "x"' mlctl schema found.csv --decimal x
    fails 2 '--thousands wants' mlctl schema found.csv --decimal , --thousands ,
}
