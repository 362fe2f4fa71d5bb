# Shared by the deployment tests: the program, a model in a directory of the file's own, rows to predict.

export LC_ALL=C.UTF-8 # whatever the login says: bars, iconv and sort are the same everywhere
repository=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
: "${MLCTL:=$repository/build/release/mlctl}"

# make_model: model.safetensors, data.csv and rows.csv in $BATS_FILE_TMPDIR, which becomes the current directory.
make_model() {
    cd "$BATS_FILE_TMPDIR" || return
    awk 'BEGIN {
        srand(1)
        print "rooms,river,note,price"
        for (i = 0; i < 120; i++) {
            rooms = 3 + rand() * 5
            river = rand() < 0.3 ? "yes" : "no"
            printf "%.3f,%s,%s,%.3f\n", rooms, river, i % 7 ? "a" : "", 5 * rooms + (river == "yes" ? 4 : 0) + rand()
        }
    }' >data.csv
    printf 'rooms,river,note\n6.5,yes,a\n4,no,\n7.25,no,a\n' >rows.csv
    "$MLCTL" train data.csv -q >/dev/null
}

go() {
    cd "$BATS_FILE_TMPDIR" || return
}
