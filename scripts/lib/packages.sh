# shellcheck shell=bash
# Debian packages by purpose, and installing those that are missing. Names are the same in Debian 12 and 13.

# shellcheck disable=SC2034 # read by the scripts that source this file
build_packages=(
    gcc libc6-dev make pkg-config
    libcsv-dev libgnutls28-dev libjansson-dev libmicrohttpd-dev libopenblas-pthread-dev libpopt-dev
    libsodium-dev libunistring-dev nettle-dev zlib1g-dev libzstd-dev
)
# shellcheck disable=SC2034
test_packages=(
    bats clang cppcheck curl jq libclang-rt-dev libcmocka-dev libomp-dev locales openssl procps python3 python3-prometheus-client
    python3-venv shellcheck strace time wrk
)

# as_root COMMAND...: as it is for root, else by sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        printf 'need root or sudo for: %s\n' "$*" >&2
        return 1
    fi
}

# install_missing PACKAGE...: says what it installs; apt's own talk is shown only when it fails.
install_missing() {
    local missing=() package log
    for package; do
        dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    log=$(mktemp)
    printf '$ apt-get install --no-install-recommends %s\n' "${missing[*]}"
    if ! { as_root apt-get -q update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
            install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        printf 'the packages could not be installed\n' >&2
        return 1
    fi
    rm -f "$log"
}
