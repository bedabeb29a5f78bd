#!/usr/bin/env bash
# Tries docker-compose.yml without containers: its services as plain processes on addresses of their own (127.x), with their
# commands, environment, secrets and health checks as they stand there, a real PostgreSQL and a real nginx with TLS in front.
# Then a page's whole story, and a restart of every part under load while 2,000 pages are connected.
#
#   deploy/verify.sh                                        # the programs in target/debug; about two minutes
#   GATEPIPE_BIN_DIR=target/dist deploy/verify.sh
#   deploy/verify.sh --pages 200                            # fewer pages
#
# Needs Node 20 with npm, and Debian's nginx, postgresql, openssl and curl. Logs are kept when something fails.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
bins=${GATEPIPE_BIN_DIR:-${CARGO_TARGET_DIR:-$root/target}/debug}
bins=$(cd "$bins" && pwd)

missing=()
for program in gatepipe gatepipe-register gatepipe-gateway gatepipe-api; do
    [ -x "$bins/$program" ] || missing+=("$bins/$program (cargo build --workspace --bins)")
done
postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
PATH=$bins:$PATH${postgres:+:$postgres}:/usr/sbin
export PATH
for program in node npm nginx openssl curl initdb postgres pg_isready; do
    command -v "$program" >/dev/null || missing+=("$program")
done
if [ "${#missing[@]}" -gt 0 ]; then
    printf 'deploy/verify.sh: missing: %s\n' "${missing[@]}" >&2
    exit 1
fi

# Pages are the real @gatepipe/client.
[ -e "$root/web/node_modules/.package-lock.json" ] || (cd "$root/web" && npm ci)
(cd "$root/web" && npm run build --silent --workspace client >/dev/null)
exec node "$root/deploy/verify/main.mjs" "$@"
