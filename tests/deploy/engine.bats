#!/usr/bin/env bats
# The image under a real engine: built without a network, run with nothing it does not need. One image for all tests; its
# title is as hostile as a title can be.

bats_require_minimum_version 1.5.0
load common

# shellcheck disable=SC2016 # none of it is meant to expand
title='we"ird \ $(id) `id` ${HOME} $x '"'name'"' # --- [x] {y}: é'

setup_file() {
    if ! command -v docker >/dev/null || ! timeout 20 docker info >/dev/null 2>&1; then
        return 0
    fi
    make_model
    export IMAGE="mlctl-test-$$"
    "$MLCTL" docker -q --name "$title" >/dev/null
    echo stale >docker/rootfs/stale
    docker build --network none --quiet -t "$IMAGE" docker 2>build.err || {
        cat build.err >&2
        return 1
    }
    docker network create --internal "$IMAGE" >/dev/null
    docker run -d --name "$IMAGE" --network "$IMAGE" --read-only --cap-drop ALL --security-opt no-new-privileges \
        --pids-limit 64 --memory 256m "$IMAGE" >/dev/null
}

teardown_file() {
    [ -n "${IMAGE:-}" ] || return 0
    docker rm --force "$IMAGE" "$IMAGE-alone" >/dev/null 2>&1 || true
    docker network rm "$IMAGE" >/dev/null 2>&1 || true
    docker rmi --force "$IMAGE" >/dev/null 2>&1 || true
}

setup() {
    [ -n "${IMAGE:-}" ] || skip "no container engine answers"
    go
}

# state FORMAT [CONTAINER]
state() {
    docker inspect --format "$1" "${2:-$IMAGE}"
}

# until_healthy CONTAINER SECONDS
until_healthy() {
    local tries
    for ((tries = 0; tries < $2 * 10; tries++)); do
        [ "$(state '{{.State.Health.Status}}' "$1")" != healthy ] || return 0
        sleep 0.1
    done
    docker logs "$1"
    state '{{json .State}}' "$1"
    return 1
}

# address: of the service, as this machine reaches it on the internal network.
address() {
    printf 'http://%s:8080' "$(state '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')"
}

@test "labels read back as they were given" {
    state '{{json .Config.Labels}}' >labels.json
    [ "$(jq -r '."org.opencontainers.image.title"' labels.json)" = "$title" ]
    [ "$(jq -r '."org.mlctl.model.target"' labels.json)" = price ]
    [ "$(jq -r '."org.mlctl.model.sha256"' labels.json)" = "$("$MLCTL" inspect --json | jq -r .sha256)" ]
    [ "$(jq -r '."org.mlctl.metrics.r2"' labels.json)" = "$("$MLCTL" inspect --json | jq -r '.record.metrics.r2')" ]
}

@test "the image's settings are those of the Dockerfile" {
    [ "$(state '{{.Config.User}}')" = 65532:65532 ]
    [ "$(state '{{.Config.WorkingDir}}')" = / ]
    [ "$(state '{{.Config.StopSignal}}')" = SIGTERM ]
    [ "$(state '{{json .Config.Entrypoint}}')" = '["/mlctl"]' ]
    [ "$(state '{{json .Config.Cmd}}')" = '["serve","--address","0.0.0.0","--port","8080"]' ]
    [ "$(state '{{json .Config.ExposedPorts}}')" = '{"8080/tcp":{}}' ]
}

@test "holds the program, its libraries and the model, and nothing else" {
    docker create --name "$IMAGE-alone" "$IMAGE" >/dev/null
    docker export "$IMAGE-alone" | tar -tv >content
    docker rm "$IMAGE-alone" >/dev/null
    # what the engine itself adds to every container is empty
    awk '$3 > 0 { print $6 }' content | sort >files
    {
        printf 'mlctl\nmodel.safetensors\n'
        (cd docker/rootfs && find lib* usr -type f 2>/dev/null)
    } | sort | diff - files
    awk '$2 != "root/root" && $2 != "0/0" { bad = 1 } END { exit bad }' content
    awk '$3 > 0 { print $1 }' content >modes
    run -1 grep -E '[sStT]|^.{5}w|^.{8}w' modes
    run -1 grep -E '(bin/|/(ba|da)?sh$|apt|dpkg)' files
}

@test "is small" {
    size=$(docker image inspect --format '{{.Size}}' "$IMAGE")
    [ "$size" -gt 1000000 ]
    [ "$size" -lt 45000000 ]
}

@test "becomes healthy" {
    until_healthy "$IMAGE" 60
}

@test "becomes healthy with no network at all" {
    docker run -d --name "$IMAGE-alone" --network none --read-only --cap-drop ALL --security-opt no-new-privileges "$IMAGE" >/dev/null
    until_healthy "$IMAGE-alone" 60
    docker rm --force "$IMAGE-alone" >/dev/null
}

@test "answers over HTTP what the program answers" {
    until_healthy "$IMAGE" 60
    run curl -sS --max-time 5 "$(address)/predict" -H 'Content-Type: application/json' -d '{"rooms": 6.5, "river": "yes", "note": "a"}'
    [ "$status" -eq 0 ]
    [ "$(jq .prediction <<<"$output")" = "$("$MLCTL" predict -q rows.csv | awk -F, 'NR == 2 { print $NF }')" ]
}

@test "runs as the numeric user, with no capability and no new privileges" {
    pid=$(state '{{.State.Pid}}')
    [ "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status")" = '65532 65532 65532 65532' ]
    [ "$(awk '/^Gid:/ { print $2 }' "/proc/$pid/status")" = 65532 ]
    [ "$(awk '/^CapEff:/ { print $2 }' "/proc/$pid/status")" = 0000000000000000 ]
    [ "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$pid/status")" = 1 ]
}

@test "predicts from standard input what the program predicts" {
    docker run -i --rm --network none --read-only --cap-drop ALL "$IMAGE" predict -q - <rows.csv >from-image.csv
    "$MLCTL" predict -q rows.csv >from-program.csv
    cmp from-image.csv from-program.csv
}

@test "has no shell to run" {
    run -127 docker run --rm --network none --entrypoint /bin/sh "$IMAGE" -c true
}

@test "stops at once, with exit code 0" {
    until_healthy "$IMAGE" 60
    start=$(date +%s%N)
    docker stop --time 60 "$IMAGE" >/dev/null
    took=$((($(date +%s%N) - start) / 1000000))
    echo "docker stop took $took ms"
    [ "$took" -lt 20000 ]
    [ "$(state '{{.State.ExitCode}}')" -eq 0 ]
    [ "$(state '{{.State.OOMKilled}}')" = false ]
}
