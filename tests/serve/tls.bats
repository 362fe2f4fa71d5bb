load common

# made CA NAME OPTION...: a certificate that CA has signed, in NAME.pem and NAME.key
made() {
    local ca=$1 name=$2
    shift 2
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -subj "/CN=$name" -out "$name.csr" 2> openssl.log
    openssl x509 -req -in "$name.csr" -CA "$ca.pem" -CAkey "$ca.key" -CAcreateserial -out "$name.pem" "$@" 2>> openssl.log
}

# revoke CA [NAME...]: a list of CA's in CA.crl, with those it had and these
revoke() {
    local ca=$1 name
    shift
    [ -e "$ca.index" ] || { : > "$ca.index"; echo 01 > "$ca.number"; }
    printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s.index\ncrlnumber=%s.number\ndefault_md=sha256\ndefault_crl_days=30\n' "$ca" "$ca" > "$ca.cnf"
    for name; do openssl ca -config "$ca.cnf" -cert "$ca.pem" -keyfile "$ca.key" -revoke "$name.pem" 2> openssl.log; done
    # shellcheck disable=SC2086 # words, or none
    openssl ca -config "$ca.cnf" -cert "$ca.pem" -keyfile "$ca.key" -gencrl ${CRL_END:-} -out "$ca.crl" 2> openssl.log
}

# authority NAME: one that signs
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 30 \
        -subj "/CN=$1" -addext keyUsage=critical,keyCertSign,cRLSign 2> openssl.log
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    authority ca
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' > server.ext
    made ca server -days 30 -extfile server.ext
}

# secure MODEL OPTION...: a server with that certificate
secure() {
    serve "$@" --tls-cert server.pem --tls-key server.key
    URL=https://127.0.0.1:$PORT
    export CURL_CA_BUNDLE=$PWD/ca.pem
}

# speaks S_CLIENT-OPTION...: a handshake, and what openssl says of it
speaks() {
    openssl s_client -connect "127.0.0.1:$PORT" -CAfile ca.pem -verify_return_error "$@" < /dev/null > spoken.txt 2>&1
}

# ended_there: the client asked, and the server ended it (the library sends no alert)
ended_there() { grep -Eq 'unexpected eof|alert|reset' spoken.txt || { cat spoken.txt; return 1; }; }

shows() { openssl s_client -connect "127.0.0.1:$PORT" < /dev/null 2> /dev/null | openssl x509 -noout -serial; }
shows_other_than() { [[ $(shows) != "$1" ]]; }

@test "predictions over TLS 1.2 and 1.3, by curl; plain HTTP gets nothing" {
    secure mean
    jq -e --arg url "$URL" '.url == $url' serve.json
    for version in 1.2 1.3; do
        [[ $(json '{"x":1,"y":3}' --tlsv$version --tls-max $version | jq -e .prediction) ]]
    done
    curl -sS "$URL/healthz" "$URL/model" "$URL/version" -o /dev/null -o /dev/null -o /dev/null
    # a client that leaves Nagle's algorithm on does not wait for an acknowledgement that is 40 ms late
    python3 - "$PORT" << 'EOF'
import socket, ssl, sys, time
context, took = ssl.create_default_context(cafile="ca.pem"), []
for _ in range(20):
    with context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="127.0.0.1") as sock:
        before = time.monotonic()
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 200")
        took.append(time.monotonic() - before)
assert sorted(took)[5] < 0.03, took
EOF
    run ! curl -s "http://127.0.0.1:$PORT/healthz"
    [ -z "$output" ]
    status=0
    CURL_CA_BUNDLE=/dev/null curl -s "$URL/healthz" || status=$?
    [ "$status" -ne 0 ]
}

@test "mlctl rollback tells its token to a server with a good certificate alone" {
    "$MLCTL" token new --name boss --scopes admin --json > token.json
    jq -r .line token.json > keys
    jq -r .token token.json > boss.token
    secure mean --tokens keys
    run -1 "$MLCTL" rollback "https://localhost:$PORT" mean --token-file boss.token --ca ca.pem
    [[ $output == *'the server answered 400'*'nothing to go back to'* ]]
    run -5 "$MLCTL" rollback "https://localhost:$PORT" mean --token-file boss.token
    [[ $output == *'not one to be trusted, or not of that name; give --ca FILE with the certificate of whoever signed it' ]]
    run -5 "$MLCTL" rollback "https://localhost:$PORT" mean --token-file boss.token --ca boss.token
    [[ $output == *'no certificates'* ]]
}

@test "mlctl health asks over TLS, too" {
    secure mean
    "$MLCTL" health "$URL"
    "$MLCTL" health "https://localhost:$PORT/readyz"
    status=0
    "$MLCTL" health "$URL/nothing" || status=$?
    [ "$status" -eq 1 ]
    status=0
    "$MLCTL" health "http://127.0.0.1:$PORT/" 2> error.txt || status=$?
    [ "$status" -eq 5 ]
    stop
    serve mean
    status=0
    "$MLCTL" health "https://127.0.0.1:$PORT/" 2> error.txt || status=$?
    [ "$status" -eq 5 ]
    grep -q 'does not speak TLS' error.txt
    python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); c = s.accept(); time.sleep(60)' \
        > silent.port 3>&- &
    silent=$!
    soon test -s silent.port
    status=0
    "$MLCTL" health "https://127.0.0.1:$(< silent.port)/" --timeout 300 2> error.txt || status=$?
    kill "$silent"
    [ "$status" -eq 5 ]
    grep -q 'did not answer in time' error.txt
}

@test "older versions, weak ciphers, and other protocols are refused by the server" {
    secure mean
    speaks -tls1_3
    speaks -tls1_2 -alpn http/1.1
    speaks -tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384
    for version in -tls1 -tls1_1; do
        run ! speaks $version -cipher 'ALL:@SECLEVEL=0'
        ended_there
    done
    for cipher in AES128-GCM-SHA256 ECDHE-ECDSA-AES128-SHA ECDHE-ECDSA-AES256-SHA384 DHE-RSA-AES128-GCM-SHA256 aNULL eNULL; do
        run ! speaks -tls1_2 -cipher "$cipher:@SECLEVEL=0"
        ended_there
    done
    run ! speaks -alpn h2
    ended_there
    [[ $(json '{"x":1,"y":3}' -o /dev/null -w '%{http_code}') == 200 ]]
}

@test "the guard, pipelining and deadlines are behind TLS what they are without" {
    secure mean
    export WIRE_CA=$PWD/ca.pem
    python3 "$WIRE/shapes.py" "$PORT"
    python3 "$WIRE/sequences.py" "$PORT"
    stop
    secure mean --header-timeout 1 --body-timeout 1 --idle-timeout 1 --max-body 16M
    python3 "$WIRE/slow.py" "$PORT"
}

# spent: processor time of the server, in hundredths of a second
spent() { awk '{ print $14 + $15 }' "/proc/$SERVER/stat"; }

@test "handshakes that stop half way cost nothing, and end at the deadline" {
    secure mean --header-timeout 2
    printf '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaaaaaaaaaaaaaa' > half.bin
    before=$(spent)
    for fd in 4 5 6 7; do
        eval "exec $fd<> /dev/tcp/127.0.0.1/$PORT"
        cat half.bin >&$fd
    done
    timeout 20 cat <&4 > /dev/null
    timeout 20 cat <&7 > /dev/null
    ((after = $(spent), after - before < 60)) || { echo "$((after - before)) hundredths"; return 1; }
    curl -sS "$URL/metrics" | grep -qx 'mlctl_connections_expired_total{awaiting="first"} 4'
}

@test "beyond the limits connections are closed without a word" {
    secure mean --max-connections 2
    export WIRE_CA=$PWD/ca.pem
    exec 4<> "/dev/tcp/127.0.0.1/$PORT" 5<> "/dev/tcp/127.0.0.1/$PORT"
    refused() { ! curl -s --max-time 5 "$URL/healthz"; }
    soon refused
    exec 4>&- 5>&-
    answers() { curl -s "$URL/healthz" | grep -q ok; }
    soon answers
}

@test "a client must show a certificate, of the right authority, for clients, and not expired" {
    printf 'extendedKeyUsage=clientAuth\n' > client.ext
    authority clients
    authority others
    made clients good -days 30 -extfile client.ext
    made clients server_only -days 30 -extfile server.ext
    made others foreign -days 30 -extfile client.ext
    made ca wrong_ca -days 30 -extfile client.ext
    made clients brief -days 0 -extfile client.ext
    made clients lost -days 30 -extfile client.ext
    made clients stolen -days 30 -extfile client.ext
    authority late
    made late old -days 30 -extfile client.ext
    cat late.pem >> clients.pem
    revoke clients lost
    revoke late
    cat clients.crl late.crl > revoked.pem
    secure mean --tls-client-ca clients.pem --tls-client-crl revoked.pem
    [[ $(code --cert stolen.pem --key stolen.key "$URL/healthz") == 200 ]]
    [[ $(code --cert old.pem --key old.key "$URL/healthz") == 200 ]]
    for version in 1.2 1.3; do
        tls=(--tlsv$version --tls-max $version)
        [[ $(code "${tls[@]}" --cert good.pem --key good.key "$URL/healthz") == 200 ]]
        for name in server_only foreign wrong_ca lost; do
            run ! curl -s "${tls[@]}" --cert $name.pem --key $name.key "$URL/healthz"
            [ -z "$output" ]
        done
        run ! curl -s "${tls[@]}" "$URL/healthz"
        [ -z "$output" ]
        expired() { ! curl -s "${tls[@]}" --cert brief.pem --key brief.key "$URL/healthz"; }
        soon expired > /dev/null
    done
    # another list counts from the next connection on; a damaged one changes nothing; nor does one that is past its next update
    revoke clients stolen
    CRL_END='-crl_lastupdate 20200101000000Z -crl_nextupdate 20200102000000Z' revoke late
    cat clients.crl late.crl > next.pem && mv next.pem revoked.pem
    turned_away() { ! curl -s --cert stolen.pem --key stolen.key "$URL/healthz"; }
    soon turned_away > /dev/null
    echo damaged > revoked.pem
    soon grep -q 'revoked.pem: expected lists of revoked certificates.*; the certificates stay as they were' serve.log
    turned_away
    [[ $(code --cert good.pem --key good.key "$URL/healthz") == 200 ]]
    [[ $(code --cert old.pem --key old.key "$URL/healthz") == 200 ]]
    grep -q 'mlctl_http_requests_total{route="/healthz",code="200"}' <(curl -s --cert good.pem --key good.key "$URL/metrics")
}

@test "mlctl health and rollback show a certificate to a server that asks for one" {
    authority clients
    printf 'extendedKeyUsage=clientAuth\n' > client.ext
    made clients good -days 30 -extfile client.ext
    made ca foreign -days 30 -extfile client.ext
    "$MLCTL" token new --name boss --scopes admin > boss.token
    sed -n 's/^line *//p' boss.token > keys
    secure mean --tls-client-ca clients.pem --tokens keys
    shown=(--cert good.pem --key good.key)
    "$MLCTL" health "$URL" "${shown[@]}"
    run -5 "$MLCTL" health "$URL"
    [[ $output == *'; one that asks for certificates wants --cert FILE --key FILE' ]]
    run -5 "$MLCTL" health "$URL" --cert foreign.pem --key foreign.key
    run -5 "$MLCTL" health "$URL" --cert good.pem --key foreign.key
    [[ $output == *'good.pem, foreign.key: no certificate and its key in PEM are there' ]]
    run -2 "$MLCTL" health "$URL" --cert good.pem
    run -2 "$MLCTL" load "$URL" mean --token-file boss.token --ca ca.pem --key good.key
    run -5 "$MLCTL" load "$URL" mean --token-file boss.token --ca ca.pem
    [[ $output == *'; one that asks for certificates wants --cert FILE --key FILE' ]]
    "$MLCTL" load "$URL" mean --token-file boss.token --ca ca.pem "${shown[@]}"
}

@test "a connection that ends before the request has gone out is told of like one that ends after" {
    authority ca
    printf 'subjectAltName=IP:127.0.0.1\n' > server.ext
    made ca server -days 30 -extfile server.ext
    python3 "$WIRE/gone.py" "$MLCTL" server.pem server.key
}

@test "a new certificate counts for new connections; a wrong one changes nothing" {
    secure mean
    first=$(shows)
    exec {request}> >(openssl s_client -connect "127.0.0.1:$PORT" -quiet > kept.txt 2> /dev/null)
    printf 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n' >&$request
    soon grep -q '"ok"' kept.txt
    cp server.pem old.pem
    made ca server -days 20 -extfile server.ext # certificate and key, one after the other
    soon shows_other_than "$first"
    [[ $(shows) == "$(openssl x509 -in server.pem -noout -serial)" ]]
    grep -q 'new connections get the certificates that have changed' serve.log
    printf 'GET /v2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&$request
    soon grep -q '"name":"mlctl"' kept.txt
    second=$(shows)
    cp old.pem server.pem # it does not go with the key
    soon grep -q 'the certificates stay as they were' serve.log
    [[ $(shows) == "$second" ]]
    exec {request}>&-
}

@test "what is no certificate or no key is refused at the start" {
    echo nothing > nothing.pem
    made ca other -days 30
    openssl ec -in server.key -aes128 -passout pass:x -out locked.key 2> openssl.log
    for options in '--tls-cert server.pem' '--tls-key server.key' '--tls-client-ca ca.pem' \
        '--tls-cert server.pem --tls-key other.key' '--tls-cert nothing.pem --tls-key server.key' \
        '--tls-cert server.pem --tls-key locked.key' '--tls-cert server.pem --tls-key server.pem' \
        '--tls-cert server.pem --tls-key server.key --tls-client-ca nothing.pem' \
        '--tls-cert server.pem --tls-key server.key --tls-client-crl ca.pem' \
        '--tls-cert server.pem --tls-key server.key --tls-client-ca ca.pem --tls-client-crl nothing.pem' \
        '--tls-cert server.pem --tls-key server.key --tls-client-ca ca.pem --tls-client-crl ca.pem'; do
        status=0
        # shellcheck disable=SC2086 # words
        timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 $options > /dev/null 2> error.txt || status=$?
        [ "$status" -eq 2 ] || { echo "$options: $status"; cat error.txt; return 1; }
    done
    status=0
    timeout 60 "$MLCTL" serve "$BATS_FILE_TMPDIR/mean.safetensors" --port 0 --tls-cert nowhere --tls-key server.key 2> error.txt || status=$?
    [ "$status" -eq 5 ]
    grep -q nowhere error.txt
}
