load common

@test "ambiguous requests get one reply and are closed; sound ones leave the connection in step" {
    serve mean
    python3 "$WIRE/shapes.py" "$PORT"
}

@test "keep-alive, pipelining, HEAD, HTTP/1.0, chunks cut anywhere" {
    serve mean
    python3 "$WIRE/sequences.py" "$PORT"
}
