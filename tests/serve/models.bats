load common

# A folder of models: mean with versions 1, 9 and 10, of which each gives its own number for x 1 and y 2, and people.
eval "common_$(declare -f setup_file)"
setup_file() {
    common_setup_file
    local v
    for v in 1 9 10; do
        mkdir -p "models/mean/$v"
        awk -v v=$v -F, 'NR == 1 { print; next } { print $1 "," $2 "," ($1 + $2 - 3) / 2 + v }' mean.csv > "mean.$v.csv"
        "$MLCTL" train "mean.$v.csv" -q --l2 0 --split none -m "models/mean/$v/model.safetensors" > /dev/null
    done
    mkdir -p models/people/2024.1 models/empty models/.hidden/1 models/mean/copying
    cp people.safetensors models/people/2024.1/model.safetensors
    cp people.safetensors models/.hidden/1/model.safetensors
    echo text > models/README
}

# serve_all ARGUMENT...: as serve, but the models are arguments
serve_all() {
    "$MLCTL" serve --port 0 --json "$@" > serve.json 2> serve.log 3>&- &
    SERVER=$!
    soon started
    URL=http://127.0.0.1:$PORT
    [ -n "$PORT" ] || { cat serve.log; return 1; }
}

# one PATH: the prediction of a row of mean by the simple protocol, as a whole number
one() { curl -sS -H 'Content-Type: application/json' -d '{"x":1,"y":2}' "$URL$1" | jq '.prediction | round'; }

@test "several models by name, through every protocol" {
    serve_all mean="$BATS_FILE_TMPDIR/models/mean/9/model.safetensors" who="$BATS_FILE_TMPDIR/people.safetensors"
    jq -e '[.models[] | [.name, .version]] == [["mean","1"],["who","1"]] and .name == "mean"' serve.json
    [ "$(one /predict)" = 9 ]
    [ "$(one /models/mean/predict)" = 9 ]
    person='{"age":31,"city":"Oslo","when":"2024-01-01"}'
    curl -sS -H 'Content-Type: application/json' -d "$person" "$URL/models/who/predict" | jq -e '.prediction == "no"'
    curl -sS -H 'Content-Type: application/json' -d "{\"instances\":[$person]}" "$URL/models/who/invoke" |
        jq -e '.predictions[0].prediction == "no"'
    curl -sS -d "{\"instances\":[$person]}" "$URL/v1/models/who:predict" | jq -e '.predictions[0].prediction == "no"'
    curl -sS -d '{"instances":[[1,2]]}' "$URL/v1/models/mean:predict" | jq -e '.predictions[0] | round == 9'
    curl -sS -d '{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1,2]}]}' "$URL/v2/models/mean/infer" |
        jq -e '.model_name == "mean" and (.outputs[0].data[0] | round == 9)'
    curl -sS "$URL/model" | jq -e '.name == "mean"'
    curl -sS "$URL/models/who" | jq -e '.name == "who" and .task == "classification"'
    curl -sS "$URL/models" | jq -e '[.models[].modelName] == ["mean", "who"]'
    curl -sS "$URL/v2/models" | jq -e '.models == ["mean", "who"]'
    [ "$(code "$URL/models/nobody")" = 404 ]
    [ "$(code -d '{"instances":[[1,2]]}' "$URL/v1/models/nobody:predict")" = 404 ]
}

@test "predictions say by X-Model-Digest which model they are of, in every protocol, and nothing else does" {
    cp "$BATS_FILE_TMPDIR/mean.9.csv" twin.csv
    "$MLCTL" train twin.csv -q --l2 0 --split none -m twin.safetensors > /dev/null # its answers are the same
    serve_all mean="$BATS_FILE_TMPDIR/models/mean/9/model.safetensors" twin=twin.safetensors --threads 1
    # digest_in STATUS CURL-OPTION...: what the answer's head says
    digest_in() {
        local status=$1
        shift
        [ "$(curl -sS -o /dev/null -D head.txt -w '%{http_code}' "$@")" = "$status" ] || { echo "no $status: $*" >&2; return 1; }
        tr -d '\r' < head.txt | sed -n 's/^X-Model-Digest: //p'
    }
    awk 'BEGIN { print "x,y"; for (i = 0; i < 20000; i++) print "1,2" }' > many.csv
    for name in mean twin mean; do
        sha256=$(curl -sS "$URL/models/$name" | jq -r .sha256)
        [[ $sha256 =~ ^[0-9a-f]{64}$ ]]
        for _ in 1 2; do # a response of its own, and one that is kept
            while read -r path type body; do
                [ "$(digest_in 200 -H "Content-Type: $type" -d "$body" "$URL/$path")" = "$sha256" ] || { echo "$path"; cat head.txt; return 1; }
            done <<- TABLE
				models/$name/predict application/json {"x":1,"y":2}
				models/$name/versions/1/predict application/json [{"x":1,"y":2},{"x":3,"y":4}]
				models/$name/predict application/jsonlines {"x":1,"y":2}
				models/$name/explain application/json {"x":1,"y":2}
				models/$name/invoke application/json {"instances":[[1,2]]}
				v1/models/$name:predict application/json {"instances":[[1,2]]}
				v2/models/$name/infer application/json {"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[1,2]}]}
			TABLE
            [ "$(digest_in 200 -H 'Content-Type: text/csv' --data-binary @many.csv "$URL/models/$name/predict")" = "$sha256" ]
            [ -z "$(digest_in 400 --json '{"x":1,"y":"a"}' "$URL/models/$name/predict")" ]
            [ -z "$(digest_in 200 "$URL/models/$name")" ]
        done
    done
    [ -z "$(digest_in 200 -d '' "$URL/v2/repository/index")" ]
    stop
    serve_all "$BATS_FILE_TMPDIR/models" --canary mean=10:50%
    for i in {1..20}; do
        answer=$(curl -sS -D head.txt --json "{\"x\":1,\"y\":2,\"row\":$i}" "$URL/models/mean/predict" | jq '.prediction | round')
        echo "$answer $(tr -d '\r' < head.txt | sed -n 's/^X-Model-Digest: //p')"
    done | sort -u > answers
    [ "$(cat answers)" = "$(for v in 10 9; do echo "$v $(curl -sS "$URL/models/mean/versions/$v" | jq -r .sha256)"; done)" ]
}

@test "a folder of models: versions side by side, the newest answers" {
    serve_all "$BATS_FILE_TMPDIR/models"
    [ "$(one /predict)" = 10 ]
    [ "$(one /models/mean/versions/1/predict)" = 1 ]
    [ "$(one /models/mean/versions/9/predict)" = 9 ]
    [ "$(code "$URL/models/mean/versions/2")" = 404 ]
    curl -sS "$URL/v2/models/mean" | jq -e '.versions == ["1", "9", "10"]'
    curl -sS "$URL/v2/models/mean/versions/9/ready" | jq -e .ready
    curl -sS "$URL/v1/models/mean" | jq -e '[.model_version_status[] | .version] == ["10", "9", "1"]'
    curl -sS "$URL/v1/models/mean/versions/9" | jq -e '[.model_version_status[] | .version] == ["9"]'
    curl -sS -d '' "$URL/v2/repository/index" | jq -e '[.[] | .name + "/" + .version] == ["mean/10", "mean/9", "mean/1", "people/2024.1"]'
    curl -sS -d '{"instances":[[1,2]]}' "$URL/v1/models/mean/versions/9:predict" | jq -e '.predictions[0] | round == 9'
    curl -sS "$URL/metrics" > metrics.txt
    for line in 'mlctl_model_requests_total{model="mean",model_version="10",outcome="success"} 1' \
        'mlctl_model_requests_total{model="mean",model_version="9",outcome="success"} 2' \
        'mlctl_model_requests_total{model="mean",model_version="9",outcome="failure"} 0' \
        'mlctl_model_rows_total{model="people",model_version="2024.1"} 0' \
        'mlctl_model_request_duration_seconds_count{model="mean",model_version="1",protocol="predict"} 1'; do
        grep -qxF "$line" metrics.txt || { echo "no $line"; cat metrics.txt; return 1; }
    done
    stop
    serve_all --versions 2 average="$BATS_FILE_TMPDIR/models/mean"
    curl -sS "$URL/v2/models/average" | jq -e '.versions == ["9", "10"]'
}

@test "a version that is damaged is not served, the others are; a model without any ends the start" {
    cp -r "$BATS_FILE_TMPDIR/models" .
    echo damaged > models/mean/10/model.safetensors
    serve_all models
    [ "$(one /predict)" = 9 ]
    grep -q 'models/mean/10/model.safetensors is not served: ' serve.log
    curl -sS -d '' "$URL/v2/repository/index" |
        jq -e '.[0] | .version == "10" and .state == "UNAVAILABLE" and (.reason | length > 0)'
    curl -sS "$URL/v1/models/mean" | jq -e '.model_version_status[0] | .state == "END" and .status.error_code == "UNKNOWN"'
    stop
    echo damaged > models/people/2024.1/model.safetensors
    run -4 "$MLCTL" serve models --port 0
    run -5 "$MLCTL" serve mean="$BATS_TEST_TMPDIR" --port 0
    [[ $output == *"no model is in the folder"* ]]
    run -2 "$MLCTL" serve a="$BATS_FILE_TMPDIR/mean.safetensors" a="$BATS_FILE_TMPDIR/people.safetensors" --port 0
    [[ $output == *'two models are named "a"'* ]]
    run -2 "$MLCTL" serve --name a "$BATS_FILE_TMPDIR/models" --port 0
}

@test "a model file is replaced under load: no request fails, a damaged one changes nothing" {
    local of=$BATS_FILE_TMPDIR/models/mean
    cp "$of/1/model.safetensors" live.safetensors
    head -c 300 live.safetensors > damaged.safetensors
    serve_all live.safetensors
    python3 "$WIRE/swap.py" "$PORT" "$SERVER" live.safetensors 24 "$of/1/model.safetensors" "$of/9/model.safetensors" damaged.safetensors
    [ "$(grep -c 'is not served, the one before it still is' serve.log)" -ge 6 ]
    curl -sS "$URL/metrics" | grep -qx 'mlctl_model_requests_total{model="live",model_version="1",outcome="failure"} 0'
}

# newest NAME VERSION: the version that answers is this one
newest() { [ "$(curl -sS "$URL/models/$1" | jq -r .version)" = "$2" ]; }

@test "versions and models that come and go are noticed" {
    cp -r "$BATS_FILE_TMPDIR/models" .
    serve_all models
    newest mean 10
    mkdir models/mean/11
    cp models/mean/9/model.safetensors models/mean/11/
    soon newest mean 11
    grep -q 'mean version 11 is served of models/mean/11/model.safetensors, digest ' serve.log
    run ! grep -q 'mean version 9 is served of' serve.log # that is what the start says
    rm -r models/mean/11 models/mean/10
    soon newest mean 9
    [ "$(code "$URL/models/mean/versions/10")" = 404 ]
    mkdir -p models/late
    mkdir models/late/1
    cp models/mean/1/model.safetensors models/late/1/next
    mv models/late/1/next models/late/1/model.safetensors
    soon newest late 1
    rm -r models/late
    gone() { [ "$(code "$URL/models/late")" = 404 ]; }
    soon gone
    # the last of all stays; all at once, or what goes last would be the last
    mv models away
    kill -HUP "$SERVER"
    gone_folder() { grep -q 'models: No such file' serve.log; }
    soon gone_folder
    newest mean 9
}

# admin NAME WHAT: the status of a change that is asked for with the admin key
admin() { code -X POST -H "Authorization: Bearer $TOKEN" "$URL/v2/repository/models/$1/$2" -d ''; }

with_key() {
    "$MLCTL" token new --name boss --scopes admin --json > token.json
    jq -r .line token.json > keys
    TOKEN=$(jq -r .token token.json)
}

@test "changes that wait for the disk hold up nobody" {
    with_key
    serve mean --tokens keys --open predict,metrics --threads 1 --audit-log audit.log
    or_skip python3 "$WIRE/change.py" "$PORT" "$TOKEN" audit.log
    stop
    [ "$(jq -r 'select(.by == "request") | .outcome' audit.log | sort | uniq -c | tr -s ' ' | tr '\n' ';')" = ' 8 done; 8 refused;' ]
}

@test "load, unload and rollback of versions, for the admin key alone" {
    cp -r "$BATS_FILE_TMPDIR/models" .
    serve_all models
    [ "$(code -X POST "$URL/v2/repository/models/mean/unload" -d '')" = 403 ]
    stop
    with_key
    serve_all models --tokens keys --open predict,metrics
    [ "$(code -X POST "$URL/v2/repository/models/mean/unload" -d '')" = 401 ]
    [ "$(one /models/mean/versions/10/predict)" = 10 ]
    counts() { curl -sS "$URL/metrics" | grep -qxF 'mlctl_model_rows_total{model="mean",model_version="10"} 1'; }
    counts
    [ "$(admin mean unload)" = 200 ]
    [ "$(code "$URL/models/mean")" = 404 ]
    # as long as any model answers the server is ready
    [ "$(code "$URL/readyz")" = 200 ]
    [ "$(admin people unload)" = 200 ]
    [ "$(code "$URL/readyz")" = 503 ]
    curl -sS "$URL/readyz" | grep -q 'no model is loaded'
    curl -sS "$URL/v2/health/ready" | jq -e '.ready == false and .error == "no model is loaded"'
    [ "$(code "$URL/ping")" = 503 ]
    curl -sS "$URL/metrics" | grep -qx 'mlctl_ready 0'
    [ "$(code "$URL/healthz")" = 200 ]
    [ "$(admin people load)" = 200 ]
    [ "$(code "$URL/readyz")" = 200 ]
    curl -sS -d '' "$URL/v2/repository/index" | jq -e '.[0] | .state == "UNAVAILABLE" and .reason == "unloaded"'
    kill -HUP "$SERVER"
    again() { grep -q 'all models have been read again' serve.log; }
    soon again
    [ "$(code "$URL/models/mean")" = 404 ]
    [ "$(admin mean load)" = 200 ]
    newest mean 10
    counts
    [ "$(admin mean rollback)" = 200 ]
    newest mean 9
    [ "$(one /models/mean/versions/10/predict)" = 10 ]
    [ "$(admin mean rollback)" = 200 ]
    newest mean 1
    [ "$(admin mean rollback)" = 400 ]
    newest mean 1
    kill -HUP "$SERVER"
    mkdir models/mean/11
    cp models/mean/9/model.safetensors models/mean/11/
    soon newest mean 11
    [ "$(admin mean rollback)" = 200 ]
    newest mean 1
    [ "$(admin mean load)" = 200 ]
    newest mean 11
    # what Triton's clients can send along is not taken, and does not look as if it were
    while read -r status body; do
        [ "$(code -d "$body" -H "Authorization: Bearer $TOKEN" "$URL/v2/repository/models/mean/load")" = "$status" ] || { echo "$body"; return 1; }
    done <<- 'TABLE'
		200 {"parameters":{"unload_dependents":false}}
		200 {}
		400 {"parameters":{"config":"{}"}}
		400 {"parameters":{"a":1,"file:1/model.safetensors":"AAAA"}}
		400 {"parameters":7}
		400 nonsense
	TABLE
    newest mean 11
    curl -sS -d '{"ready":true}' "$URL/v2/repository/index" | jq -e 'map(.name) | unique == ["mean", "people"]'
    [ "$(admin people unload)" = 200 ]
    curl -sS -d '{"ready":true}' "$URL/v2/repository/index" | jq -e 'map(.name) | unique == ["mean"]'
    curl -sS -d '{"ready":false}' "$URL/v2/repository/index" | jq -e 'map(.name) | unique == ["mean", "people"]'
    [ "$(admin nobody load)" = 400 ]
    [ "$(admin nobody unload)" = 400 ]
    [ "$(admin ..%2fmean load)" = 404 ]
}

@test "mlctl rollback, load and unload ask a server" {
    with_key
    jq -r .token token.json > boss.token
    echo nonsense > wrong.token
    : > empty.token
    serve_all "$BATS_FILE_TMPDIR/models" --tokens keys --open predict,metrics
    "$MLCTL" rollback "$URL" mean --token-file boss.token > said # which version answers now, and which did before
    grep -qE '^rollback +of mean version 9 \([0-9a-f]{12}\) answers now; before version 10 \([0-9a-f]{12}\)$' said
    newest mean 9
    "$MLCTL" rollback "$URL/" mean --token-file boss.token --json > said
    jq -e --argjson was "$(curl -sS "$URL/models/mean/versions/9")" '.done and .name == "mean" and .now.version == "1" and
        .before == {version: "9", sha256: $was.sha256}' said
    newest mean 1
    run -1 --separate-stderr "$MLCTL" rollback "$URL" mean --token-file boss.token
    [[ $stderr == 'mlctl rollback: the server answered 400: '*'nothing to go back to'* ]]
    run -0 "$MLCTL" unload "$URL" mean --token-file boss.token
    [[ $output == *'of mean nothing answers now; before version 1 ('* ]]
    [ "$(code "$URL/models/mean")" = 404 ]
    "$MLCTL" load "$URL" mean --token-file boss.token
    newest mean 10
    run -1 "$MLCTL" rollback "$URL" mean --token-file wrong.token
    [[ $output == *'401'*'not known'* ]]
    run -1 "$MLCTL" load "$URL" nobody --token-file boss.token --json
    jq -e '.done == false and .status == 400' <<< "$output"
    # one warning where strangers can read the token on the way, and none where not
    run ! grep -q 'plain HTTP' serve.log
    run -0 --separate-stderr "$MLCTL" load "http://0.0.0.0:$PORT" mean --token-file boss.token
    [[ $stderr == *'the token goes to http://0.0.0.0:'*'in plain HTTP'* && $(grep -c 'plain HTTP' <<< "$stderr") -eq 1 ]]
    for options in '--tokens keys --address 0.0.0.0' '--alert-token boss.token --alert-webhook http://192.0.2.1/'; do
        # shellcheck disable=SC2086 # words
        run -5 --separate-stderr "$MLCTL" serve nothing.safetensors $options
        [[ $(grep -c 'in plain HTTP, where whoever is on the way can read' <<< "$stderr") -eq 1 ]] || { echo "$stderr"; return 1; }
    done
    run -2 "$MLCTL" rollback "$URL" mean
    run -2 "$MLCTL" rollback "$URL" mean --token-file empty.token
    run -2 "$MLCTL" rollback "$URL" ../mean --token-file boss.token
    run -2 "$MLCTL" rollback nowhere mean --token-file boss.token
    run -5 "$MLCTL" rollback "$URL" mean --token-file none.token
    run -5 "$MLCTL" rollback http://127.0.0.1:1 mean --token-file boss.token
}

@test "rollback of a file goes to what it was, until another takes its place" {
    local of=$BATS_FILE_TMPDIR/models/mean
    cp "$of/1/model.safetensors" live.safetensors
    with_key
    serve_all live.safetensors --tokens keys --open predict,metrics
    gives() { [ "$(one /predict)" = "$1" ]; }
    [ "$(admin live rollback)" = 400 ]
    cp "$of/9/model.safetensors" next && mv next live.safetensors
    soon gives 9
    [ "$(admin live rollback)" = 200 ]
    gives 1
    kill -HUP "$SERVER"
    again() { grep -q 'all models have been read again' serve.log; }
    soon again
    gives 1
    cp "$of/10/model.safetensors" next && mv next live.safetensors
    soon gives 10
    echo damaged > live.safetensors
    [ "$(admin live load)" = 400 ]
    gives 10
}

@test "a model that does not predict what it did when it was made is refused" {
    local of=$BATS_FILE_TMPDIR/models/mean
    python3 "$WIRE/reweigh.py" "$of/9/model.safetensors" wrong.safetensors
    "$MLCTL" inspect wrong.safetensors > /dev/null
    run -4 "$MLCTL" verify wrong.safetensors
    [[ $output == *'wrong.safetensors: the self-test fails: for row 1 '* ]]
    run -4 timeout 60 "$MLCTL" serve wrong.safetensors --port 0
    cp "$of/1/model.safetensors" live.safetensors
    serve_all live.safetensors
    mv wrong.safetensors live.safetensors
    said() { grep -q 'is not served, the one before it still is: .*the self-test fails' serve.log; }
    soon said
    [ "$(one /predict)" = 1 ]
    curl -sS "$URL/metrics" | grep -qx 'mlctl_model_loads_total{outcome="refused"} 1'
}

# metric NAME VALUE [LABEL]: that sample of mean, version 10, has the value
metric() { curl -sS "$URL/metrics" | grep -qxF "mlctl_shadow_$1{model=\"mean\",model_version=\"10\"${3:+,$3}} $2"; }

@test "a shadow predicts what the model is asked, and how they differ is counted" {
    serve_all "$BATS_FILE_TMPDIR/models" --shadow mean=10 --label mean:stable=1 --label mean:next=10
    newest mean 9
    [ "$(one /predict)" = 9 ]
    json '[{"x":1,"y":2},{"x":3,"y":4}]' > /dev/null
    curl -sS -H 'Content-Type: text/csv' --data-binary $'x,y\n1,2\n' "$URL/predict" > /dev/null
    curl -sS -d '{"instances":[[1,2]]}' "$URL/v1/models/mean:predict" > /dev/null
    curl -sS -d '{"inputs":[{"name":"input-0","shape":[3,2],"datatype":"FP64","data":[1,2,3,4,5,6]}]}' "$URL/v2/models/mean/infer" > /dev/null
    # those that say a version, that fail, or are for another model are none
    [ "$(one /models/mean/versions/9/predict)" = 9 ]
    [ "$(code -H 'Content-Type: application/json' -d '{"x":1}' "$URL/predict")" = 400 ]
    curl -sS -H 'Content-Type: application/json' -d '{"age":31,"city":"Oslo","when":"2024-01-01"}' "$URL/models/people/predict" > /dev/null
    soon metric requests_total 5 'outcome="compared"'
    metric rows_total 8
    metric disagreements_total 8
    metric disagreement_ratio 1
    curl -sS "$URL/metrics" | awk '/^mlctl_shadow_mean_absolute_difference\{/ { exit !($2 > 0.999999 && $2 < 1.000001) }'
    curl -sS "$URL/metrics" | grep -qxF 'mlctl_model_rows_total{model="mean",model_version="10"} 0'
    # labels
    [ "$(one /models/mean/versions/10/predict)" = 10 ]
    for of in stable:1 next:10 latest:9; do
        curl -sS -d '{"instances":[[1,2]]}' "$URL/v1/models/mean/labels/${of%:*}:predict" | jq -e ".predictions[0] | round == ${of#*:}"
        curl -sS "$URL/v1/models/mean/labels/${of%:*}" | jq -e "[.model_version_status[].version] == [\"${of#*:}\"]"
    done
    curl -sS "$URL/v1/models/mean/labels/stable/metadata" | jq -e '.model_spec.version == "1"'
    curl -sS -d '{"examples":[{"x":1,"y":2}]}' "$URL/v1/models/mean/labels/stable:regress" | jq -e '.results[0] | round == 1'
    [ "$(code -d '{"instances":[[1,2]]}' "$URL/v1/models/mean/labels/none:predict")" = 404 ]
    [ "$(code -d '{"instances":[[1,2]]}' "$URL/v1/models/nobody/labels/latest:predict")" = 404 ]
    stop
    # of classes; a shadow with another schema cannot read the rows, and no client is told
    mkdir -p who/1 who/2 who/3
    sed 's/,yes$/,YES/; s/,no$/,yes/; s/,YES$/,no/' "$BATS_FILE_TMPDIR/people.csv" > other.csv
    "$MLCTL" train other.csv -q -m who/2/model.safetensors > /dev/null
    cp "$BATS_FILE_TMPDIR/people.safetensors" who/1/model.safetensors
    cp "$BATS_FILE_TMPDIR/mean.safetensors" who/3/model.safetensors
    serve_all mean=who --shadow mean=2 --versions 3 --canary mean=3:0%
    soon newest mean 1
    person='{"age":31,"city":"Oslo","when":"2024-01-01"}'
    json "[$person,$person]" | jq -e '.[0].prediction == "no"'
    same() { curl -sS "$URL/metrics" | grep -qxF 'mlctl_shadow_disagreements_total{model="mean",model_version="2"} 2'; }
    soon same
    curl -sS "$URL/metrics" > metrics.txt
    run ! grep -q '^mlctl_shadow_mean_absolute_difference{' metrics.txt
    stop
    serve_all mean=who --shadow mean=3 --canary mean=2:0%
    json "[$person,$person]" | jq -e '.[0].prediction == "no"'
    failed() { curl -sS "$URL/metrics" | grep -qxF 'mlctl_shadow_requests_total{model="mean",model_version="3",outcome="failed"} 1'; }
    soon failed
    stop
    for bad in '--shadow mean' '--shadow =2' '--shadow maen=2' '--label mean=2' '--label mean:=2' '--label nobody:a=2'; do
        run -2 timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/models" $bad --port 0
    done
}

@test "any number of canaries, shadows and labels is taken, none is dropped without a word" {
    local options=() flag i
    for i in $(seq 300); do
        options+=(--label "mean:l$i=1")
    done
    serve_all "$BATS_FILE_TMPDIR/models" "${options[@]}" --label mean:last=9
    jq -e '[.models[] | select(.version == "1").labels | length] == [300]' serve.json
    curl -sS -d '{"instances":[[1,2]]}' "$URL/v1/models/mean/labels/last:predict" | jq -e '.predictions[0] | round == 9'
    stop
    for flag in canary=mean=9:1% shadow=mean=9; do
        options=()
        for i in $(seq 300); do
            options+=("--$flag")
        done
        run -2 timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/models" "${options[@]}" "--${flag%%=*}" nonsense --port 0
        [[ $output == *"--${flag%%=*} \"nonsense\" is not like "* ]]
    done
    run -2 timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/models" --label mean:a=1 --label mean:b=1 --label mean:a=9 --port 0
    [[ $output == *'--label: "mean:a" is there twice; it means one version'* ]]
}

@test "statistics count rows, requests and failures of each version" {
    serve_all "$BATS_FILE_TMPDIR/models"
    json '[{"x":1,"y":2},{"x":1,"y":3}]' > /dev/null
    json '{"x":1}' > /dev/null
    one /models/mean/versions/9/predict > /dev/null
    curl -sS "$URL/v2/models/mean/versions/10/stats" | jq -e '.model_stats | length == 1 and (.[0] | .inference_count == 2 and
        .execution_count == 1 and .inference_stats.success.count == 1 and .inference_stats.fail.count == 1 and
        .inference_stats.compute_infer.ns > 0 and (.batch_stats | length == 1 and (.[0] | .batch_size == 2 and
        .compute_infer.count == 1 and .compute_infer.ns > 0)) and .last_inference > 1e12)'
    curl -sS "$URL/v2/models/mean/stats" | jq -e '[.model_stats[] | .inference_count] == [2, 1, 0]'
    curl -sS "$URL/v2/models/stats" | jq -e '[.model_stats[] | .name] == ["mean", "mean", "mean", "people"]'
}

# ask_many [HEADER]: 300 rows, one a request; versions that answered, a line each
ask_many() {
    local i
    for i in $(seq 300); do
        printf 'next\nsilent\nurl = "%s/v2/models/mean/infer"\nheader = "%s"\n' "$URL" "${1:-X-Nobody: 1}"
        printf 'data = "{\\"inputs\\":[{\\"name\\":\\"input-0\\",\\"shape\\":[1,2],\\"datatype\\":\\"FP64\\",\\"data\\":[%d,%d]}]}"\n' "$i" $((i % 7))
    done | tail -n +2 > many.txt
    curl -K many.txt | jq -r .model_version
}

@test "a canary gets its share, always of the same rows or clients, until it is rolled back" {
    with_key
    serve_all "$BATS_FILE_TMPDIR/models" --canary mean=10:20% --canary-header X-User --tokens keys --open predict,metrics
    newest mean 9
    ask_many > first.txt
    [ "$(wc -l < first.txt)" -eq 300 ]
    share=$(grep -cx 10 first.txt)
    [ "$share" -gt 30 ]
    [ "$share" -lt 95 ]
    [ "$(sort -u first.txt | tr '\n' ' ')" = "10 9 " ]
    ask_many | diff first.txt -
    [ "$(ask_many 'X-User: ann' | sort -u | wc -l)" -eq 1 ]
    for user in $(seq 40); do curl -sS -H "X-User: $user" -d '{"instances":[[1,2]]}' "$URL/v1/models/mean:predict" | jq '.predictions[0] | round'; done > users.txt
    [ "$(sort -u users.txt | tr '\n' ' ')" = "10 9 " ]
    curl -sS -H 'X-User: ann' "$URL/metrics" | grep -q '^mlctl_model_rows_total{model="mean",model_version="10"} [1-9]'
    [ "$(admin mean rollback)" = 200 ]
    [ "$(ask_many | sort -u)" = 9 ]
    [ "$(one /models/mean/versions/10/predict)" = 10 ]
    stop
    for bad in mean mean=10 mean=10:5 mean=10:200% mean=10:x% =10:5%; do
        run -2 "$MLCTL" serve "$BATS_FILE_TMPDIR/models" --canary "$bad" --port 0
    done
    run -2 timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/models" --canary maen=10:5% --port 0
    [[ $output == *'--canary: no model is named "maen"; did you mean "mean"?'* ]]
    run -2 timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/models" --canary mean=10:5% --canary mean=9:5% --port 0
}

# told METHOD PATH [BODY]: the status of a request without a key
told() { code -X "$1" "$URL$2" ${3:+-H 'Content-Type: application/json' -d "$3"}; }

@test "Amazon SageMaker's multi-model endpoints: models come and go by POST and DELETE" {
    local root=$BATS_TEST_TMPDIR/ml of=$BATS_FILE_TMPDIR/models
    mkdir -p ml/abc/model ml/def/model outside
    cp "$of/mean/9/model.safetensors" ml/abc/model/
    cp "$BATS_FILE_TMPDIR/people.safetensors" ml/def/model/model.safetensors
    cp "$of/mean/1/model.safetensors" outside/model.safetensors
    ln -s ../outside ml/link
    echo damaged > ml/broken.safetensors
    SAGEMAKER_MULTI_MODEL=true serve_all ml
    jq -e '.models == []' serve.json
    [ "$(told GET /ping)" = 200 ]
    [ "$(told GET /readyz)" = 200 ]
    [ "$(told GET /model)" = 404 ]
    [ "$(told POST /predict '{"x":1}')" = 404 ]
    curl -sS "$URL/models" | jq -e '.models == []'
    [ "$(told POST /models "{\"model_name\":\"one\",\"url\":\"$root/abc/model\"}")" = 200 ]
    [ "$(told POST /models "{\"model_name\":\"one\",\"url\":\"$root/def/model\"}")" = 409 ]
    [ "$(told POST /models "{\"url\":\"$root/def/model/model.safetensors\",\"model_name\":\"two\"}")" = 200 ]
    curl -sS "$URL/models" | jq -e --arg url "$root/abc/model" '[.models[].modelName] == ["one", "two"] and .models[0].modelUrl == $url'
    curl -sS "$URL/models/one" | jq -e --arg url "$root/abc/model" '.modelName == "one" and .modelUrl == $url and .task == "regression"'
    curl -sS -H 'Content-Type: text/csv' -d '1,2' "$URL/models/one/invoke" | jq -e '.predictions[0] | round == 9'
    # nothing but what lies below the folder, whatever links say; nothing that is no model
    for url in "$root/../outside" "$root/link" "$root/abc/../../outside/model.safetensors" /etc/passwd "$root" "$root/none" "$root/broken.safetensors" ''; do
        [ "$(told POST /models "{\"model_name\":\"three\",\"url\":\"$url\"}")" = 400 ] || { echo "$url"; return 1; }
    done
    for body in '{}' '{"model_name":"x"}' '{"model_name":7,"url":"x"}' '[]' 'x' "{\"model_name\":\"../x\",\"url\":\"$root/abc/model\"}"; do
        [ "$(told POST /models "$body")" = 400 ] || { echo "$body"; return 1; }
    done
    [ "$(told GET /models/three)" = 404 ]
    [ "$(told DELETE /models/three)" = 404 ]
    [ "$(told DELETE /models/one)" = 200 ]
    [ "$(told GET /models/one)" = 404 ]
    [ "$(told POST /models/one/invoke '{"instances":[[1,2]]}')" = 404 ]
    [ "$(told DELETE /models/one)" = 404 ]
    [ "$(told POST /models "{\"model_name\":\"one\",\"url\":\"$root/abc/model\"}")" = 200 ]
    kill -HUP "$SERVER"
    again() { grep -q 'all models have been read again' serve.log; }
    soon again
    newest one 1
    curl -sSI -X PUT "$URL/models" | grep -qi '^allow: GET, HEAD, POST'
    # repository index and unload know them, too; another key cannot be shown, so administration stays off
    curl -sS -d '' "$URL/v2/repository/index" | jq -e '[.[].name] == ["two", "one"]'
    [ "$(told POST /v2/repository/models/one/unload '{}')" = 403 ]
    stop
    # elsewhere it takes the admin key
    with_key
    cp -r "$of" kept
    of=$PWD/kept
    echo damaged > kept/damaged.safetensors
    serve_all "$of" --tokens keys --open predict --audit-log audit.log
    [ "$(told POST /models '{"model_name":"x","url":"x"}')" = 401 ]
    [ "$(told DELETE /models/mean)" = 401 ]
    [ "$(code -X DELETE -H "Authorization: Bearer $TOKEN" "$URL/models/mean")" = 200 ]
    [ "$(told GET /models/mean)" = 404 ]
    [ "$(code -H "Authorization: Bearer $TOKEN" -d "{\"model_name\":\"mean\",\"url\":\"$of/mean/9\"}" "$URL/models")" = 200 ]
    newest mean 10
    [ "$(code -H "Authorization: Bearer $TOKEN" -d "{\"model_name\":\"ninth\",\"url\":\"$of/mean/9\"}" "$URL/models")" = 200 ]
    [ "$(one /models/ninth/predict)" = 9 ]
    [ "$(code -H "Authorization: Bearer $TOKEN" -d "{\"model_name\":\"tenth\",\"url\":\"/etc/passwd\"}" "$URL/models")" = 400 ]
    # what was unloaded stays that when a file that is no model was to take its place
    [ "$(admin ninth unload)" = 200 ]
    for url in "$of/damaged.safetensors" /etc/passwd; do
        [ "$(code -H "Authorization: Bearer $TOKEN" -d "{\"model_name\":\"ninth\",\"url\":\"$url\"}" "$URL/models")" = 400 ]
    done
    [ "$(told GET /models/ninth)" = 404 ]
    [ "$(admin ninth load)" = 200 ]
    [ "$(one /models/ninth/predict)" = 9 ]
    jq -s -e '[.[] | select(.by == "request") | [.action, .model, .key]][:4] == [["unload", "mean", "boss"], ["load", "mean", "boss"],
        ["load", "ninth", "boss"], ["load", "tenth", "boss"]]' audit.log || { cat audit.log; return 1; }
    stop
    SAGEMAKER_MULTI_MODEL=true run -5 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0
}
