load common

@test "slow clients are gone at their deadline, others do not notice" {
    serve mean --header-timeout 1 --body-timeout 1 --idle-timeout 1 --max-body 16M
    python3 "$WIRE/slow.py" "$PORT"
    curl -s "$URL/metrics" > metrics.txt
    grep -q 'mlctl_connections_expired_total{awaiting="first"} 2' metrics.txt
    grep -q 'mlctl_connections_expired_total{awaiting="send"} 1' metrics.txt
    grep -q '^mlctl_connections 1$' metrics.txt
}
