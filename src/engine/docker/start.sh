# The first process of a sandbox, as the server's user: SECONDS DATA-DIRECTORY SERVER-ARGUMENTS…
# Exit codes: 90 the image lacks a locale, 93 initdb refused.
set -e
for dir in /usr/lib/postgresql/*/bin /usr/local/bin; do PATH="$PATH:$dir"; done
seconds=$1 data=$2
shift 2
mkdir "$data/log"
number=0
while [ "$number" -lt "$PGREHEARSE_TABLESPACES" ]; do
    number=$((number + 1))
    mkdir -p "$data/tablespaces/$number"
done
# Ends with 90 where the image lacks a locale.
has_locales() {
    plain() { printf '%s' "$1" | tr 'A-Z' 'a-z' | tr -d '-'; }
    for wanted in $PGREHEARSE_LOCALES; do
        case "$(plain "$wanted")" in c | posix | c.utf8) continue ;; esac
        found=
        for have in $(locale -a 2> /dev/null); do
            if [ "$(plain "$have")" = "$(plain "$wanted")" ]; then found=yes; fi
        done
        [ "$found" ] || exit 90
    done
}
if [ "${PGREHEARSE_BROUGHT_IN-}" ]; then
    has_locales
    mkdir -m 700 "$data/pgdata"
    timeout -s KILL "$seconds" sleep "$seconds"
    exit
elif [ -f /pgrehearse/kept.tar ]; then
    mkdir -m 700 "$data/pgdata"
    tar -x -p -f /pgrehearse/kept.tar -C "$data/pgdata"
elif [ -d /pgrehearse/kept ]; then
    cp -R /pgrehearse/kept "$data/pgdata"
else
    has_locales
    if [ "$PGREHEARSE_NO_CHECKSUMS" ] && initdb --help | grep -q -e --no-data-checksums; then
        PGREHEARSE_OPTIONS="$PGREHEARSE_OPTIONS --no-data-checksums"
    fi
    # Unquoted on purpose: several options.
    initdb --pgdata="$data/pgdata" --no-sync --auth=trust --username="$PGREHEARSE_SUPERUSER" \
        --encoding="$PGREHEARSE_ENCODING" $PGREHEARSE_OPTIONS > /tmp/initdb.log 2>&1 || { cat /tmp/initdb.log >&2; exit 93; }
fi
# Settings that no command line may show come by the standard input.
lines=0
while [ "$lines" -lt "${PGREHEARSE_SETTINGS:-0}" ]; do
    IFS= read -r line || { echo "settings did not arrive" >&2; exit 1; }
    printf '%s\n' "$line" >> "$data/pgdata/postgresql.conf"
    lines=$((lines + 1))
done
# Not exec: timeout of coreutils 9.10 (PostgreSQL 18 on Debian forky) ends with 125 where it is the first process.
timeout -s QUIT "$seconds" postgres -D "$data/pgdata" "$@" || {
    code=$?
    # The container's log ends where the server's own begins.
    grep -h -E ',(FATAL|PANIC),' "$data"/log/*.csv 2> /dev/null | tail -n 3 >&2
    [ "$code" -le 128 ] || echo "pgrehearse: a signal ended the server" >&2
    exit $code
}
