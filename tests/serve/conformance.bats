load common

# The mean exactly, over all rows: the medians of x and y are 4.5.
eval "common_$(declare -f setup_file)"
setup_file() {
    common_setup_file
    "$MLCTL" train mean.csv -q --l2 0 --split none -m mean.safetensors > /dev/null
}

# Each file of conformance/ is PROTOCOL.MODEL.cases: what is asked of that model, and what must come back.
conform() {
    local file
    for file in "$BATS_TEST_DIRNAME/conformance/$1".*.cases; do
        local model=${file%.cases}
        serve "${model##*.}" --max-body 1M
        python3 "$WIRE/conform.py" "$PORT" "$file"
        stop
    done
}

@test "Open Inference Protocol v2" {
    conform v2
}
