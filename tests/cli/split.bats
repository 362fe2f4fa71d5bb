bats_require_minimum_version 1.5.0
load common

# 400 rows of 40 people, the last 88 of them twice
make_people() {
    awk 'BEGIN {
        srand(3); print "who,day,x,z,part,y"
        for (i = 0; i < 400; i++) {
            x = rand() - 0.5
            line[i] = sprintf("p%d,2020-%02d-%02d,%.3f,%.2f,%s,%s", rand() * 40, 1 + i % 12, 1 + i % 28, x, rand(),
                              i % 7 ? "f" : "t", x + 0.3 * (rand() - 0.5) > 0 ? "yes" : "no")
            print line[i]
        }
        for (i = 0; i < 88; i++)
            print line[i]
    }' > people.csv
}

@test "eval finds the held-out rows of every split again, through a prep file too" {
    make_people
    for flags in "--group who" "--dedupe" "--group who --dedupe" "--split time:day:0.25" "--split column:part" \
        "--split column:part --dedupe" "--split last:0.2 --dedupe" "--split every:4" "--type who=text --group who"; do
        # shellcheck disable=SC2086
        mlctl train people.csv $flags -q --json > direct.json
        mlctl eval -q --json > eval.json
        jq -e '.measured' eval.json
        # shellcheck disable=SC2086
        mlctl preprocess people.csv $flags -q -o clean.csv > out.txt
        mlctl train clean.csv -q --json > prepared.json
        mlctl eval -q --json > again.json
        for file in eval prepared again; do
            jq -n -e --slurpfile a direct.json --slurpfile b $file.json \
                '$a[0].metrics.rows == $b[0].metrics.rows and $a[0].metrics.log_loss == $b[0].metrics.log_loss' > out.txt
        done
        jq -e '.train_rows + .test_rows + (.data.duplicates // 0) == 488' direct.json
    done
}

@test "types that a schema file decided are found again without it" {
    awk 'BEGIN { srand(5); print "day,x,y"; for (i = 0; i < 200; i++) printf "%02d/%02d/2020,%.3f,%.3f\n", 1 + rand() * 12, 1 + rand() * 12, rand(), rand() }' > days.csv
    mlctl schema days.csv -q | jq '.columns[0].format = "mdy"' > schema.json
    mlctl train days.csv --schema schema.json --split time:day:0.3 -q --json > train.json
    rm schema.json
    mlctl eval -q --json > eval.json
    jq -n -e --slurpfile a train.json --slurpfile b eval.json '$b[0].measured and $a[0].metrics == $b[0].metrics'
    mlctl train days.csv --split time:day:0.3 -q --json | jq -e --slurpfile a train.json '.metrics != $a[0].metrics'
}

@test "--dedupe: the same split as a file without the duplicates, and says how many there were" {
    make_people
    head -n 401 people.csv > once.csv
    run --separate-stderr mlctl train people.csv --dedupe
    [ "$status" -eq 0 ]
    [[ $stderr == *"88 duplicate rows left out"* ]]
    [[ $output == *"88 duplicate rows left out"* ]]
    mlctl inspect --json | jq -S '.pipeline, .record.metrics' > a.json
    mlctl train once.csv -q > out.txt
    mlctl inspect --json | jq -S '.pipeline, .record.metrics' > b.json
    cmp a.json b.json
    run --separate-stderr mlctl preprocess people.csv --dedupe -o clean.csv
    [[ $output == *"88 duplicate rows left out"*"clean.csv: 400 rows"* ]]
}

@test "--group: the column is no feature, and no group is on both sides, validation rows included" {
    make_people
    mlctl train people.csv --group who --patience 5 -q --json > train.json
    jq -e '.group == "who" and .validation_rows > 20 and .test_rows > 80' train.json
    mlctl inspect --json | jq -e '[.. | strings] | all(test("^p[0-9]+$") | not)'
    fails 2 'no such column; did you mean "who"?' mlctl train people.csv --group whp
    fails 2 "that is the target" mlctl train people.csv --group y
    fails 2 "--group goes with --split random:F, not with last:0.2" mlctl train people.csv --group who --split last:0.2
    fails 2 "one share is held out here" mlctl train people.csv --split random:0.1,0.1
    mlctl preprocess people.csv -q -o clean.csv > out.txt
    fails 2 "--group does nothing on a preprocessed file" mlctl train clean.csv --group x
    fails 2 "--dedupe does nothing on a preprocessed file" mlctl train clean.csv --dedupe
    fails 2 "--dedupe does not go with --apply" mlctl preprocess --apply clean.csv.prep.json people.csv -o more.csv --dedupe
}

@test "validation rows keep the shares of the classes" {
    awk 'BEGIN { srand(1); print "x,y"; for (i = 0; i < 1000; i++) printf "%f,%s\n", rand(), i % 50 ? "often" : "rare" }' > rare.csv
    for seed in 1 2 3 4 5 6; do
        # 20 rare rows: 4 held out, then 3 of 16 set aside, 13 left; at random some seed would take another number
        mlctl train rare.csv --patience 3 --validation 0.2 --seed $seed -q --json |
            jq -e '.train_rows == 640 and .validation_rows == 160 and .test_rows == 200'
    done
    # two rows of a class: one is held out, one trains, none is left to validate with
    printf 'x,y\n1,a\n2,a\n3,a\n4,a\n5,a\n6,a\n7,a\n8,b\n9,b\n' > two.csv
    mlctl train two.csv --patience 3 -q > out.txt
}

# The rows of all parts are the rows of the file, each once, in file order within a part.
same_rows() {
    local whole=$1
    shift
    for part in "$@"; do
        head -n 1 "$whole" | cmp - <(head -n 1 "$part")
    done
    tail -q -n +2 "$@" | sort | cmp - <(tail -n +2 "$whole" | sort)
}

@test "split: the rows as they stand, the same ones that train holds out" {
    make_people
    for flags in "" "--split random:0.3 --seed 5" "--split every:3" "--split last:0.25" "--split time:day:0.3" \
        "--split column:part" "--group who" "--group who --split random:0.35 --seed 9"; do
        # shellcheck disable=SC2086
        mlctl split people.csv $flags -q -o train.csv,test.csv > out.txt
        same_rows people.csv train.csv test.csv
        # shellcheck disable=SC2086
        mlctl train people.csv $flags -q --json > train.json
        [ "$(jq .train_rows train.json)" -eq $(($(wc -l < train.csv) - 1)) ]
        # the recorded metrics are those of test.csv
        mlctl eval test.csv -q --json > eval.json
        jq -n -e --slurpfile a train.json --slurpfile b eval.json '$a[0].metrics.log_loss == $b[0].metrics.log_loss'
    done
}

@test "split: three files, shares, classes, groups, seeds" {
    make_people
    mlctl split people.csv --split random:0.2,0.1 -o a.csv -o b.csv,c.csv --json -q > split.json
    jq -e '[.files[].rows] == [341, 98, 49] and .stratified == "y"' split.json
    same_rows people.csv a.csv b.csv c.csv
    mlctl split people.csv --split random:0.2,0.1 -o d.csv,e.csv,f.csv -q > out.txt
    cmp a.csv d.csv
    cmp b.csv e.csv
    cmp c.csv f.csv
    mlctl split people.csv --split random:0.2,0.1 --seed 2 -o d.csv,e.csv,f.csv -q > out.txt
    run ! cmp -s a.csv d.csv
    mlctl split people.csv --split random:0.2,0.1 --group who -o a.csv,b.csv,c.csv > out.txt
    grep -q "by the groups of who (40)" out.txt
    for file in a b c; do tail -n +2 $file.csv | cut -d, -f1 | sort -u > $file.who; done
    [ -z "$(sort a.who b.who c.who | uniq -d)" ]
    mlctl split people.csv --stratify part -o a.csv,b.csv > out.txt
    grep -q "stratified by part (2 classes)" out.txt
    # 58 of 400 are t (70 of 488 with the repeated ones), so 14 of 70
    [ "$(grep -c ',t,' b.csv)" -eq 14 ]
    # rows without a class keep their share, and are not counted as one
    awk 'BEGIN { print "x,y"; for (i = 0; i < 100; i++) print i "," (i % 5 ? (i % 2 ? "b" : "a") : "") }' > some.csv
    mlctl split some.csv -o a.csv,b.csv > out.txt
    grep -q "stratified by y (2 classes, and 20 rows without one)" out.txt
    [ "$(grep -c ',$' b.csv)" -eq 4 ]
    awk 'BEGIN { print "x,y"; for (i = 0; i < 100; i++) print "t" i "," (i ? i % 2 : "") }' > some.csv
    mlctl split some.csv -o a.csv,b.csv --json | jq -e '.classes == 2 and .without_class == 1'
    mlctl split people.csv --no-stratify -o a.csv,b.csv > out.txt
    run ! grep -q stratified out.txt
    mlctl split people.csv --dedupe -o a.csv,b.csv > out.txt
    grep -q "88 duplicate rows left out" out.txt
    [ "$(tail -q -n +2 a.csv b.csv | sort -u | wc -l)" -eq 400 ]
    [ "$(tail -q -n +2 a.csv b.csv | wc -l)" -eq 400 ]
}

@test "split: time keeps ties on one side and rows without a time in the first file" {
    printf 'day,v\n2020-01-03,a\n2020-01-01,b\n,c\n2020-01-03,d\n2020-01-02,e\n2020-01-03,f\n' > t.csv
    run --separate-stderr mlctl split t.csv --split time:day:0.4 -o a.csv,b.csv
    [ "$status" -eq 0 ]
    [[ $stderr == *'1 of 6 rows have no "day": they are held out nowhere'* ]]
    printf 'day,v\n2020-01-03,a\n2020-01-03,d\n2020-01-03,f\n' | cmp - b.csv
    printf 'day,v\n2020-01-01,b\n,c\n2020-01-02,e\n' | cmp - a.csv
}

@test "split: quotes, delimiters, names, gzip: reading back gives the same cells" {
    printf 'a;"b;c";a;\n"x ""y""";1,5;" two ";"line\nbreak"\n z ;"";007;NA\n3;4;5;6\n1;2;3;4\n' > hard.csv
    mlctl split hard.csv --split every:2 -o one.csv,two.csv -q > out.txt
    printf 'a;"b;c";a;\n"x ""y""";1,5;" two ";"line\nbreak"\n3;4;5;6\n' | cmp - one.csv
    printf 'a;"b;c";a;\nz;;007;NA\n1;2;3;4\n' | cmp - two.csv
    gzip -k hard.csv
    mlctl split hard.csv.gz --split every:2 -o gone.csv,gtwo.csv -q > out.txt
    cmp one.csv gone.csv
    mlctl split hard.csv --split every:2 --drop-columns 'b;c' -o one.csv,two.csv -q > out.txt
    printf 'a;a;\nz;007;NA\n1;3;4\n' | cmp - two.csv
}

@test "split: what it refuses, and that nothing is written then" {
    make_people
    echo old > a.csv
    fails 2 "is needed" mlctl split people.csv
    fails 2 "makes 2 files, -o names 3" mlctl split people.csv -o a.csv,b.csv,c.csv
    fails 2 "makes 2 files, -o names 1" mlctl split people.csv -o a.csv
    fails 2 "makes one file" mlctl split people.csv --split none -o a.csv
    fails 2 "is named twice" mlctl split people.csv -o a.csv,a.csv
    fails 2 "is no file" mlctl split people.csv -o a.csv,-
    fails 2 "would be overwritten" mlctl split people.csv -o a.csv,people.csv
    fails 2 "standard input cannot be read twice" mlctl split - -o a.csv,b.csv < people.csv
    mkfifo fifo
    fails 2 "fifo cannot be read twice" mlctl split fifo -o a.csv,b.csv
    fails 5 "No such file" mlctl split nothing.csv -o a.csv,b.csv
    fails 2 '--group: no column "whp"; did you mean "who"?' mlctl split people.csv --group whp -o a.csv,b.csv
    fails 2 '--stratify: no column "Z"' mlctl split people.csv --stratify Z -o a.csv,b.csv
    fails 2 '--split: no column "dya"; did you mean "day"?' mlctl split people.csv --split time:dya:0.2 -o a.csv,b.csv
    fails 2 "--stratify goes with --split random:F, not with last:0.2" mlctl split people.csv --split last:0.2 --stratify y -o a.csv,b.csv
    fails 2 "distinct values in 488 rows are too many" mlctl split people.csv --stratify x -o a.csv,b.csv
    fails 3 "it takes a number or an instant" mlctl split people.csv --split time:who:0.2 -o a.csv,b.csv
    printf 'x,y\n1,2\n3\n' > ragged.csv
    fails 3 "ragged.csv:3" mlctl split ragged.csv -o a.csv,b.csv
    printf 'x,y\n1,2\n' > one.csv
    fails 3 "holds out 0 of 1 rows" mlctl split one.csv -o a.csv,b.csv
    fails 5 "cannot write" mlctl split people.csv -o a.csv,nowhere/b.csv
    [ "$(cat a.csv)" = old ]
    [ ! -e b.csv ]
    [ -z "$(ls -A | grep '^\.mlctl-')" ]
}

# bats test_tags=release
@test "split: an error or a signal before the first rename leaves neither file" {
    command -v strace > /dev/null || skip "strace is not installed"
    make_people
    for inject in write:error=ENOSPC:when=1 fsync:error=EIO:when=1 renameat:error=EIO:when=1 fsync:signal=TERM:when=1; do
        status=0
        strace -f -o trace.txt -e trace="${inject%%:*}" -e inject="$inject" \
            "$MLCTL" split people.csv -q -o a.csv,b.csv > out.txt 2> err.txt || status=$?
        [ "$status" -eq 5 ] || [ "$status" -eq 143 ]
        [ -z "$(ls -A | grep -E '^\.mlctl-|^[ab]\.csv')" ]
    done
}

@test "split: several files, and a pattern, are one; columns may be in another order" {
    printf 'a,b\n1,x\n2,y\n3,z\n' > p1.csv
    printf 'b,a\n"q, r",4\nw,5\n' > p2.csv
    mlctl split 'p*.csv' --split last:0.4 -o one.csv,two.csv -q > out.txt
    printf 'a,b\n1,x\n2,y\n3,z\n' | cmp - one.csv
    printf 'a,b\n4,"q, r"\n5,w\n' | cmp - two.csv
    fails 2 "p2.csv would be overwritten" mlctl split p1.csv p2.csv --split last:0.4 -o one.csv,p2.csv
    printf 'a,c\n1,x\n' > p3.csv
    fails 3 "p3.csv" mlctl split p1.csv p3.csv -o one.csv,two.csv
}

@test "train and describe: several files are one" {
    head -n 81 "$DATA/iris.csv" > 1.csv
    { head -n 1 1.csv && tail -n +82 "$DATA/iris.csv"; } > 2.csv
    mlctl train "$DATA/iris.csv" -q --json > whole.json
    mlctl train '[12].csv' -q --json > parts.json
    jq -n -e --slurpfile a whole.json --slurpfile b parts.json '$a[0].metrics == $b[0].metrics and $b[0].data.rows == 150'
    mlctl describe 1.csv 2.csv --json -q > describe.json
    fails 2 "2.csv would be overwritten" mlctl train 1.csv 2.csv -m 2.csv
    fails 5 "no file has such a name" mlctl train '[34].csv'
}
