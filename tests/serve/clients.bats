load common

# Clients of others, as PyPI has them; where it cannot be reached there are none. Once is enough: with the release build.
eval "common_$(declare -f setup_file)"
setup_file() {
    common_setup_file
    "$MLCTL" train mean.csv -q --l2 0 --split none -m mean.safetensors > /dev/null
    local status=0
    VENV=$("$BATS_TEST_DIRNAME/clients/venv" "$BATS_TEST_DIRNAME/../../build/clients" 2> venv.log) || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || { cat venv.log; return 1; }
    export VENV
}

needs_clients() {
    [ -n "$VENV" ] || skip "PyPI cannot be reached"
}

# bats test_tags=release
@test "tritonclient, KServe's client and MLflow's get their predictions" {
    needs_clients
    "$MLCTL" token new --name boss --scopes admin --json > token.json
    jq -r .line token.json > keys
    serve mean "people=$BATS_FILE_TMPDIR/people.safetensors" --tokens keys --open predict,metrics
    "$VENV/bin/python" "$BATS_TEST_DIRNAME/clients/clients.py" "$PORT" "$(jq -r .token token.json)" triton kserve mlflow
}

# bats test_tags=release
@test "Schemathesis finds nothing that /openapi.json does not say" {
    needs_clients
    "$BATS_TEST_DIRNAME/schemathesis" "$MLCTL" "$VENV/bin/schemathesis" 1 people
}
