# Shared by the tests of the program: where it is, where the data is, and a folder of its own for each test.
export LC_ALL=C.UTF-8 # whatever the login says: bars, iconv and sort are the same everywhere
MLCTL=${MLCTL:-$BATS_TEST_DIRNAME/../../build/release/mlctl}
DATA=$BATS_TEST_DIRNAME/../../datasets
NUMERIC=$BATS_TEST_DIRNAME/../numeric

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

mlctl() { "$MLCTL" "$@"; }

# fails CODE TEXT COMMAND...: the exit code, the text on stderr, one error line, nothing on stdout
fails() {
    local code=$1 text=$2
    shift 2
    local status=0
    "$@" > stdout.txt 2> stderr.txt || status=$?
    [[ $status -eq $code ]] || { echo "exit $status, expected $code"; cat stderr.txt; return 1; }
    grep -qF -- "$text" stderr.txt || { echo "no \"$text\" in:"; cat stderr.txt; return 1; }
    [[ ! -s stdout.txt ]] || { echo "stdout:"; cat stdout.txt; return 1; }
}

# near A B TOLERANCE: |A - B| <= TOLERANCE * max(1, |B|)
near() {
    awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; m = b < 0 ? -b : b; if (m < 1) m = 1; exit !(d <= t * m) }' ||
        { echo "$1 is not near $2 (tolerance $3)"; return 1; }
}

# soon COMMAND...: waits until it holds, a minute at most: what a slow machine is late with is not wrong
soon() {
    local tries
    for ((tries = 0; tries < 1200; tries++)); do
        ! "$@" || return 0
        sleep 0.05
    done
    echo "a minute has passed without: $*"
    return 1
}

# holds TEXT FILE: the file is there, and the text is in it
holds() { grep -qsF -- "$1" "$2"; }

# kills RUN COUNT: kills.py with all ways of ending a run that this build bears: sanitizers and strace do not go together
kills() {
    local how=clock,call,stop,twice
    if ! command -v strace > /dev/null || ldd "$MLCTL" | grep -qE 'lib[at]san'; then how=clock,stop,twice; fi
    python3 "$BATS_TEST_DIRNAME/kills.py" "$MLCTL" "$1" "$2" "$how"
}

# start_server: serves model.safetensors on a free port; sets server (its pid, killed by teardown) and port
start_server() {
    rm -f serve.txt # of a server before
    "$MLCTL" serve -q --port 0 > serve.txt &
    server=$!
    soon grep -qs '^serving.*:[0-9]*$' serve.txt
    port=$(sed -n 's/^serving.*:\([0-9]*\)$/\1/p' serve.txt)
}

stop_server() {
    kill "$server"
    wait "$server"
    server=
}

teardown() {
    [[ -z ${server-} ]] || kill "$server" 2> /dev/null || true
}
