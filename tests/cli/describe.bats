# mlctl describe: what it says of the shipped tables, of files made to hurt, and in which form.
load common

# absent GREP-ARGUMENT...: nothing matches (a "!" would not fail a test)
absent() {
    if grep "$@"; then return 1; fi
}

@test "statistics, links and counts agree with pandas, scipy and scikit-learn" {
    compared=0
    for file in "$DATA"/*.csv; do
        name=$(basename "$file")
        mlctl describe "$file" --json > got.json
        jq --arg name "$name" '.[$name]' "$NUMERIC/describe_expected.json" > expected.json
        jq -nr --slurpfile expected expected.json --slurpfile got got.json -f "$NUMERIC/describe_compare.jq" > wrong.txt
        [[ ! -s wrong.txt ]] || { echo "$name"; cat wrong.txt; return 1; }
        jq -en --slurpfile e expected.json --slurpfile g got.json '$e[0].duplicates == $g[0].file.duplicate_rows'
        compared=$((compared + $(jq '[.columns[] | paths(numbers)] | length' expected.json)))
    done
    [ "$compared" -gt 1300 ]
}

@test "the comparison finds a wrong number" {
    mlctl describe "$DATA/iris.csv" --json | jq '.columns[1].number.std *= 1.00000001' > got.json
    jq '."iris.csv"' "$NUMERIC/describe_expected.json" > expected.json
    run jq -nr --slurpfile expected expected.json --slurpfile got got.json -f "$NUMERIC/describe_compare.jq"
    [[ ${#lines[@]} -eq 1 && $output == "sepal_width number.std: "* ]]
}

@test "the JSON document is stable" {
    cd "$DATA"
    mlctl describe penguins.csv --json > "$BATS_TEST_TMPDIR/got.json"
    diff "$BATS_TEST_DIRNAME/../golden/describe-penguins.json" "$BATS_TEST_TMPDIR/got.json"
}

@test "the bytes do not depend on the number of threads" {
    for file in flights breast_cancer weather; do
        mlctl describe "$DATA/$file.csv" --json --threads 1 > one.json
        mlctl describe "$DATA/$file.csv" --json --threads 5 > five.json
        cmp one.json five.json
    done
}

@test "the text: file, target, warnings, columns, in this order and within 80 cells" {
    cd "$DATA"
    mlctl describe flights.csv > "$BATS_TEST_TMPDIR/text.txt" 2> "$BATS_TEST_TMPDIR/stderr.txt"
    cd "$BATS_TEST_TMPDIR"
    [ ! -s stderr.txt ]
    head -1 text.txt | grep -q '^data       flights.csv: 1216 rows, 19 columns'
    awk '/^data /{print "d"} /^target /{print "t"} /^warnings /{print "w"} /^column /{print "c"} /^numbers /{print "n"}
         /^categories/{print "k"} /^dates/{print "i"} /^texts/{print "x"}' text.txt | tr -d '\n' > order.txt
    [ "$(cat order.txt)" = dtwcnkix ]
    for file in "$DATA"/*.csv; do
        LC_ALL=C mlctl describe "$file" > text.txt
        awk -v f="$file" '/^next |^ {13}--/ { next } length > 80 { print f ": " $0; bad = 1 } END { exit bad }' text.txt
        absent -q '[^ -~]' text.txt
    done
}

@test "block characters where the locale has them, ASCII on a dumb terminal" {
    LC_ALL=C.UTF-8 mlctl describe "$DATA/iris.csv" > utf8.txt
    grep -q '█' utf8.txt
    LC_ALL=C.UTF-8 TERM=dumb mlctl describe "$DATA/iris.csv" > dumb.txt
    absent -q '[^ -~]' dumb.txt
    LC_ALL=C LANG=C.UTF-8 mlctl describe "$DATA/iris.csv" > c.txt
    cmp dumb.txt c.txt
}

@test "the target is the last column, or --target, or a near miss is named" {
    mlctl describe "$DATA/penguins.csv" --json | jq -e '.target | .column == "species" and (.given | not) and .task == "classification"'
    mlctl describe "$DATA/penguins.csv" -t body_mass_g --json | jq -e '.target | .given and .task == "regression" and .rows == 342'
    fails 2 'did you mean "species"' mlctl describe "$DATA/penguins.csv" -t specis
}

@test "columns sorted by their link or by what is missing" {
    mlctl describe "$DATA/flights.csv" --sort link > text.txt
    awk '/^column /{on=1; next} on && NF {print $1; exit}' text.txt | grep -qx dep_delay
    mlctl describe "$DATA/weather.csv" --sort missing > text.txt
    awk '/^column /{on=1; next} on && NF {print $1; exit}' text.txt | grep -qx wind_gust
    fails 2 "--sort name: it is file, link or missing" mlctl describe "$DATA/iris.csv" --sort name
}

@test "what is wrong with a small spoilt table" {
    {
        echo 'id,city,size,age,left,answer,y'
        for i in $(seq 1 300); do
            city=Oslo; [ $((i % 5)) -ne 0 ] || city='oslo '; [ $((i % 3)) -ne 0 ] || city=Bern
            size=$((i * 613 % 997)); [ $i -ne 17 ] || size='n.a.'
            age=$((i * 31 % 71)); [ $((i % 29)) -ne 0 ] || age=-999
            y=no; [ $((i * 7919 % 1009)) -le 500 ] || y=yes
            left=; [ $y = no ] || left=2024-01-0$((i % 9 + 1))
            echo "$i,$city,$size,$age,$left,42,$y"
        done
    } > spoilt.csv
    mlctl describe spoilt.csv --json > report.json
    jq -r '.warnings[] | "\(.kind) \(.column)"' report.json > found.txt
    for expected in 'leak left' 'mixed size' 'sentinel age' 'variants city' 'row_number id' 'constant answer'; do
        grep -qx "$expected" found.txt || { echo "no $expected in"; cat found.txt; return 1; }
    done
    jq -e '.warnings[] | select(.kind == "mixed") | .text | contains("\"n.a.\" (row 17)")' report.json
    jq -e '.warnings[] | select(.kind == "mixed") | .advice | startswith("--na n.a. ")' report.json
    # the advice works
    mlctl describe spoilt.csv --na n.a.,-999 --drop-columns left --json > better.json
    jq -e '[.warnings[].kind] | map(select(. == "mixed" or . == "sentinel" or . == "leak")) == []' better.json
    jq -e '.columns[] | select(.name == "size") | .type == "number" and .missing == 1' better.json
}

@test "the command to go on with is one that works" {
    cp "$DATA/flights.csv" "my flights.csv"
    mlctl describe "my flights.csv" -t arr_delay > text.txt
    sed -n '/^next /,/^$/p' text.txt | sed 's/^next  *//; s/ *\\$//' | tr '\n' ' ' > next.txt
    grep -q "^mlctl train 'my flights.csv' --target arr_delay .*--power dep_delay=yeo-johnson" next.txt
    eval "$(cat next.txt) -q"
    mlctl verify
    mlctl describe "$DATA/breast_cancer.csv" --json | jq -e '.suggested_flags == ["--power yeo-johnson"]' # of four columns and more: of all
    mlctl describe "$DATA/iris.csv" --json | jq -e '.suggested_flags == ["--dedupe"]'
    mlctl describe "$DATA/diamonds.csv" --json | jq -e '.suggested_flags | map(select(startswith("--na"))) == []' # of 0
    # flags for reading are not known to the command, so there is none
    mlctl describe "$DATA/iris.csv" --na x > text.txt
    absent '^next ' text.txt
}

@test "texts are taken when there is nothing else, and the target is the other column" {
    {
        echo 'label,"said, once",n'
        for i in $(seq 1 1100); do
            word=free; [ $((i % 3)) -ne 0 ] || word=home
            echo "$word,I will be $word at number $i of street $((i * 7 % 1009)) tonight,$((i * 613 % 97))"
        done
    } > more.csv
    cut -d, -f1,2 more.csv > texts.csv
    sed -i '1s/.*/label,"said, once"/' texts.csv
    mlctl describe texts.csv > text.txt
    sed -n '/^next /,/^$/p' text.txt | sed 's/^next  *//; s/ *\\$//' | tr -s ' \n' ' ' > next.txt
    grep -q "^mlctl train texts.csv --target label --text 'said\\\\, once=tfidf:4096:chars'" next.txt
    eval "$(cat next.txt) -q" > out.txt
    mlctl inspect --json | jq -e '.pipeline.steps | any(.kind == "tfidf")'
    # beside a number it is advice only
    mlctl describe more.csv --target label > text.txt
    sed -n '/^next /,/^$/p' text.txt > next.txt
    absent -- --text next.txt
    tr -s ' \n' ' ' < text.txt | grep -q "\-\-text 'said\\\\, once'=tfidf:4096:chars makes features"
    # nobody's guess: two could be the target
    mlctl describe texts.csv --target 'said, once' > text.txt
    absent '^next ' text.txt
}

@test "flags of the advice are flags of preprocess" {
    mlctl preprocess --help > help.txt
    for file in "$DATA"/*.csv; do mlctl describe "$file" --json | jq -r '.warnings[].advice'; done | grep -o -- '--[a-z-]*' | sort -u > flags.txt
    [ -s flags.txt ]
    while read -r flag; do
        grep -q -- "$flag" help.txt || { echo "$flag is no flag of preprocess"; return 1; }
    done < flags.txt
}

@test "hostile names and values reach neither terminal nor page" {
    printf '"<script>alert(1)</script>","\033[31mred\007",ok\n"</table>&""<b>","x\033]0;title\007",1\n"<img src=x onerror=y>",y,2\n"\342\200\256mirror",z,4\n' > hostile.csv
    LC_ALL=C.UTF-8 mlctl describe hostile.csv --html page.html > text.txt
    absent -q $'[\001-\010\013-\037\177]' text.txt
    absent -q $'[\001-\010\013-\037\177]' page.html
    absent -q $'\342\200\256' text.txt
    absent -qE '<script|<img|</table>&"|onerror=y>' page.html
    grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' page.html
    mlctl describe hostile.csv --json | jq -e '.columns[0].name == "<script>alert(1)</script>"'
}

@test "a name of 100,000 characters" {
    { head -c 100000 /dev/zero | tr '\0' n; printf ',y\n1,2\n2,4\n3,5.5\n'; } > long.csv
    mlctl describe long.csv --html page.html > text.txt
    awk 'length > 400 { exit 1 }' text.txt
    [ "$(stat -c %s page.html)" -lt 100000 ]
}

@test "10,000 columns" {
    awk 'BEGIN { for (r = 0; r < 12; r++) { for (c = 0; c < 10000; c++) printf "%s%s", c ? "," : "", r ? (r * 7919 + c * 31) % 101 : "c" c; print "" } }' > wide.csv
    mlctl describe wide.csv --html page.html > text.txt
    grep -q 'and 9900 more columns' text.txt
    [ "$(stat -c %s page.html)" -lt 1000000 ]
    mlctl describe wide.csv --json | jq -e '.columns | length == 10000'
}

@test "one row, one column, nothing but missing cells, a header alone" {
    printf 'a,b\n1,x\n' > row.csv
    mlctl describe row.csv --json | jq -e '.file.rows == 1 and .columns[0].number.std == null'
    mlctl describe row.csv > text.txt
    printf 'a\n1\n2\n3.5\n' > column.csv
    mlctl describe column.csv --html page.html > text.txt
    printf 'a,b\n,\nNA,\n' > missing.csv
    mlctl describe missing.csv --html page.html > text.txt
    mlctl describe missing.csv --json | jq -e '[.columns[].missing] == [2, 2] and .target.task == "none"'
    echo a,b > header.csv
    fails 3 "" mlctl describe header.csv
    fails 3 "" mlctl describe /dev/null
}

@test "the page: one file, no network, no script, small" {
    mlctl describe "$DATA/breast_cancer.csv" --html page.html > text.txt
    grep -q "page.html" text.txt
    [ "$(stat -c %s page.html)" -le 300000 ]
    absent -qE '<script|<link|<img|src=|url\(|@import|http://|https://' page.html
    grep -q 'prefers-color-scheme:dark' page.html
    # each link within the page has its place
    grep -o 'href="#[a-z0-9]*"' page.html | sed 's/.*#\(.*\)"/\1/' | sort -u > links.txt
    grep -o 'id="[a-z0-9]*"' page.html | sed 's/id="\(.*\)"/\1/' | sort > ids.txt
    [ "$(uniq -d ids.txt | wc -l)" -eq 0 ]
    [ "$(comm -23 links.txt ids.txt | wc -l)" -eq 0 ]
    [ "$(wc -l < links.txt)" -ge 34 ]
    python3 - << 'END'
from html.parser import HTMLParser
VOID = {"meta", "br", "rect"}
class Check(HTMLParser):
    stack = []
    def handle_starttag(self, tag, attrs):
        if tag not in VOID: self.stack.append(tag)
    def handle_startendtag(self, tag, attrs): pass
    def handle_endtag(self, tag):
        if tag == "rect": return
        assert self.stack and self.stack.pop() == tag, (tag, self.getpos())
parser = Check()
parser.feed(open("page.html", encoding="utf-8").read())
assert not parser.stack, parser.stack
END
}

@test "the page on standard output, and where it cannot be written" {
    mlctl describe "$DATA/iris.csv" --html - > page.html
    head -c 15 page.html | grep -qx '<!DOCTYPE html>'
    mlctl describe "$DATA/iris.csv" --html same.html > text.txt
    cmp page.html same.html
    fails 2 "both want standard output" mlctl describe "$DATA/iris.csv" --html - --json
    mlctl describe "$DATA/iris.csv" --html both.html --json | jq -e '.file.rows == 150'
    cmp both.html same.html
    fails 5 "nowhere" mlctl describe "$DATA/iris.csv" --html nowhere/page.html
    cp "$DATA/iris.csv" iris.csv
    fails 2 "overwritten" mlctl describe iris.csv --html iris.csv
    cmp iris.csv "$DATA/iris.csv"
}

@test "standard input, gzip, and the reading flags" {
    mlctl describe - --json < "$DATA/iris.csv" | jq -e '.file.rows == 150 and .file.path == "standard input"'
    gzip -c "$DATA/iris.csv" > iris.csv.gz
    mlctl describe iris.csv.gz --json | jq -e '.file.rows == 150'
    tr , ';' < "$DATA/iris.csv" > semi.csv
    mlctl describe semi.csv --delimiter ';' --type sepal_length=category --json | jq -e '.columns[0].type == "category"'
    fails 3 "" mlctl describe "$DATA/no-such.csv" || fails 5 "no-such" mlctl describe "$DATA/no-such.csv"
}
