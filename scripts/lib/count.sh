# shellcheck shell=bash
# Counting tests. Every check runs under `suite`, which reads its TAP lines (cmocka's and bats' alike); `finish` prints
# the one line that ends a run. `beside` runs one of them in the background. A script that sources this
# removes $count_logs when it ends; one that uses `beside` calls count_clean.

count_passed=0 count_failed=0 count_skipped=0
count_logs=$(mktemp -d)
count_log=$count_logs/log
count_beside=$(($(nproc) < 4 ? $(nproc) + 1 : 4)) # at a time; the tests of the server wait more than they work

# limited SECONDS COMMAND...: a command in the background would have Ctrl-C ignored, which some tests are about
limited() {
    env --default-signal=INT,QUIT timeout --kill-after=10 "$@" </dev/null
}

# beside CHECK NAME COMMAND...: a suite or single that runs while others do, as soon as there is a place.
beside() {
    local place
    while [ "$(jobs -rp | wc -l)" -ge "$count_beside" ]; do
        wait -n || true
        count_collect
    done
    place=$(mktemp -d -p "$count_logs" beside.XXXXXX)
    count_apart "$place" "$@" &
}

# count_apart PLACE CHECK NAME COMMAND...: its log, what it prints and its counts go into that directory.
count_apart() {
    local place=$1 count_log=$1/log count_passed=0 count_failed=0 count_skipped=0
    shift
    "$@" >"$place/text" || true
    printf '%d %d %d\n' "$count_passed" "$count_failed" "$count_skipped" >"$place/part"
    mv "$place/part" "$place/counts"
}

# beside_done: waits for all of them.
beside_done() {
    while [ -n "$(jobs -rp)" ]; do
        wait -n || true
        count_collect
    done
    count_collect
}

# count_collect: what has ended beside is printed and counted.
count_collect() {
    local place passed failed skipped
    for place in "$count_logs"/beside.*; do
        [ -e "$place/counts" ] || continue
        cat "$place/text"
        read -r passed failed skipped <"$place/counts"
        count_passed=$((count_passed + passed)) count_failed=$((count_failed + failed))
        count_skipped=$((count_skipped + skipped))
        rm -rf "$place"
    done
}

# count_clean: ends what still runs beside, and removes the logs.
count_clean() {
    local pid
    for pid in $(jobs -rp); do
        pkill -TERM -P "$pid" || true
    done
    wait
    rm -rf "$count_logs"
}

# suite NAME COMMAND...: runs it, counts its tests, prints one line, and on failure all that it said but the tests that
# passed. A program that fails without a failed test (a crash, a sanitizer's report) or that ran no test at all is one
# failure.
suite() {
    local name=$1 log=$count_log status=0 start=$SECONDS passed failed skipped
    shift
    limited 1800 "$@" >"$log" 2>&1 || status=$?
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
    local name=$1 log=$count_log status=0 start=$SECONDS
    shift
    limited 1800 "$@" >"$log" 2>&1 || status=$?
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
