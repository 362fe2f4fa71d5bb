# shellcheck shell=bash
# The Debian mirror and the way to it, read from this machine's own apt configuration.

# sources_entries DIR: "URI SUITE..." a line for each enabled binary source under DIR (/etc/apt), of both formats.
sources_entries() {
    local file
    for file in "$1"/sources.list "$1"/sources.list.d/*.list; do
        [ -f "$file" ] || continue
        # deb [option=value ...] URI SUITE COMPONENT...
        sed -nE 's/^[[:space:]]*deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+)[[:space:]]+([^[:space:]]+).*/\2 \3/p' "$file"
    done
    for file in "$1"/sources.list.d/*.sources; do
        [ -f "$file" ] || continue
        # a stanza of "Field: values", continued by lines that begin with a blank; stanzas end at an empty line
        awk '
            function flush(   uri, n, i) {
                if (types ~ /(^| )deb( |$)/ && tolower(enabled) !~ /no|false/) {
                    n = split(uris, uri, " ")
                    for (i = 1; i <= n; i++) print uri[i], suites
                }
                types = uris = suites = enabled = field = ""
            }
            /^[[:space:]]*$/ { flush(); next }
            /^#/ { next }
            /^[^[:space:]]/ { field = tolower($0); sub(/:.*/, "", field); sub(/^[^:]*:/, "") }
            {
                gsub(/[[:space:]]+/, " ")
                if (field == "types") types = types " " $0
                if (field == "uris") uris = uris " " $0
                if (field == "suites") suites = suites " " $0
                if (field == "enabled") enabled = $0
            }
            END { flush() }
        ' "$file"
    done
}

# mirror_of SUITE [DIR]: the first source that has exactly this suite. A list of mirrors in a file gives its first line.
mirror_of() {
    local suite=$1 uri suites
    while read -r uri suites; do
        [[ " $suites " == *" $suite "* ]] || continue
        case $uri in
        http://* | https://*) printf '%s\n' "$uri" ;;
        mirror+file:*) awk 'NF && !/^#/ { print $1; exit }' "${uri#mirror+file:}" ;;
        *) continue ;;
        esac
        return 0
    done < <(sources_entries "${2:-/etc/apt}")
    return 1
}

# apt_settings: how this machine's apt reaches its mirror (proxy, certificates, date checks), as lines of apt.conf.
apt_settings() {
    apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries)' || true
}

# apt_prepare ROOT: gives a new root the settings and the certificates that they and the mirror rely on.
apt_prepare() {
    local root=$1 file
    apt_settings >"$root/etc/apt/apt.conf.d/99machine"
    while read -r file; do
        [ -f "$file" ] || continue
        mkdir -p "$root$(dirname "$file")"
        cp -L "$file" "$root$file"
    done < <(printf '/etc/ssl/certs/ca-certificates.crt\n'
        apt_settings | sed -nE 's/.*::(CaInfo|CAInfo) "([^"]*)";/\2/p')
}
