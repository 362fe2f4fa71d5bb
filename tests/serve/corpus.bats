load common

@test "a thousand texts that are JSON and that are not, by every protocol" {
    serve mean --max-depth 32
    python3 "$WIRE/corpus.py" "$PORT" mean > corpus.txt || { cat corpus.txt; return 1; }
    grep -qE '^(9[0-9]{2}|[0-9]{4,}) texts, [0-9]{5,} requests, 0 failures$' corpus.txt
}
