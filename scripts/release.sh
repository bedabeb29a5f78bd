#!/usr/bin/env bash
# Makes what a release consists of: one tarball for this kind of machine, and SHA256SUMS beside it.
#
#   scripts/release.sh                      builds by the lock file, with the console, from what is committed
#   scripts/release.sh --programs DIR       packs programs that were built already
#   scripts/release.sh --out DIR            where to; target/release-files otherwise
#
# The same commit and the same programs give the same bytes: names are sorted, owners are nobody's, times are the commit's.
set -euo pipefail

fail() {
    echo "release: $*" >&2
    exit 1
}

root=$(cd "$(dirname "$0")/.." && pwd)
given=
out=$root/target/release-files
while [ $# -gt 0 ]; do
    case $1 in
        --programs | --out) [ $# -ge 2 ] || fail "$1 needs a value" ;;
    esac
    case $1 in
        --programs) given=$(cd "$2" && pwd) || fail "there is no directory $2"; shift 2 ;;
        --out) mkdir -p "$2" && out=$(cd "$2" && pwd); shift 2 ;;
        -h | --help) sed -n '2,/^set /{s/^# \{0,1\}//p}' "$0"; exit ;;
        *) fail "there is no option $1; see --help" ;;
    esac
done

cd "$root"
target=$(rustc -vV | sed -n 's/^host: //p')
programs=(gatepipe gatepipe-register gatepipe-gateway gatepipe-api)

if [ -z "$given" ]; then
    [ -z "$(git status --porcelain)" ] || fail "a release is a commit: git status names what is not committed"
    # Also when it was built before: what is in there may be of another commit.
    rm -f crates/web-assets/dist/.built
    make web GATEPIPE_TEST_ALL=1
    GATEPIPE_COMMIT=$(git rev-parse HEAD)
    export GATEPIPE_COMMIT GATEPIPE_REQUIRE_CONSOLE=1
    packages=()
    for program in "${programs[@]}"; do
        packages+=(-p "$program")
    done
    # Traces are off until somebody says where they go.
    features=gatepipe/otlp,gatepipe-gateway/otlp,gatepipe-api/otlp
    cargo build --locked --profile dist --bins --features "$features" "${packages[@]}"
    given=${CARGO_TARGET_DIR:-$root/target}/dist
fi

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
name=gatepipe-$version-$target
# The time of what is packed; whoever has no repository says it.
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files=$work/$name
mkdir -p "$files"/{bin,completions,config,docs,nginx}

for program in "${programs[@]}"; do
    [ -x "$given/$program" ] || fail "$given/$program is missing"
    # Names of functions stay, for backtraces; where the lines are takes most of the space.
    strip --strip-debug -o "$files/bin/$program" "$given/$program"
    said=$("$given/$program" --version)
    [ "$said" = "$program $version" ] || fail "$given/$program says that it is \"$said\", and this is $program $version"
done
cp LICENSE-MIT LICENSE-APACHE README.md README.zh-CN.md CHANGELOG.md "$files"
cp config/gatepipe.example.toml "$files/config"
cp docs/*.md "$files/docs"
cp deploy/nginx/*.conf "$files/nginx"
if compgen -G 'deploy/systemd/*.service' >/dev/null; then
    mkdir "$files/systemd"
    cp deploy/systemd/*.service "$files/systemd"
fi
complete() {
    "$given/gatepipe" completions "$1" >"$files/completions/$2" || fail "$given/gatepipe makes no completions: is it of this commit?"
}
complete bash gatepipe.bash
complete zsh _gatepipe
complete fish gatepipe.fish
complete powershell _gatepipe.ps1

mkdir -p "$out"
chmod -R u=rwX,go=rX "$files"
tar --create --directory "$work" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$time" "$name" |
    gzip -n >"$out/$name.tar.gz"
cd "$out"
# Those of other machines stay in the list.
sha256sum ./*.tar.gz | sed 's: \./: :' >SHA256SUMS
echo "$out/$name.tar.gz"
