#!/bin/sh
# Makes the secrets that docker-compose.yml reads, and certificates to try it with. What is there stays as it is.
#
#   deploy/secrets.sh [DIR [NAME]...]      # default: secrets, beside this script; NAME: more hosts of the internal links
#
# The directory is for its owner only. The files in it can be read by everybody who gets that far: a container gets them as
# they are, and none of ours runs as their owner. Replace tls_certificate and tls_key by real ones, under the same names.
set -eu
dir=${1:-$(dirname "$0")/secrets}
[ "$#" -eq 0 ] || shift
umask 077
mkdir -p "$dir"
chmod 700 "$dir"
cd "$dir"

made() {
    chmod 444 "$@"
    echo "made $*"
}

for name in gatepipe_secret jwt_secret database_password grafana_password; do
    [ -e "$name" ] || { openssl rand -hex 32 >"$name"; made "$name"; }
done
[ -e database_url ] || {
    echo "postgres://gatepipe:$(cat database_password)@postgres:5432/gatepipe" >database_url
    made database_url
}

ec="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
[ -e tls_certificate ] || [ -e tls_key ] || {
    # shellcheck disable=SC2086
    openssl req -x509 $ec -days 90 -subj "/CN=Gatepipe, to try" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
        -keyout tls_key -out tls_certificate 2>/dev/null
    made tls_certificate tls_key
}

# The internal links: an authority whose key is thrown away, and one certificate for all processes, as clients and servers.
[ -e internal_ca ] || [ -e internal_certificate ] || [ -e internal_key ] || {
    names="DNS:register,DNS:gateway-1,DNS:gateway-2,DNS:localhost,IP:127.0.0.1"
    for name in "$@"; do
        case $name in
            *[!0-9.]*) names="$names,DNS:$name" ;;
            *) names="$names,IP:$name" ;;
        esac
    done
    trash=$(mktemp -d)
    trap 'rm -rf "$trash"' EXIT
    # shellcheck disable=SC2086
    openssl req -x509 $ec -days 3650 -subj "/CN=Gatepipe, internal links" -keyout "$trash/key" -out internal_ca 2>/dev/null
    # shellcheck disable=SC2086
    openssl req $ec -subj "/CN=gatepipe" -keyout internal_key -out "$trash/request" 2>/dev/null
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names" >"$trash/extensions"
    openssl x509 -req -days 3650 -in "$trash/request" -CA internal_ca -CAkey "$trash/key" -CAcreateserial -CAserial "$trash/serial" \
        -extfile "$trash/extensions" -out internal_certificate 2>/dev/null
    made internal_ca internal_certificate internal_key
}
