# What source.sh and repositories.sh share. It stands before them in one script, and they set `segment`, the size of a WAL segment
# in MiB. Standard output is the third file from here on, because the result goes there.
set -euo pipefail
exec 3>&1 >&2
export PGHOST=/tmp PGUSER=postgres PGDATABASE=postgres PGTZ=UTC TZ=UTC
mkdir -p /data/known

sql() { psql -XAtq -v ON_ERROR_STOP=1 -F $'\t' "$@"; }

# Writes a row that says itself when and where it was written, and notes it.
mark() { # TIMELINE NUMBER WHAT [BEGIN-OF-STATEMENTS END-OF-STATEMENTS]
    sql -c "${4:-}" -c "insert into marks values ($2, '$3', clock_timestamp(), pg_current_wal_insert_lsn(), txid_current())
        returning $1, n, what, at, lsn, xid" -c "${5:-}" >>/data/known/marks
}
# Commits this many small transactions: a segment of 1 MiB holds about 1 300.
fill() {
    sql -c "do \$\$ begin for i in 1..$1 loop insert into filler values (i, repeat(md5(i::text), 20)); commit; end loop; end \$\$"
}
switch() { sql -c 'select pg_switch_wal()' >/dev/null; }
# Waits until a cluster has archived all that it has finished.
archived() {
    local tries=0
    while compgen -G "$1/pg_wal/archive_status/*.ready" >/dev/null; do
        ((++tries < 600)) || { echo 'the archiver does not come to an end'; exit 1; }
        sleep 0.05
    done
}

# Each commit and rollback that a directory of WAL holds, as pg_waldump reads it. Without an end it would wait for more.
transactions() { # TIMELINE DIRECTORY FIRST-LSN END-LSN
    pg_waldump -r Transaction -t "$1" -p "$2" -s "$3" -e "$4" | sed -nE \
        -e 's|^.* tx: +([0-9]+), lsn: ([0-9A-F/]+), .*desc: (COMMIT\|ABORT) ([0-9-]+ [0-9:.]+ [A-Z]+).*|'"$1"'\t\2\t\1\t\4\t\3|p' \
        -e 's|^.* lsn: ([0-9A-F/]+), .*desc: (COMMIT\|ABORT)_PREPARED ([0-9]+): ([0-9-]+ [0-9:.]+ [A-Z]+).*|'"$1"'\t\1\t\3\t\4\t\2|p'
}
# Where a segment begins, or how many segments later.
lsn_of() { # SEGMENT LATER
    local lsn=$(((16#${1:8:8} << 32) + (16#${1:16:8} + $2) * segment * 1024 * 1024))
    printf '%X/%X\n' $((lsn >> 32)) $((lsn & 16#FFFFFFFF))
}
segments() { # DIRECTORY TIMELINE
    (cd "$1" && printf '%s\n' "$2"*) | grep -E '^[0-9A-F]{24}$'
}
