# shellcheck shell=bash
# A container engine: is one there, and a private one under a directory for as long as a script runs.

engine_answers() {
    command -v docker >/dev/null && timeout 20 docker info >/dev/null 2>&1
}

# engine_start DIR: starts dockerd with everything it writes under DIR and waits for it; sets engine_pid and DOCKER_HOST.
# Tries less of the kernel with each attempt: no overlay file system, then no bridge and packet filter.
engine_start() {
    local dir=$1 options
    engine_dir=$dir
    export DOCKER_HOST="unix://$dir/docker.sock"
    for options in '' '--storage-driver=vfs' \
        '--storage-driver=vfs --iptables=false --ip6tables=false --ip-masq=false --bridge=none'; do
        mkdir -p "$dir"
        # shellcheck disable=SC2086 # the options are words
        dockerd --host "$DOCKER_HOST" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
            $options >"$dir/log" 2>&1 &
        engine_pid=$!
        if engine_comes_up; then
            return 0
        fi
        engine_stop
    done
    tail -n 5 "$dir/log" >&2
    unset DOCKER_HOST
    return 1
}

engine_comes_up() {
    local tries
    for ((tries = 0; tries < 120; tries++)); do
        kill -0 "$engine_pid" 2>/dev/null || return 1
        ! engine_answers || return 0
        sleep 0.5
    done
    return 1
}

engine_stop() {
    [ -n "${engine_pid:-}" ] || return 0
    kill "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" 2>/dev/null || true
    umount "$engine_dir"/exec/netns/* 2>/dev/null || true
    engine_pid=
}
