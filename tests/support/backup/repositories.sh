# Makes a source cluster and two kinds of repositories of its backups: pgBackRest's and Barman's. Runs in a container; the result
# goes to standard output as a tar archive, and what the programs say to standard error.
#
#     repositories.sh MAJOR        after common.sh
major=$1 segment=1
export HOME=/data
data=/data/source out=/data/out
mkdir -p "$out/pgbackrest" "$out/barman" /data/lock
cat >/data/pgbackrest.conf <<CONF
[global]
repo1-path=$out/pgbackrest
repo1-retention-full=2
compress-type=zst
compress-level=1
start-fast=y
log-level-console=warn
log-level-file=off
lock-path=/data/lock
[main]
pg1-path=$data
pg1-socket-path=/tmp
pg1-user=postgres
CONF
{
    cat <<CONF
[barman]
barman_home = $out/barman
barman_user = $(id -un)
barman_lock_directory = /data/lock
log_file = /data/barman.log
backup_method = postgres
archiver = on
path_prefix = /usr/lib/postgresql/$major/bin
immediate_checkpoint = true
CONF
    # One server, as Barman sees two: their WAL is kept as it is, and gzipped.
    for server in plain gzipped; do
        cat <<CONF
[$server]
description = $server
conninfo = host=/tmp user=postgres dbname=postgres
streaming_conninfo = host=/tmp user=postgres
$([[ $server == plain ]] || echo 'compression = gzip')
CONF
    done
} >/data/barman.conf
pgbackrest() { command pgbackrest --config=/data/pgbackrest.conf --stanza=main "$@"; }
barman() { command barman -q -c /data/barman.conf "$@"; }

cat >/data/to_pgbackrest_and_barman.sh <<'ARCHIVE'
set -e
cp "$1" "/data/wal/$2"
pgbackrest --config=/data/pgbackrest.conf --stanza=main archive-push "$1"
for server in plain gzipped; do
    incoming=/data/out/barman/$server/incoming
    cp "$1" "$incoming/.$2"
    mv "$incoming/.$2" "$incoming/$2"
done
ARCHIVE
mkdir -p /data/wal "$out"/barman/{plain,gzipped}/incoming

initdb -D "$data" -k -N -A trust -U postgres -E UTF8 --locale=C.UTF-8 --wal-segsize=1 >/data/initdb.log
cat >>"$data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '/tmp'
archive_mode = on
archive_command = 'bash /data/to_pgbackrest_and_barman.sh "%p" "%f"'
wal_level = replica
max_connections = 30
max_wal_senders = 5
shared_buffers = 16MB
autovacuum = off
fsync = off
log_timezone = 'UTC'
timezone = 'UTC'
CONF
pg_ctl -D "$data" -l /data/source.log -w start >/dev/null || { cat /data/source.log; exit 1; }
pgbackrest stanza-create

mkdir -m 700 /data/tablespace
sql -c "create tablespace one location '/data/tablespace'" \
    -c 'create table in_tablespace (i int) tablespace one' \
    -c 'insert into in_tablespace select generate_series(1, 1000)' \
    -c 'create table filler (i int, t text)' \
    -c 'create table marks (n int primary key, what text, at timestamptz, lsn pg_lsn, xid text)'
mark 1 1 'before the full backup'
pgbackrest --type=full backup
mark 1 2 'after the full backup'
fill 500
pgbackrest --type=diff backup
mark 1 3 'after the differential backup'
fill 500
pgbackrest --type=incr backup
mark 1 4 'after the incremental backup'
# Barman wants to have seen WAL before it makes a backup.
switch
archived "$data"
for server in plain gzipped; do
    barman archive-wal "$server"
    barman backup "$server" || { cat /data/barman.log; exit 1; }
done
mark 1 5 'after the backups of Barman'
fill 1500
mark 1 6 'before the accident'
sql -c begin -c 'create table accident (what text)' -c 'delete from marks where n = 1' \
    -c 'select txid_current(), clock_timestamp(), pg_current_wal_insert_lsn()' -c commit >/data/known/accident
fill 1500
mark 1 7 'the last commit'
switch
archived "$data"
for server in plain gzipped; do
    barman archive-wal "$server"
    # What `barman cron` would do now and then: a backup is done when its WAL is there.
    barman check-backup "$server" latest
    status=$(command barman -c /data/barman.conf show-backup "$server" latest | sed -nE 's/^ +Status +: +//p')
    [[ $status == DONE ]] || { echo "barman: the backup of $server is $status"; cat /data/barman.log; exit 1; }
done

# Barman removes what is older than its first backup, so this is asked of files of its own.
first=$(lsn_of "$(segments /data/wal 00000001 | head -n 1)" 0)
end=$(lsn_of "$(segments /data/wal 00000001 | tail -n 1)" 1)
transactions 1 /data/wal "$first" "$end" >/data/known/transactions

sql >"$out/facts.json" <<SQL
create temp table marks_known (timeline int, n int, what text, at timestamptz, lsn pg_lsn, xid text);
\copy marks_known from /data/known/marks
create temp table transactions (timeline int, lsn pg_lsn, xid text, at timestamptz, kind text);
\copy transactions from /data/known/transactions
create temp table accident (xid text, at timestamptz, lsn pg_lsn);
\copy accident from /data/known/accident
select jsonb_pretty(jsonb_build_object(
    'major', $major,
    'system_identifier', (select system_identifier::text from pg_control_system()),
    'marks', (select jsonb_agg(to_jsonb(m) || jsonb_build_object('commit_lsn', t.lsn, 'committed_at', t.at) order by m.n)
        from marks_known m join transactions t using (timeline, xid)),
    'accident', (select to_jsonb(a) || jsonb_build_object('commit_lsn', t.lsn, 'committed_at', t.at)
        from accident a join transactions t on t.xid = a.xid),
    'end_lsn', '$end'::pg_lsn));
SQL
tar -C "$out" --sparse --hole-detection=raw -cf - . >&3
