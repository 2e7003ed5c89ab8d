# Recovers the base backup in /data/base with the archive in /data/archive, and says how that went. Runs in a container; the
# arguments are settings, NAME=VALUE.
set -u
export PGHOST=/tmp PGUSER=postgres PGDATABASE=postgres PGTZ=UTC
run=/data/run
rm -rf "$run" && mkdir "$run"
if [[ -e /data/base/base.tar.gz ]]; then
    mkdir -m 700 "$run/pg"
    tar -x -z -C "$run/pg" -f /data/base/base.tar.gz
    [[ ! -e /data/base/pg_wal.tar.gz ]] || tar -x -z -C "$run/pg/pg_wal" -f /data/base/pg_wal.tar.gz
    for file in /data/base/[0-9]*.tar.gz; do
        oid=$(basename "$file" .tar.gz)
        mkdir -p -m 700 "$run/tblspc/$oid"
        tar -x -z -C "$run/tblspc/$oid" -f "$file"
    done
    # In this form the server makes the links, from this file.
    [[ ! -e $run/pg/tablespace_map ]] || sed -i -E "s|^([0-9]+) .*|\1 $run/tblspc/\1|" "$run/pg/tablespace_map"
else
    cp -a /data/base "$run/pg"
    [[ ! -e /data/tblspc ]] || cp -a /data/tblspc "$run/tblspc"
    for link in "$run"/pg/pg_tblspc/*; do
        [[ ! -L $link ]] || ln -sfn "$run/tblspc/$(basename "$link")" "$link"
    done
fi
touch "$run/pg/recovery.signal"
settings=()
for setting in "$@"; do settings+=(-c "$setting"); done
postgres -D "$run/pg" -c unix_socket_directories=/tmp -c listen_addresses= -c archive_mode=off -c logging_collector=off \
    -c log_destination=stderr -c log_line_prefix= -c fsync=off -c 'restore_command=cp "/data/archive/%f" "%p"' \
    "${settings[@]}" 2>"$run/log" &
server=$!
say() { psql -XAtq -c "$1" 2>/dev/null; }
# A function by this name since 14; before, pausing is all that could be asked.
if grep -qx 13 "$run/pg/PG_VERSION"; then paused='pg_is_wal_replay_paused()'; else paused="pg_get_wal_replay_pause_state() = 'paused'"; fi
end=still
for ((try = 0; try < 300; try++)); do
    if ! kill -0 "$server" 2>/dev/null; then
        wait "$server"
        end="exited $?"
        break
    fi
    case $(say "select case when not pg_is_in_recovery() then 'promoted' when $paused then 'paused' end") in
        promoted) end=promoted; break ;;
        paused) end=paused; break ;;
    esac
    sleep 0.1
done
echo "end=$end"
if [[ $end == promoted || $end == paused ]]; then
    say "select 'replay_lsn=' || pg_last_wal_replay_lsn()"
    say "select 'last_transaction=' || to_json(pg_last_xact_replay_timestamp())"
    [[ $end == paused ]] || say "select 'timeline=' || left(pg_walfile_name(pg_current_wal_lsn()), 8)"
    say "select 'marks=' || string_agg(n::text, ',' order by n) from marks"
    say "select 'accident=' || (to_regclass('accident') is not null)"
    say "select 'in_tablespace=' || count(*) from in_tablespace"
fi
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
echo log=
cat "$run/log"
