load common

# What tests/serve/drift.py computes from the rows and the model's histograms is what /metrics and mlctl monitor say.
setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    DRIFT=$BATS_TEST_DIRNAME/drift.py
    export DRIFT
    python3 "$DRIFT" make 20000 0 train.csv
    python3 "$DRIFT" make 100000 1 new.csv
    "$MLCTL" train train.csv -q -m d.safetensors > /dev/null
    "$MLCTL" inspect d.safetensors --json > d.json
}

# predict FIRST LAST: asks for those rows of new.csv
predict() {
    { head -n 1 "$BATS_FILE_TMPDIR/new.csv" && sed -n "$(($1 + 1)),$(($2 + 1))p;$(($2 + 1))q" "$BATS_FILE_TMPDIR/new.csv"; } |
        curl -sS -H 'Content-Type: text/csv' --data-binary @- "$URL/predict" | wc -l
}

@test "PSI and rates after 100,000 shifted rows are those of an offline computation to 1e-9" {
    serve d
    predict 1 40000 > lines & # two connections at a time, so two threads count
    predict 40001 80000
    wait $!
    predict 80001 99990
    for i in {99991..100000}; do predict "$i" "$i"; done
    curl -sS "$URL/metrics" > metrics
    grep -qxF 'mlctl_drift_rows{model="d",model_version="1",window="all"} 100000' metrics
    "$MLCTL" monitor "$BATS_FILE_TMPDIR/new.csv" -m "$BATS_FILE_TMPDIR/d.safetensors" --json > monitor.json
    python3 "$DRIFT" compare "$BATS_FILE_TMPDIR/d.json" "$BATS_FILE_TMPDIR/new.csv" metrics monitor.json all
    jq -e '[.columns[].psi] == ([.columns[].psi] | sort | reverse)' monitor.json
    "$MLCTL" predict "$BATS_FILE_TMPDIR/new.csv" -m "$BATS_FILE_TMPDIR/d.safetensors" -q -o predicted.csv
    python3 "$DRIFT" predictions "$BATS_FILE_TMPDIR/d.json" predicted.csv metrics monitor.json
    stop
    serve d --no-drift
    predict 1 10
    curl -sSf "$URL/metrics" > metrics
    run ! grep mlctl_drift metrics
}

@test "the window has the last rows only" {
    serve d --drift-window 1000
    predict 1 5000
    curl -sS -o /dev/null "$URL/metrics"
    for i in {0..9}; do # the old rows leave as the new ones come
        predict $((50001 + 200 * i)) $((50200 + 200 * i))
        curl -sS "$URL/metrics" > metrics
    done
    rows=$(awk '/^mlctl_drift_rows.*recent/ { print $2 }' metrics)
    ((rows >= 1000 && rows <= 1200))
    { head -n 1 "$BATS_FILE_TMPDIR/new.csv" && sed -n '50002,52001p' "$BATS_FILE_TMPDIR/new.csv" | tail -n "$rows"; } > recent.csv
    "$MLCTL" monitor recent.csv -m "$BATS_FILE_TMPDIR/d.safetensors" --json > monitor.json
    python3 "$DRIFT" compare "$BATS_FILE_TMPDIR/d.json" recent.csv metrics monitor.json recent
}

# log_of CSV: its rows as docs/prediction-log.md has them
log_of() {
    python3 - "$1" "$(jq -r .sha256 "$BATS_FILE_TMPDIR/d.json")" << 'PY'
import csv, json, sys
for n, row in enumerate(csv.DictReader(open(sys.argv[1], newline=""))):
    row = {k: None if v == "" else float(v) if k in ("age", "pets") else v for k, v in row.items() if k != "y"}
    print(json.dumps({"id": "a", "index": n, "digest": sys.argv[2], "row": row, "prediction": 1}))
PY
}

@test "monitor reads prediction logs: what CSV gives, packed, of this model; a gate, and lines that are none" {
    head -n 3001 "$BATS_FILE_TMPDIR/new.csv" > some.csv
    log_of some.csv > some.log
    model=$BATS_FILE_TMPDIR/d.safetensors
    "$MLCTL" monitor some.csv -m "$model" --json > csv.json
    "$MLCTL" monitor some.log -m "$model" --json > log.json
    diff <(jq .columns,.predictions csv.json) <(jq .columns,.predictions log.json)
    jq -e '.predictions | length == 1' log.json
    "$MLCTL" monitor some.csv -m "$model" | grep -qE '^predicted +y +[0-9.]+$'
    gzip -k some.log
    run -1 "$MLCTL" monitor some.log.gz some.log -m "$model" --max-psi 0.2 --json
    jq -e '.rows == 6000 and .above_max_psi == 3 and .columns[0].name == "since"' <<< "$output"
    run -1 "$MLCTL" monitor - -m "$model" --max-psi 0.2 < some.log
    [[ $output == *'3 of 5 columns above PSI 0.2'* ]]
    # a pipe is read once, whole; what is in it cannot be seen in advance, and CSV is to be said
    "$MLCTL" monitor <(cat some.log) -m "$model" --json | jq -e '.rows == 3000'
    "$MLCTL" monitor <(cat some.csv) -m "$model" --json --csv | jq -e '.rows == 3000'
    for pipe in <(cat some.csv) -; do
        run -3 "$MLCTL" monitor "$pipe" -m "$model" < some.csv
        [[ $output == *'does not begin as a prediction log does; give --csv if these are raw rows in CSV'* ]]
    done
    run -0 "$MLCTL" monitor "$BATS_FILE_TMPDIR/train.csv" -m "$model" --max-psi 0.01
    for limit in -1 '' inf nan 0,2; do # of a shell variable that is not set, too
        run -2 "$MLCTL" monitor some.csv -m "$model" "--max-psi=$limit"
    done
    head -n 20 "$BATS_FILE_TMPDIR/train.csv" > few.csv
    run -0 "$MLCTL" monitor few.csv -m "$model"
    [[ $output == *'19 rows are few'* ]]
    sed 's/"digest": "[0-9a-f]*"/"digest": "00"/' some.log > other.log
    run -3 "$MLCTL" monitor other.log -m "$model"
    [[ $output == *'3000 are of others'* ]]
    run -0 "$MLCTL" monitor other.log some.log -m "$model" --json --any-model
    jq -e '.rows == 6000' <<< "$output"
    { head -n 2 some.log; echo '{"row":{"age":"old"}}'; head -n 1 some.log | sed 's/"age": [0-9.]*/"age": "old"/'; echo nothing
        tail -n 1 some.log | head -c 50; } > bad.log
    run -3 "$MLCTL" monitor bad.log -m "$model"
    [[ $output == *'bad.log:3: column "pets" of the model is not in "row"'* ]]
    run -0 --separate-stderr "$MLCTL" monitor bad.log -m "$model" --json --bad-rows quarantine=bad.csv
    jq -e '.rows == 2' <<< "$output"
    [ "$(wc -l < bad.csv)" -eq 4 ]
    grep -F 'column ""age"": expected a number or null, found ""old""' bad.csv
}

# lines N FILE: it has so many
lines() {
    [ "$(cat "$2" 2> /dev/null | wc -l)" -eq "$1" ]
}

# The receiver is down at first, then refuses one: it is tried again until it is taken, and the server goes on all the while.
@test "the webhook is told once when drift passes the threshold and once when it is past" {
    port=$(python3 "$WIRE/receiver.py" 0)
    echo sesame > token
    serve d --drift-window 1000 --alert-webhook "http://127.0.0.1:$port/hooks/s3cret" --alert-token token
    predict 1 2000
    soon grep -q 'webhook: cannot connect to 127.0.0.1 port .*; it is tried again' serve.log
    python3 "$WIRE/receiver.py" "$port" got.jsonl 3>&- &
    RECEIVER=$!
    predict 2001 4000
    soon lines 1 got.jsonl
    jq -e '.path == "/hooks/s3cret" and .authorization == "Bearer sesame"
           and (.body | .event == "drift" and .state == "firing" and .model == "d" and .version == "1" and .psi > .threshold
                        and .threshold == 0.2 and .rows >= 1000 and .columns[0].name == "since" and (.columns | . == sort_by(-.psi)) and .more_columns == 0)' got.jsonl
    [ "$(jq -r .body.digest got.jsonl)" = "$(jq -r .sha256 "$BATS_FILE_TMPDIR/d.json")" ]
    calm() { # rows as in training, a look apart, until it has been said
        curl -sS -o /dev/null -H 'Content-Type: text/csv' --data-binary "@$BATS_FILE_TMPDIR/calm.csv" "$URL/predict"
        lines 2 got.jsonl
    }
    head -n 2001 "$BATS_FILE_TMPDIR/train.csv" > "$BATS_FILE_TMPDIR/calm.csv"
    soon calm
    jq -se '[.[].body.state] == ["firing", "cleared"] and .[1].body.psi < 0.15' got.jsonl
    for i in {1..3}; do # three more looks say nothing
        calm
        sleep 1
    done
    lines 2 got.jsonl
    stop
    kill "$RECEIVER"
    run ! grep -E 's3cret|sesame' serve.log
    gone() { ! pgrep -f "alert-webhook http://127.0.0.1:$port/" > /dev/null; }
    soon gone # the courier ends with the server
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/d.safetensors" --port 0 --alert-webhook ftp://example.org
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/d.safetensors" --port 0 --alert-webhook http://127.0.0.1:1/ --no-drift
}

# columns with names of 900 letters: a document that named 20 of them would be too long
write_long() {
    python3 - "$1" "$2" << 'PY'
import random, sys
rng = random.Random(5)
print(",".join(f"secretive{j}" + "x" * 900 for j in range(24)) + ",y")
for i in range(int(sys.argv[1])):
    print(",".join(str(round(rng.gauss(float(sys.argv[2]), 1), 3)) for j in range(24)) + f",{i % 7}")
PY
}

# courier: the process id of what posts
courier() {
    local pid
    for pid in $(pgrep -f "alert-webhook http://127.0.0.1:$port/"); do
        [ "$(cat "/proc/$pid/comm" 2> /dev/null)" != mlctl-courier ] || echo "$pid"
    done
}

another() { # COURIER: it is not that one any more
    local now
    now=$(courier)
    [[ -n $now && $now != "$1" ]]
}

# to MODEL FILE: its rows are asked for
to() { curl -sS -o /dev/null -H 'Content-Type: text/csv' --data-binary "@$2" "$URL/models/$1/predict"; }

@test "alerts outlive the courier, long names, a receiver that is away, versions that go, and the server's end" {
    mkdir -p models/d/1 models/long/1
    write_long 1500 0 > long.csv
    write_long 1200 3 > long.new.csv
    "$MLCTL" train long.csv -q -m models/long/1/model.safetensors > /dev/null
    cp "$BATS_FILE_TMPDIR/d.safetensors" models/d/1/model.safetensors
    head -n 1201 "$BATS_FILE_TMPDIR/new.csv" > new.csv
    port=$(python3 "$WIRE/receiver.py" 0)
    "$MLCTL" serve models --port 0 --json --drift-window 1000 --alert-webhook "http://127.0.0.1:$port/hook" > serve.json 2> serve.log 3>&- &
    SERVER=$!
    soon started
    URL=http://127.0.0.1:$PORT
    # it was started before the models were read, so it knows nothing of them
    knows() { # PID: a column's name is in its memory
        python3 - "$1" << 'PY'
import sys
pid = sys.argv[1]
try:
    memory = open(f"/proc/{pid}/mem", "rb", 0)
except PermissionError:
    sys.exit(2 if pid != "self" else 1)
for line in open(f"/proc/{pid}/maps"):
    if " rw" not in line:
        continue
    start, end = (int(x, 16) for x in line.split()[0].split("-"))
    if end - start > 1 << 30: # what a sanitizer has set aside
        continue
    try:
        memory.seek(start)
        if b"secretive" + b"7xxxx" in memory.read(end - start):
            sys.exit(0)
    except OSError:
        pass
sys.exit(1)
PY
    }
    status=0
    knows "$SERVER" || status=$?
    if [ "$status" -ne 2 ]; then # 2: the kernel does not let us look
        [ "$status" -eq 0 ]
        run -1 knows "$(courier)"
    fi
    # it is killed while nothing is on its way, and again when something is
    first=$(courier)
    kill -9 "$first"
    soon another "$first"
    grep -q 'webhook: its process has died; another one is started' serve.log
    to long long.new.csv
    soon grep -q 'webhook: cannot connect to 127.0.0.1 port .*; it is tried again' serve.log
    python3 "$WIRE/receiver.py" "$port" got.jsonl 0.2 3>&- &
    RECEIVER=$!
    soon lines 1 got.jsonl
    jq -e '.body | .state == "firing" and .reason == "psi" and .model == "long" and (.columns | length == 10) and .more_columns == 14' got.jsonl
    # columns with such names have no samples, and are counted
    curl -sS "$URL/metrics" > metrics
    grep -qxF 'mlctl_drift_columns_left_out{model="long",model_version="1"} 24' metrics
    grep -qxF 'mlctl_drift_columns_left_out{model="d",model_version="1"} 0' metrics
    run ! grep -F secretive metrics
    grep -qF 'mlctl_drift_psi_max{model="long",model_version="1",window="recent"}' metrics
    # another file in place of the one that drifts, and a model that goes
    to d new.csv
    soon lines 2 got.jsonl
    "$MLCTL" train "$BATS_FILE_TMPDIR/train.csv" -q --seed 5 -m next.safetensors > /dev/null
    mv next.safetensors models/d/1/model.safetensors
    soon lines 3 got.jsonl
    rm -r models/long
    soon lines 4 got.jsonl
    jq -se '[.[1:][] | .body | [.model, .state, .reason, .psi == null]] == [["d", "firing", "psi", false],
        ["d", "cleared", "replaced", true], ["long", "cleared", "removed", true]]' got.jsonl
    # what waits when the server ends is delivered before it has ended
    kill "$RECEIVER"
    wait "$RECEIVER" || true
    before=$(grep -c 'it is tried again' serve.log)
    to d new.csv
    waits() { [ "$(grep -c 'it is tried again' serve.log)" -gt "$before" ]; }
    soon waits
    python3 "$WIRE/receiver.py" "$port" got.jsonl 0.5 3>&- &
    RECEIVER=$!
    listens() { (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; }
    soon listens
    stop
    lines 5 got.jsonl
    kill "$RECEIVER"
    jq -se '.[4].body | .model == "d" and .state == "firing"' got.jsonl
    run ! grep 'not delivered' serve.log
}

@test "the webhook is told when too many requests fail" {
    port=$(python3 "$WIRE/receiver.py" 0)
    python3 "$WIRE/receiver.py" "$port" got.jsonl 0.01 3>&- &
    RECEIVER=$!
    serve d --alert-error-rate 0.05 --alert-webhook "http://127.0.0.1:$port/hook" --request-timeout 0.0000001
    fails() { # until a look has seen twenty of them come
        for i in {1..20}; do predict 1 2 > /dev/null; done
        lines 1 got.jsonl
    }
    soon fails
    kill "$RECEIVER"
    jq -e '.body | .event == "error_rate" and .state == "firing" and .rate == 1 and .requests >= 20 and .failed == .requests
           and .threshold == 0.05 and .seconds == 60' got.jsonl
    grep -q 'requests of the last minute failed, above the share of 0.05' serve.log
    run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/d.safetensors" --port 0 --alert-error-rate 5
}
