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
