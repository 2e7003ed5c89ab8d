# Makes a source cluster, its base backups, its WAL archive, and what is known of all that. Runs in a container; the result goes
# to standard output as a tar archive, and what the programs say to standard error.
#
#     source.sh MAJOR SEGMENT everything|little        after common.sh
#
# SEGMENT is the size of a WAL segment in MiB; `little` leaves out all but one base backup and the archive.
major=$1 segment=$2 extent=$3
data=/data/source out=/data/out
mkdir -p "$out/wal" /data/tablespace

# Another cluster of the same major, for a segment that does not belong here.
initdb -D /data/foreign -N -A trust -U postgres -E UTF8 --locale=C.UTF-8 --wal-segsize="$segment" >/data/foreign.log &
foreign=$!

initdb -D "$data" -k -N -A trust -U postgres -E UTF8 --locale=C.UTF-8 --wal-segsize="$segment" >/data/initdb.log
cat >>"$data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '/tmp'
archive_mode = on
archive_command = 'cp %p /data/out/.segment && mv /data/out/.segment /data/out/wal/%f'
wal_level = replica
max_connections = 30
max_prepared_transactions = 5
max_wal_senders = 5
shared_buffers = 16MB
autovacuum = off
fsync = off
log_timezone = 'UTC'
timezone = 'UTC'
CONF
((major < 17)) || echo 'summarize_wal = on' >>"$data/postgresql.conf"
pg_ctl -D "$data" -l /data/source.log -w start >/dev/null || { cat /data/source.log; exit 1; }

backup() { # NAME OPTIONS...
    pg_basebackup -D "$out/$1" -c fast -l "$1" "${@:2}" 2>/data/basebackup.log || { cat /data/basebackup.log; exit 1; }
}
plain() { # NAME OPTIONS...: tablespaces beside it
    mkdir "$out/$1_tblspc"
    backup "$1" -Fp -T "/data/tablespace/one=$out/$1_tblspc/one" "${@:2}"
}

mkdir -m 700 /data/tablespace/one
sql -c "create tablespace one location '/data/tablespace/one'" \
    -c 'create table in_tablespace (i int) tablespace one' \
    -c 'insert into in_tablespace select generate_series(1, 1000)' \
    -c 'create table filler (i int, t text)' \
    -c 'create unlogged table drafts as select generate_series(1, 100) as i' \
    -c 'create table marks (n int primary key, what text, at timestamptz, lsn pg_lsn, xid text)'
mark 1 1 'before the base backup'

plain base -X none
if [[ $extent == everything ]]; then
    plain base_stream -X stream
    backup base_tar -Ft -z -X stream
fi
mark 1 2 'after the base backups'
fill 1500
mark 1 3 'before the restore point'
sql -c "select pg_create_restore_point('drill_point'), clock_timestamp()" >/data/known/restore_point
# What was prepared has a transaction of its own, and a commit record of its own kind.
mark 1 4 'after the restore point, prepared' 'begin' "prepare transaction 'four'"
sql -c "commit prepared 'four'"
switch
# One transaction over several segments.
sql -c "insert into filler select i, repeat(md5(i::text), 20) from generate_series(1, 3500) i"
fill 700
switch
mark 1 5 'before the accident'
sql -c begin -c 'create table accident (what text)' -c 'delete from marks where n = 1' \
    -c 'select txid_current(), clock_timestamp(), pg_current_wal_insert_lsn()' -c commit >/data/known/accident
mark 1 6 'after the accident'
fill 2000
switch
if [[ $extent == everything ]] && ((major >= 17)); then
    mkdir "$out/incr"
    cp -al "$out/base" "$out/incr/full"
    cp -al "$out/base_tblspc" "$out/incr/full_tblspc"
    plain incr/incremental -X none -i "$out/incr/full/backup_manifest"
fi
fill 1500
mark 1 7 'the last commit'
# The last transaction of all is no commit.
sql -c begin -c 'insert into filler values (0, null)' -c rollback
switch
archived "$data"

segments "$out/wal" 00000001 >/data/known/segments
first=$(lsn_of "$(head -n 1 /data/known/segments)" 0)
end=$(lsn_of "$(tail -n 1 /data/known/segments)" 1)
transactions 1 "$out/wal" "$first" "$end" >/data/known/transactions

if [[ $extent == everything ]]; then
    # A second server goes on from before the accident.
    second=/data/second
    cp -a "$out/base" "$second"
    cp -a "$out/base_tblspc/one" /data/tablespace/second
    for link in "$second"/pg_tblspc/*; do ln -sfn /data/tablespace/second "$link"; done
    touch "$second/recovery.signal"
    mkdir /data/new /tmp/second
    cat >>"$second/postgresql.conf" <<CONF
unix_socket_directories = '/tmp/second'
archive_command = 'cp %p /data/.segment && mv /data/.segment /data/new/%f'
restore_command = 'cp $out/wal/%f %p'
recovery_target_xid = '$(cut -f 1 /data/known/accident)'
recovery_target_inclusive = off
recovery_target_action = promote
CONF
    pg_ctl -D "$second" -l /data/second.log -w start >/dev/null || { cat /data/second.log; exit 1; }
    export PGHOST=/tmp/second
    for ((try = 0; try < 200; try++)); do
        [[ $(sql -c 'select pg_is_in_recovery()') == t ]] || break
        sleep 0.05
    done
    mark 2 8 'on timeline 2'
    fill 1500
    mark 2 9 'the last commit of timeline 2'
    switch
    archived "$second"
    cp -al "$out/wal" "$out/wal_tl2"
    cp /data/new/* "$out/wal_tl2/"
    fork=$(cut -f 2 "$out/wal_tl2/00000002.history" | head -n 1)
    end_tl2=$(lsn_of "$(segments "$out/wal_tl2" 00000002 | tail -n 1)" 1)
    transactions 2 "$out/wal_tl2" "$fork" "$end_tl2" >>/data/known/transactions
    export PGHOST=/tmp
fi

wait "$foreign"
mkdir "$out/wal_of_other_system"
cp "/data/foreign/pg_wal/$(pg_controldata /data/foreign | sed -nE 's/^.* REDO WAL file: +//p')" "$out/wal_of_other_system/"

# What each backup says that it needs.
for manifest in $(cd "$out" && find . -name backup_manifest | sort); do
    name=$(dirname "$manifest") name=${name#./}
    printf '%s' "$name"
    for key in Start-LSN End-LSN; do
        printf '\t%s' "$(grep -o "\"$key\": \"[^\"]*\"" "$out/$manifest" | cut -d '"' -f 4)"
    done
    echo
done >/data/known/bases

sql >"$out/facts.json" <<SQL
create temp table marks_known (timeline int, n int, what text, at timestamptz, lsn pg_lsn, xid text);
\copy marks_known from /data/known/marks
create temp table transactions (timeline int, lsn pg_lsn, xid text, at timestamptz, kind text);
\copy transactions from /data/known/transactions
create temp table accident (xid text, at timestamptz, lsn pg_lsn);
\copy accident from /data/known/accident
create temp table restore_point (lsn pg_lsn, at timestamptz);
\copy restore_point from /data/known/restore_point
create temp table bases (name text, start_lsn pg_lsn, end_lsn pg_lsn);
\copy bases from /data/known/bases
create temp table segments (name text);
\copy segments from /data/known/segments
select jsonb_pretty(jsonb_build_object(
    'major', $major,
    'segment_bytes', $segment * 1024 * 1024,
    'system_identifier', (select system_identifier::text from pg_control_system()),
    'tablespace', (select oid from pg_tablespace where spcname = 'one'),
    'bases', (select jsonb_object_agg(name, jsonb_build_object('start_lsn', start_lsn, 'end_lsn', end_lsn)) from bases),
    'marks', (select jsonb_agg(to_jsonb(m) || jsonb_build_object('commit_lsn', t.lsn, 'committed_at', t.at) order by m.n)
        from marks_known m join transactions t using (timeline, xid)),
    'restore_point', (select jsonb_build_object('name', 'drill_point', 'lsn', lsn, 'at', at) from restore_point),
    'accident', (select to_jsonb(a) || jsonb_build_object('commit_lsn', t.lsn, 'committed_at', t.at)
        from accident a join transactions t on t.xid = a.xid and timeline = 1),
    'segments', (select jsonb_agg(name order by name) from segments),
    'end_lsn', '$end'::pg_lsn,
    'fork_lsn', nullif('${fork:-}', '')::pg_lsn,
    'end_lsn_tl2', nullif('${end_tl2:-}', '')::pg_lsn,
    'transactions', (select jsonb_agg(t order by timeline, lsn) from transactions t)));
SQL
# Zeros at the end of a segment take no room.
tar -C "$out" --sparse --hole-detection=raw -cf - . >&3
