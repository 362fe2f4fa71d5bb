bats_require_minimum_version 1.5.0
load common

# bats test_tags=release
@test "kill -9 at 200 random moments of train leaves the old model or the new one" {
    mlctl train "$DATA/breast_cancer.csv" -q --seed 1 > out.txt
    cp model.safetensors old
    mlctl train "$DATA/breast_cancer.csv" -q --seed 2 -m new > out.txt
    # moments spread over the whole run and a little past its end
    start=$EPOCHREALTIME
    mlctl train "$DATA/breast_cancer.csv" -q --seed 2 -m timed > out.txt
    took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
    RANDOM=11
    kept=0 replaced=0
    for _ in $(seq 200); do
        cp old model.safetensors
        "$MLCTL" train "$DATA/breast_cancer.csv" -q --seed 2 > out.txt &
        pid=$!
        sleep "$(awk -v r=$RANDOM -v t="$took" 'BEGIN { print r / 32767 * t * 1.2 }')"
        kill -9 $pid 2> /dev/null || true
        wait $pid 2> /dev/null || true
        mlctl verify -q > out.txt
        # on a machine that gets slower or faster the moments follow
        if cmp -s model.safetensors old; then
            kept=$((kept + 1)) took=$(awk -v t="$took" 'BEGIN { print t * 1.02 }')
        else
            cmp model.safetensors new
            replaced=$((replaced + 1)) took=$(awk -v t="$took" 'BEGIN { print t * 0.97 }')
        fi
    done
    echo "# old model kept $kept times, replaced $replaced times" >&3
    [ $((kept + replaced)) -eq 200 ]
    [ "$kept" -gt 0 ]
    [ "$replaced" -gt 0 ]
}

@test "a killed write leaves at most a temporary file of ours, which the next write ignores" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    before=$(sha256sum < model.safetensors)
    for n in 1 2 3 4; do
        # the n-th write, then fsync, then rename: killed on entry
        for call in write fsync renameat rename; do
            command -v strace > /dev/null || skip "strace is not installed"
            strace -f -o trace.txt -e trace=$call -e inject=$call:signal=KILL:when=$n \
                "$MLCTL" train "$DATA/iris.csv" -q --seed 9 > out.txt 2> err.txt || true
            mlctl verify -q > out.txt
        done
    done
    mlctl train "$DATA/iris.csv" -q > out.txt
    [ "$(sha256sum < model.safetensors)" = "$before" ]
}

# bats test_tags=release
@test "the order of a durable save: write, fsync, rename, fsync of the directory" {
    command -v strace > /dev/null || skip "strace is not installed"
    strace -f -o trace.txt -e trace=openat,fsync,rename,renameat,renameat2 "$MLCTL" train "$DATA/iris.csv" -q > out.txt
    grep -E 'fsync|rename' trace.txt | sed -E 's/^[0-9]+ +//; s/\(.*//' > order.txt
    printf 'fsync\nrenameat\nfsync\n' | cmp - order.txt || { cat order.txt; return 1; }
}

# bats test_tags=release
@test "an I/O error at any write or fsync keeps the old model and is exit 5" {
    command -v strace > /dev/null || skip "strace is not installed"
    mlctl train "$DATA/iris.csv" -q > out.txt
    cp model.safetensors old
    for call in fsync renameat; do
        for error in ENOSPC EIO EDQUOT; do
            status=0
            strace -f -o trace.txt -e trace=$call -e inject=$call:error=$error:when=1 \
                "$MLCTL" train "$DATA/iris.csv" -q --seed 9 > out.txt 2> err.txt || status=$?
            [ "$status" -eq 5 ]
            grep -q "model.safetensors" err.txt
            cmp model.safetensors old
        done
    done
    [ -z "$(ls -A | grep '^\.mlctl')" ]
}

# dies NUMBER COMMAND...: ended by that signal (bats runs commands in the background with SIGINT ignored, so not there)
dies() {
    local number=$1 status=0
    shift
    "$@" || status=$?
    [[ $status -eq $((128 + number)) ]] || { echo "exit $status"; return 1; }
}

# unfinished: there is a temporary file of ours
unfinished() { ls -A | grep -q '^\.mlctl-'; }

@test "a signal while an output is written leaves no temporary file and the old output" {
    mlctl train "$DATA/iris.csv" -q > out.txt
    mkfifo rows
    for signal in INT TERM HUP; do
        for command in "predict rows -o out.csv" "predict rows --json -o out.csv" \
            "preprocess --apply clean.csv.prep.json rows -o out.csv"; do
            mlctl preprocess "$DATA/iris.csv" -q -o clean.csv > out.txt
            echo old > out.csv
            # shellcheck disable=SC2086
            env --default-signal=INT,TERM,HUP "$MLCTL" $command > out.txt 2> err.txt &
            pid=$!
            { head -n 1 "$DATA/iris.csv" && yes 5.1,3.5,1.4,0.2,setosa; } > rows 2> /dev/null & # without end
            writer=$!
            soon unfinished
            kill -$signal $pid
            dies "$(kill -l $signal)" wait $pid
            wait $writer || true
            [ -z "$(ls -A | grep '^\.mlctl-')" ]
            [ "$(cat out.csv)" = old ]
        done
    done
}

# bats test_tags=release
@test "a signal at the fsync and at the rename of a save" {
    command -v strace > /dev/null || skip "strace is not installed"
    mlctl train "$DATA/iris.csv" -q > out.txt
    echo old > out.csv
    dies 2 strace -f -o trace.txt -e trace=fsync -e inject=fsync:signal=INT:when=1 "$MLCTL" predict "$DATA/iris.csv" -o out.csv
    [ "$(cat out.csv)" = old ]
    [ -z "$(ls -A | grep '^\.mlctl-')" ]
    dies 15 strace -f -o trace.txt -e trace=renameat -e inject=renameat:signal=TERM:when=1 "$MLCTL" predict "$DATA/iris.csv" -o out.csv
    [ "$(wc -l < out.csv)" -eq 151 ]
    [ -z "$(ls -A | grep '^\.mlctl-')" ]
}

# bats test_tags=release
@test "a signal after the last epoch: the model is kept, and the exit code says interrupted" {
    command -v strace > /dev/null || skip "strace is not installed"
    mlctl train "$DATA/iris.csv" -q -m whole > out.txt
    for signal in INT TERM; do
        dies "$(kill -l $signal)" strace -f -o trace.txt -e trace=fsync -e inject=fsync:signal=$signal:when=1 \
            "$MLCTL" train "$DATA/iris.csv" -q > out.txt 2> err.txt
        cmp model.safetensors whole
        grep -q "interrupted; the model was finished and kept" err.txt
        rm model.safetensors
    done
    # twice is once too often: nothing is kept, and nothing left
    dies 2 strace -f -o trace.txt -e trace=fsync,fchmod -e inject=fchmod:signal=INT:when=1 -e inject=fsync:signal=INT:when=1 \
        "$MLCTL" train "$DATA/iris.csv" -q > out.txt 2> err.txt
    [ -z "$(ls -A | grep -E '^\.mlctl-|model.safetensors')" ]
}
