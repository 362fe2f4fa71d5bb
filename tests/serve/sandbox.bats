load common

sandboxed() {
    if ldd "$MLCTL" | grep -qE 'lib[at]san'; then skip "sanitizers and the sandbox exclude each other"; fi
    serve mean "$@" -v
    if grep -q 'the sandbox is not whole' serve.log; then skip "this kernel has no Landlock or no seccomp"; fi
}

@test "every thread of the server is behind the filter, and can gain no privileges" {
    sandboxed
    grep -q 'sandbox: Landlock, version [0-9]*, and seccomp' serve.log
    for task in "/proc/$SERVER"/task/*; do
        grep -qx $'Seccomp:\t2' "$task/status"
        grep -qx $'NoNewPrivs:\t1' "$task/status"
    done
    stop
    serve mean -v --no-sandbox
    grep -qx $'Seccomp:\t0' "/proc/$SERVER/status"
    run ! grep sandbox serve.log
}

@test "behind it all paths, metrics of the process, formats and refusals are what they are without" {
    paths=(/ /healthz /readyz /model /version /v2 /v2/models /v1/models /openapi.json /docs /nothing)
    for option in '' --no-sandbox; do
        # shellcheck disable=SC2086 # none or one
        serve people $option
        for path in "${paths[@]}"; do curl -sS "$URL$path"; done > "pages$option.txt"
        json '[{"age":30,"city":"Oslo","when":"2024-03-01"},{"age":"x"}]' > "refused$option.txt"
        curl -sS -H 'Content-Type: text/csv' --data-binary "@$BATS_FILE_TMPDIR/people.csv" "$URL/predict" > "csv$option.txt"
        iconv -t UTF-16 "$BATS_FILE_TMPDIR/people.csv" | curl -sS -o /dev/null -w '%{http_code}\n' -H 'Content-Type: text/csv' --data-binary @- "$URL/predict" > "utf16$option.txt"
        curl -sS "$URL/metrics" | cut -d' ' -f1 | grep '^process_' > "metrics$option.txt"
        stop
    done
    [ "$(wc -l < metrics.txt)" -ge 7 ]
    for file in pages refused csv utf16 metrics; do cmp $file.txt $file--no-sandbox.txt; done
}

@test "tokens and certificates are read again behind it, links that are swapped too" {
    mkdir one two
    "$MLCTL" token new --name first --json > first.json
    "$MLCTL" token new --name second --json > second.json
    jq -r .line first.json > one/keys
    jq -r .line second.json > two/keys
    ln -s one current
    ln -s current/keys keys
    sandboxed --tokens keys
    [[ $(code -H "X-API-Key: $(jq -r .token first.json)" "$URL/model") == 200 ]]
    jq -r .line second.json >> one/keys
    new_counts() { [[ $(code -H "X-API-Key: $(jq -r .token second.json)" "$URL/model") == 200 ]]; }
    soon new_counts
    sed -i /first/d one/keys
    old_ends() { [[ $(code -H "X-API-Key: $(jq -r .token first.json)" "$URL/model") == 401 ]]; }
    soon old_ends
}
