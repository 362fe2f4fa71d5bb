#!/usr/bin/env bats
# The build context that `mlctl docker` writes, without an engine.

bats_require_minimum_version 1.5.0
load common

setup_file() {
    make_model
    "$MLCTL" docker --name 'House prices' >/dev/null
}

setup() {
    go
}

# instructions: the Dockerfile's lines, continuations joined, without comments.
instructions() {
    sed -e '/^#/d' -e ':a' -e '/\\$/{N;s/\\\n *//;ba' -e '}' docker/Dockerfile
}

@test "writes the files that docs/docker.md names, and no other" {
    run find docker -maxdepth 2 -type f -printf '%P\n'
    [ "$(sort <<<"$output")" = "$(printf '%s\n' .dockerignore Dockerfile compose.yaml model.safetensors rootfs/mlctl | sort)" ]
    cmp docker/model.safetensors model.safetensors
}

@test "holds every library that the program asks for, and no other" {
    find docker/rootfs -type f ! -name mlctl -printf '/%P\n' | sort >have
    ldd docker/rootfs/mlctl | grep -o '/[^ ]*' | sort >want
    diff want have
}

@test "holds no link, no shell, no setuid file, nothing that others may write" {
    [ -z "$(find docker/rootfs ! -type f ! -type d)" ]
    [ -z "$(find docker/rootfs -perm /7000)" ]
    [ -z "$(find docker/rootfs -perm /0022)" ]
    [ -z "$(find docker/rootfs -name '*sh' -o -name busybox)" ]
    [ -z "$(find docker/rootfs ! -perm -0444)" ]
}

@test "the program runs in nothing but the root file system" {
    if [ "$(id -u)" -eq 0 ]; then
        enter=(chroot docker/rootfs)
    elif unshare --map-root-user true 2>/dev/null; then
        enter=(unshare --map-root-user --root="$PWD/docker/rootfs")
    else
        skip "needs root or user namespaces"
    fi
    cp docker/model.safetensors docker/rootfs/copy
    run "${enter[@]}" /mlctl predict -q -m /copy - <rows.csv
    rm docker/rootfs/copy
    [ "$status" -eq 0 ]
    [ "$output" = "$("$MLCTL" predict -q rows.csv)" ]
}

@test "every copy of the context has the same bytes and modes, whatever the umask" {
    (umask 077 && "$MLCTL" docker -q --name 'House prices' -o strict >/dev/null)
    (umask 000 && TZ=Asia/Tokyo LC_ALL=C "$MLCTL" docker -q --name 'House prices' -o loose >/dev/null)
    diff -r docker strict
    diff -r docker loose
    for tree in strict loose; do
        diff <(cd docker && find rootfs model.safetensors -printf '%P %m\n' | sort) \
            <(cd $tree && find rootfs model.safetensors -printf '%P %m\n' | sort)
    done
}

@test "writing again changes nothing, and leaves what it does not know" {
    "$MLCTL" docker -q --name 'House prices' -o again >/dev/null
    echo mine >again/rootfs/mine
    "$MLCTL" docker -q --name 'House prices' -o again >/dev/null
    [ "$(cat again/rootfs/mine)" = mine ]
    rm again/rootfs/mine
    diff -r docker again
}

@test "the Dockerfile has each instruction once, in exec form, for a numeric user" {
    run instructions
    [ "$(awk '{ print $1 }' <<<"$output" | tr '\n' ' ')" = \
        'FROM LABEL COPY COPY WORKDIR USER EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD ' ]
    grep -qx 'FROM scratch' <<<"$output"
    grep -qx 'USER 65532:65532' <<<"$output"
    grep -qx 'WORKDIR /' <<<"$output"
    grep -qE '^HEALTHCHECK .* CMD \["/mlctl", "health", "http://127.0.0.1:8080/' <<<"$output"
    grep -qx 'ENTRYPOINT \["/mlctl"\]' <<<"$output"
    grep -qx 'CMD \["serve", "--address", "0.0.0.0", "--port", "8080"\]' <<<"$output"
    run -1 grep -E -- '--chmod|--mount|<<|ADD |RUN |ARG |ENV ' <<<"$output"
}

@test "labels carry the model's digest and metrics" {
    digest=$("$MLCTL" inspect --json | jq -r .sha256)
    [ "${#digest}" -eq 64 ]
    instructions | grep -q " org.mlctl.model.sha256=\"$digest\" "
    instructions | grep -qE ' org.mlctl.metrics.r2="0\.9[0-9]*"'
    instructions | grep -q 'LABEL org.opencontainers.image.title="House prices" '
}

@test "compose runs the service with the least it needs" {
    sed 's/^ *//' docker/compose.yaml >lines
    for line in 'read_only: true' 'pids_limit: 64' '- ALL' '- no-new-privileges:true' '- "127.0.0.1:8080:8080"' '"house-prices":'; do
        grep -qxF -- "$line" lines
    done
    run -1 grep -E 'privileged: true|network_mode|pid:|ipc:|docker.sock' docker/compose.yaml
}

@test "--port goes to all the places" {
    "$MLCTL" docker -q --port 9191 -o other >/dev/null
    [ "$(grep -c 9191 other/Dockerfile)" -eq 3 ]
    grep -q '"127.0.0.1:9191:9191"' other/compose.yaml
    run -1 grep -r 8080 other/Dockerfile other/compose.yaml
}

@test "a damaged model is refused before anything is written" {
    head -c 200 model.safetensors >broken.safetensors
    run "$MLCTL" docker -m broken.safetensors -o none
    [ "$status" -eq 4 ]
    [ ! -e none ]
}

@test "a port that a container cannot take is refused" {
    for port in 0 -1 65536 x; do
        run "$MLCTL" docker --port "$port" -o none
        [ "$status" -eq 2 ]
    done
    [ ! -e none ]
}

@test "a link in the context is not followed" {
    mkdir linked outside
    ln -s ../outside linked/rootfs
    run "$MLCTL" docker -o linked
    [ "$status" -eq 5 ]
    [ -z "$(ls outside)" ]
}
