load common

# said: sends standard input as it is; prints what comes back, twenty seconds long at the most
said() {
    exec 4<> "/dev/tcp/127.0.0.1/$PORT"
    cat >&4
    timeout 20 cat <&4
    exec 4>&-
}

well() { [[ $(json '{"x":1,"y":3}' -o /dev/null -w '%{http_code}') == 200 ]]; }

@test "HTTP/0.9, an HTTP/2 preface and a TLS hello get no page" {
    serve mean
    printf 'GET /model\r\n\r\n' | said > answer.txt
    run ! grep -q sha256 answer.txt
    printf 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' | said > answer.txt
    grep -qE '^HTTP/1.1 (400|505)' answer.txt
    printf '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaa\r\n\r\n' | said > answer.txt
    run ! grep -q '^HTTP/1.1 200' answer.txt
    well
}

@test "8,000 header fields, and one of 100 KB" {
    serve mean
    { printf 'GET /model HTTP/1.1\r\nHost: a\r\n'; yes $'X: y\r' | head -n 8000; printf '\r\n'; } > fields.bin
    said < fields.bin > answer.txt || true
    grep -q '^HTTP/1.1 431' answer.txt
    [[ $(code -H "X: $(printf 'a%.0s' {1..100000})" "$URL/model") == 431 ]]
    well
}

@test "a length beside chunked, with a second request inside, gets one answer" {
    serve mean
    printf 'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /model HTTP/1.1\r\nHost: a\r\n\r\n' |
        said > answer.txt
    [ "$(grep -c '^HTTP/1.1' answer.txt)" -eq 1 ]
    grep -q '^HTTP/1.1 400' answer.txt
    run ! grep -q sha256 answer.txt
    well
}

@test "paths in the place of a model's name or version lead nowhere" {
    serve mean
    for name in .. ../mean ..%2fmean %2e%2e%2fmean ../../../../etc/passwd ..%2f..%2fetc%2fpasswd '..\mean' mean%00 .mean mean/ \
        'mean;id' "$(printf 'm%.0s' {1..4000})"; do
        for path in "v2/models/$name" "v1/models/$name" "v2/models/mean/versions/$name"; do
            status=$(code --path-as-is "$URL/$path")
            [[ $status == 404 || $status == 400 ]] || { echo "$path: $status"; return 1; }
        done
        status=$(code --path-as-is -d '{"inputs":[]}' "$URL/v2/models/$name/infer")
        [[ $status == 404 || $status == 400 ]]
        status=$(code --path-as-is -d '{}' "$URL/v2/repository/models/$name/load")
        [[ $status == 403 || $status == 404 || $status == 400 ]]
    done
    well
}
