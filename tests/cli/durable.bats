bats_require_minimum_version 1.5.0
load common

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
        if cmp -s model.safetensors old; then kept=$((kept + 1)); else cmp model.safetensors new; replaced=$((replaced + 1)); fi
    done
    echo "# old model kept $kept times, replaced $replaced times" >&3
    [ $((kept + replaced)) -eq 200 ]
    [ "$kept" -gt 0 ] && [ "$replaced" -gt 0 ]
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
    mlctl train "$DATA/iris.csv" -q --seed 1 > out.txt
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
