load common

@test "ambiguous requests get one reply and are closed; sound ones leave the connection in step" {
    serve mean
    python3 "$WIRE/shapes.py" "$PORT"
}

# bats test_tags=release
@test "behind haproxy and nginx no ambiguous request is answered twice" {
    command -v haproxy > /dev/null && command -v nginx > /dev/null || skip "haproxy and nginx are not both installed"
    timeout -s KILL 120 "$BATS_TEST_DIRNAME/proxies" "$MLCTL"
}

@test "keep-alive, pipelining, HEAD, HTTP/1.0, chunks cut anywhere" {
    serve mean
    python3 "$WIRE/sequences.py" "$PORT"
}
