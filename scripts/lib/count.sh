# shellcheck shell=bash
# Counting tests. Every check runs under `suite`, which reads its TAP lines (cmocka's and bats' alike); `finish` prints
# the one line that ends a run. The script that sources this removes $count_logs when it ends.

count_passed=0 count_failed=0 count_skipped=0
count_logs=$(mktemp -d)

# suite NAME COMMAND...: runs it, counts its tests, prints one line, and on failure all that it said but the tests that
# passed. A program that fails without a failed test (a crash, a sanitizer's report) or that ran no test at all is one
# failure.
suite() {
    local name=$1 log="$count_logs/log" status=0 start=$SECONDS passed failed skipped
    shift
    timeout --kill-after=10 900 "$@" >"$log" 2>&1 </dev/null || status=$?
    # cmocka 1.1.5 writes a skipped test as "not ok 3 # SKIP name"
    skipped=$(grep -aciE '^[[:space:]]*(not )?ok [0-9].*# skip' "$log" || true)
    passed=$(grep -aE '^[[:space:]]*ok [0-9]' "$log" | grep -avciE '# skip' || true)
    failed=$(grep -aE '^[[:space:]]*not ok [0-9]' "$log" | grep -avciE '# skip' || true)
    if [ $((passed + skipped + failed)) -eq 0 ] || { [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; }; then
        failed=$((failed + 1))
        printf '%s ended with status %d\n' "$name" "$status" >>"$log"
    fi
    count "$name" "$passed" "$failed" "$skipped" $((SECONDS - start))
    if [ "$failed" -gt 0 ]; then
        grep -avE '^[[:space:]]*ok [0-9]' "$log" | sed 's/^/    /'
    elif [ "$skipped" -gt 0 ]; then
        grep -aiE '^[[:space:]]*(not )?ok [0-9].*# skip' "$log" | sed 's/^/    /'
    fi
}

# single NAME COMMAND...: a check that is one test by its exit status.
single() {
    local name=$1 log="$count_logs/log" status=0 start=$SECONDS
    shift
    timeout --kill-after=10 1800 "$@" >"$log" 2>&1 </dev/null || status=$?
    count "$name" $((status == 0)) $((status != 0)) 0 $((SECONDS - start))
    if [ "$status" -ne 0 ]; then
        tail -n 100 "$log" | sed 's/^/    /' # a fuzzer's log has thousands of lines
        return 1
    fi
}

# count NAME PASSED FAILED SKIPPED SECONDS
count() {
    local word=ok
    [ "$3" -eq 0 ] || word=FAILED
    printf '%-7s %-34s %4d passed' "$word" "$1" "$2"
    [ "$3" -eq 0 ] || printf ', %d failed' "$3"
    [ "$4" -eq 0 ] || printf ', %d skipped' "$4"
    printf '  (%d s)\n' "$5"
    count_passed=$((count_passed + $2)) count_failed=$((count_failed + $3)) count_skipped=$((count_skipped + $4))
}

# finish: what was skipped, the last line, and the exit status of the run.
finish() {
    [ "$count_skipped" -eq 0 ] || printf '%d skipped\n' "$count_skipped"
    printf '%d passed, %d failed\n' "$count_passed" "$count_failed"
    [ "$count_failed" -eq 0 ] && [ "$count_passed" -gt 0 ]
}
