bats_require_minimum_version 1.5.0
load common

# compare_cases LEAST CASE...: what the program makes of each is what its folder says; LEAST or more there must be.
# MLCTL_REWRITE=1 writes the expectations anew, to be looked over with git diff.
compare_cases() {
    local least=$1 failed=0 case name
    shift
    export MLCTL
    for case in "$@"; do
        case=${case%/} name=${case##*/}
        mkdir "$name"
        (cd "$name" && bash "$BATS_TEST_DIRNAME/csv/run" "$case" > ../out.txt 2>&1) || true
        if [[ -n ${MLCTL_REWRITE-} ]]; then
            cp out.txt "$case/expected"
        elif ! diff -u "$case/expected" out.txt > diff.txt; then
            echo "$name:"
            cat diff.txt
            failed=$((failed + 1))
        fi
        rm -rf "$name"
    done
    echo "# $# cases, $failed not as expected" >&3
    [ $# -ge "$least" ]
    [ "$failed" -eq 0 ]
}

# Every folder of tests/cli/csv is a file that someone has, and what mlctl should make of it.
@test "the corpus of hostile CSV files" {
    cases=()
    for case in "$BATS_TEST_DIRNAME"/csv/*/; do
        [[ -e ${case}large ]] || cases+=("$case")
    done
    compare_cases 45 "${cases[@]}"
}

# bats test_tags=release
@test "files of a hundred megabytes and more in that corpus" {
    large=("$BATS_TEST_DIRNAME"/csv/*/large)
    compare_cases 2 "${large[@]%/large}"
}

@test "the corpus does not depend on the locale" {
    export MLCTL
    locale=$(locale -a 2> /dev/null | grep -m1 -iE '^(de|fr|nl|sv)_.*utf' || true)
    for case in decimal-comma dates-month-names numbers boolean-case; do
        mkdir "$case"
        (cd "$case" && CSV_LOCALE=${locale:-de_DE.UTF-8} bash "$BATS_TEST_DIRNAME/csv/run" "$BATS_TEST_DIRNAME/csv/$case" > ../out.txt 2>&1) || true
        diff -u "$BATS_TEST_DIRNAME/csv/$case/expected" out.txt
    done
}
