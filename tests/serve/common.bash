# Shared by the tests of the server: a model, a server on a free port, and the clients: curl, and Python for raw bytes.
bats_require_minimum_version 1.5.0

export LC_ALL=C.UTF-8 # whatever the login says: bars, iconv and sort are the same everywhere
MLCTL=${MLCTL:-$BATS_TEST_DIRNAME/../../build/release/mlctl}
export WIRE=$BATS_TEST_DIRNAME/wire

# Once a file: a regression (the mean of x and y, nearly), a classification with every type of column, and two labels.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    awk 'BEGIN { print "x,y,z"; for (i = 0; i < 100; i++) { x = i % 10; y = int(i / 10); print x "," y "," (x + y) / 2 } }' > mean.csv
    awk 'BEGIN { print "age,city,when,answer"; split("Oslo Rome Lima", city, " ")
                 for (i = 0; i < 120; i++) { a = 20 + i % 41; c = city[i % 3 + 1]
                     print a "," c ",2024-0" (i % 9 + 1) "-01," (a > 40 || c == "Rome" ? "yes" : "no") } }' > people.csv
    awk 'BEGIN { print "x,y,big,\"odd, \"\"sum\"\"\""; for (i = 0; i < 100; i++) { x = i % 10; y = int(i / 10)
                 print x "," y "," (x + y > 9 ? "yes" : "no") "," (x + y) % 2 } }' > labels.csv
    "$MLCTL" train mean.csv -q -m mean.safetensors > /dev/null
    "$MLCTL" train people.csv -q -m people.safetensors > /dev/null
    "$MLCTL" train labels.csv -t 'big,odd\, "sum"' -q -m labels.safetensors > /dev/null
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
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

# or_skip ARG...: runs it; a test that cannot be made here, which it says with 77, is skipped
or_skip() {
    local status=0
    "$@" || status=$?
    [ "$status" -ne 77 ] || skip "it cannot be made so here"
    return "$status"
}

# started: the server has said its port, or it has ended
started() {
    { PORT=$(jq -r .port serve.json 2> /dev/null) && [ -n "$PORT" ]; } || ! kill -0 "$SERVER" 2> /dev/null
}

# serve MODEL OPTION...: starts a server; sets PORT, URL and SERVER (its process id)
serve() {
    local model=$BATS_FILE_TMPDIR/$1.safetensors
    shift
    "$MLCTL" serve "$model" --port 0 --json "$@" > serve.json 2> serve.log 3>&- &
    SERVER=$!
    soon started
    URL=http://127.0.0.1:$PORT
    [ -n "$PORT" ] || { cat serve.log; return 1; }
}

# ended: the server ends, and ends well: nothing left undone, nothing a sanitizer has seen
ended() {
    local status=0 server=$SERVER
    SERVER=
    PORT=
    rm -f serve.json
    wait "$server" || status=$?
    [ "$status" -eq 0 ] || { echo "the server ended with $status"; cat serve.log; return 1; }
}

stop() {
    kill -TERM "$SERVER"
    ended
}

teardown() {
    [ -z "${SERVER:-}" ] || stop
}

# json BODY [CURL-OPTION...]: POST /predict, the reply's body
json() {
    local body=$1
    shift
    curl -sS -H 'Content-Type: application/json' -d "$body" "$@" "$URL/predict"
}

# code CURL-OPTION... : the HTTP status alone
code() {
    curl -sS -o /dev/null -w '%{http_code}' "$@"
}
