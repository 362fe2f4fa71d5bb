load common

# What the server says to who meets it for the first time: at its start, and when something is not as it should be.

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    awk 'BEGIN { print "x,y,z"; for (i = 0; i < 100; i++) { x = i % 10; y = int(i / 10); print x "," y "," (x + y) / 2 } }' > mean.csv
    "$MLCTL" train mean.csv -q -m mean.safetensors > /dev/null
    awk -F, 'NR == 1 || $1 /= 1000' OFS=, mean.csv > near.csv # on whose scale 1e308 is beyond all numbers
    "$MLCTL" train near.csv -q -m near.safetensors > /dev/null
    local v
    for v in 1 2 10; do
        mkdir -p "models/mean/$v"
        cp mean.safetensors "models/mean/$v/model.safetensors"
    done
}

# refused WORDS ARGUMENT...: a usage error that says so
refused() {
    local words=$1 status=0
    shift
    timeout -s KILL 60 "$MLCTL" "$@" > out.txt 2> error.txt || status=$?
    [ "$status" -eq 2 ] && grep -qF -- "$words" error.txt && [ ! -s out.txt ] && [ "$(wc -l < error.txt)" -eq 1 ] ||
        { echo "$*: $status, expected: $words"; cat error.txt; return 1; }
}

@test "flags that would do nothing, have no value, or name what is not there" {
    local model=$BATS_FILE_TMPDIR/mean.safetensors flag
    for flag in access-log audit-log prediction-log tokens tls-cert alert-webhook cors trust-proxy name; do
        refused "--$flag is given without a value; expected" serve "$model" "--$flag="
    done
    refused '--canary-header goes with --canary' serve "$model" --canary-header X-User
    for flag in sample=0.5 size=1M files=3; do
        refused "--prediction-log-${flag%=*} goes with --prediction-log" serve "$model" "--prediction-log-$flag"
    done
    refused '--alert-token goes with --alert-webhook' serve "$model" --alert-token file
    for flag in alert-psi=0.3 drift-window=1000 alert-webhook=http://127.0.0.1/; do
        refused "--${flag%=*} is about drift, which --no-drift does not count" serve "$model" --no-drift "--$flag"
    done
    refused '--metrics-port -1 is out of range: 0 to 65535' serve "$model" --metrics-port -1
    refused '--rate-limit -1 is out of range: 0.001 to 1000000 requests a second' serve "$model" --rate-limit -1
    # a file is all there will be of its model
    refused '--canary: mean has no version "2"; there is 1' serve "$model" --canary mean=2:5%
    refused '--label: mean has no version "2"; there is 1' serve "$model" --label mean:stable=2
    refused '--shadow: mean has no version but 1, which answers everything' serve "$model" --shadow mean=1
    refused 'version 2 of mean cannot be its canary and its shadow' serve "$BATS_FILE_TMPDIR/models" --canary mean=2:5% --shadow mean=2
    "$MLCTL" token new > printed.txt
    sed -n 's/^token *//p' printed.txt > raw
    refused 'raw: line 1: this is a token, which the client keeps' serve "$model" --tokens raw
    refused 'printed.txt: line 1: this is a token' serve "$model" --tokens printed.txt
    AIP_STORAGE_URI=gs://bucket/model refused 'nothing is fetched from AIP_STORAGE_URI gs://bucket/model' serve
    status=0
    "$MLCTL" serve "$BATS_FILE_TMPDIR/models/mean/1" 2> error.txt || status=$?
    [ "$status" -eq 5 ]
    grep -qF 'expected NAME/VERSION/model.safetensors, or the file itself: say its name, too' error.txt
    # where the server is
    refused '"127.0.0.1:8080" is not a server'"'"'s URL; expected http://HOST:PORT or https://HOST:PORT: did you mean http://127.0.0.1:8080?' \
        rollback 127.0.0.1:8080 mean --token-file raw
    refused 'is not a server'"'"'s URL; expected http://HOST:PORT or https://HOST:PORT' load ftp://127.0.0.1 mean --token-file raw
    refused "the server's URL comes first: mlctl unload http://127.0.0.1:8080 mean" unload mean http://127.0.0.1:8080 --token-file raw
}

# told: the server has said on standard error where it is, or it has ended
told() {
    { PORT=$(sed -n 's/^serving .* on .*:\([0-9]*\)$/\1/p' serve.log) && [ -n "$PORT" ]; } || ! kill -0 "$SERVER"
}

# get PATH [CURL-OPTION...]: the status, behind the body
get() {
    local path=$1
    shift
    curl -sS -w '\n%{http_code}' "$@" "$URL$path"
}

@test "the start says what answers, beside a log on standard output; refusals say what was asked for and what there is" {
    "$MLCTL" token new --name boss --scopes admin,metrics > boss.token
    : > keys
    "$MLCTL" serve "$BATS_FILE_TMPDIR/models" --port 0 --tokens keys --canary mean=2:5% --shadow mean=1 --label mean:stable=2 \
        --label mean:next=11 --access-log - > access.log 2> serve.log 3>&- &
    SERVER=$!
    soon told
    URL=http://127.0.0.1:$PORT
    for line in '^named      mean, version 10 .*and 2 other versions$' '^canary     mean: 5% of the requests go to version 2$' \
        '^shadow     mean: version 1 predicts too' '^label      mean: stable is version 2$' \
        "^page       $URL/ in a browser\$" "^try        curl -H \"Authorization: Bearer \\\$TOKEN\" $URL/model\$" \
        '--label: mean has no version "11"; there is 10, 2, 1; it counts when its folder has it' \
        'keys has no key in it, so no token is known and everything but health is refused; mlctl token new prints a line for it'; do
        soon grep -q -e "$line" serve.log
    done
    # whoever may not predict is not told which models there are; a browser is asked for a token
    [ "$(code "$URL/models/nobody/docs")" = 200 ]
    [ "$(code -H 'Accept: text/html' "$URL/models/nobody/page" -o page.html)" = 401 ]
    curl -sS -H 'Accept: text/html' "$URL/models/mean/page" | grep -q 'id="token"'
    curl -sS "$URL/models/mean/page" | jq -e '.error_code == "UNAUTHENTICATED"'
    # a key comes; it has not every scope
    sed -n 's/^line *//p' boss.token > more
    mv more keys
    allowed() { [ "$(code -H "Authorization: Bearer $(sed -n 's/^token *//p' boss.token)" "$URL/metrics")" = 200 ]; }
    soon allowed
    get /model -H "Authorization: Bearer $(sed -n 's/^token *//p' boss.token)" | grep -q 'does not have the scope predict'
    # the file may be as mlctl token new printed it; the canary ends first, then there is nothing but a canary and a shadow
    run -0 "$MLCTL" rollback "$URL" mean --token-file boss.token
    [[ $output == *'of mean version 10 '*' answers now; before version 10 '*' and its canary 2' ]]
    run -1 "$MLCTL" rollback "$URL" mean --token-file boss.token
    [[ $output == *'mean has nothing to go back to: no file of version 10 before this one is kept, and version 2 is its canary, version 1 is its shadow' ]]
    run -1 "$MLCTL" load "$URL" men --token-file boss.token
    [[ $output == *'there is no model "men" to be served here; there is mean' ]]
    "$MLCTL" unload "$URL" mean --token-file boss.token
    run -1 "$MLCTL" rollback "$URL" mean --token-file boss.token
    [[ $output == *'no version of mean is served: load it first' ]]
    stop
    jq -se 'length > 5 and all(.status)' access.log # nothing but the log is there
}

@test "what is not there is named, with what is; several models link to their own" {
    "$MLCTL" serve --port 0 --json a="$BATS_FILE_TMPDIR/mean.safetensors" b="$BATS_FILE_TMPDIR/models/mean" --label b:stable=2 \
        near="$BATS_FILE_TMPDIR/near.safetensors" --canary b=1:50% --max-body 1000 --rate-limit 1000000 > serve.json 2> serve.log 3>&- &
    SERVER=$!
    soon started
    URL=http://127.0.0.1:$PORT
    jq -e '[.models[] | [.name, .version, .canary, .labels]] == [["a","1",null,null],["b","10",null,null],["b","2",null,["stable"]],["b","1",0.5,null],["near","1",null,null]]' serve.json
    while read -r status path words; do
        answer=$(get "$path")
        [[ ${answer##*$'\n'} == "$status" && $(jq -r .error <<< "${answer%$'\n'*}") == "$words" ]] || { echo "$path: $answer"; return 1; }
    done << 'END'
404 /nothing there is nothing at /nothing; POST /predict is what most come for
405 /predict GET is not for /predict, which takes POST
404 /models/c no model "c" is served here; there is a, b, near
404 /models/b/versions/3 no version "3" of b is served here; there is version 10, 2, 1
404 /models/c/docs no model "c", or not that version of it, is served here
404 /models/b/versions/3/docs no model "b", or not that version of it, is served here
404 /v1/models/c Servable not found for request: Latest(c)
404 /v1/models/b/versions/3 Servable not found for request: Specific(b, 3)
400 /v1/b Malformed request: GET /v1/b
END
    head -c 2000 /dev/zero | get /predict --data-binary @- | grep -q 'the body of 2000 bytes is longer than the limit of 1000 bytes (--max-body)'
    # a number so far out that nothing finite is made of it
    curl -sS -d '{"instances":[[0.004,5],[1e308,2],[null,2],[-1.7e308,3]]}' "$URL/v1/models/near:predict" | jq -e '
        .error == "row 2, column \"x\": expected a number nearer to those of the training rows, found 1e308 (and 1 more)" and
        [.rows[] | [.row, .column, .code, .found]] == [[2,"x","too_far","1e308"],[4,"x","too_far","-1.7e308"]]'
    # what is well-formed and no row is not called malformed
    while read -r body words; do
        curl -sS --json "$body" "$URL/predict" | jq -e --arg words "$words" '.error | startswith($words)' || { echo "$body"; return 1; }
    done << 'END'
[[1]] JSON at byte 2: expected a row
"row" JSON at byte 1: expected an object
{"x":1,"x":2,"y":3} JSON at byte 12: expected no duplicate
[{] not valid JSON at byte 3
END
    curl -sS -X POST -H 'Content-Type: application/json' -H 'Content-Length: 0' "$URL/predict" | jq -e '.error | startswith("the body is empty")'
    # each page leads to its own document, and back
    [ "$(curl -sS "$URL/models/b/page" | grep -o '<a id="docs" href="[^"]*"')" = '<a id="docs" href="/models/b/versions/10/docs"' ]
    [ "$(curl -sS "$URL/page" | grep -o '<a id="docs" href="[^"]*"')" = '<a id="docs" href="/docs"' ]
    curl -sS "$URL/models/b/docs" | grep -q '<a href="page">Model</a>'
    curl -sS "$URL/docs" | grep -q '<a href="/">Model</a>'
    # what others' monitoring looks for
    curl -sS "$URL/monitoring/prometheus/metrics" > metrics.txt
    grep -qxF '# TYPE nv_inference_count counter' metrics.txt
    grep -qxF 'nv_inference_request_failure{model="b",version="2",reason="OTHER"} 0' metrics.txt
    run ! grep -q '^nv_' <(curl -sS -H 'Accept: application/openmetrics-text' "$URL/metrics")
}
