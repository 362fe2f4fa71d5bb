load common

# Short forms of wire/burdens.py, which says what each is; at full size by hand: burdens.py --full MLCTL BURDEN...
burden() {
    python3 "$WIRE/burdens.py" "$MLCTL" "$@"
}

# bats test_tags=release
@test "models replaced under wrk, SIGTERM with requests half sent" {
    burden swaps drain
}

# bats test_tags=release
@test "slow clients, full descriptors, killed clients, four times too many, large requests" {
    burden slow files kills full large overload
}

# bats test_tags=release
@test "hostile JSON takes no memory, a wrong token's time says nothing, a soak leaves nothing" {
    burden bombs tokens soak
}

@test "more large requests than may wait, and SIGTERM while they do; small ones that go together, and that come at once" {
    burden queue together ready
}

@test "requests with something wrong by chance, each followed by a sound one" {
    burden mutants
}

@test "every protocol, errors, reloads and administration at once" {
    python3 "$WIRE/mixture.py" "$MLCTL" "$MLCTL" 4
}
