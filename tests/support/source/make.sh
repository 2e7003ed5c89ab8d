# Makes the databases of a source cluster and every dump of them. Runs in the cluster's container, beside the SQL files;
# the dumps are in ./out at the end. The server's major version is the argument.
set -euo pipefail
major=$1
cd "$(dirname "$0")"
export PGHOST=/tmp PGUSER=postgres
sql() { psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d "$1" -f "$2.sql"; }
make() { # DATABASE OPTIONS...: made by the SQL file of its name
    createdb -T template0 "${@:2}" "$1"
    sql "$1" "$1"
}
mkdir /tmp/out
out=/tmp/out
dump() { # FILE OPTIONS...
    pg_dump --no-sync -f "$out/$1" "${@:2}"
}

sql postgres roles
make shop -O shop_owner
make stock -O shop_owner

dump shop.dump -Fc shop
dump shop.dir -Fd -j 2 shop
dump shop.tar -Ft shop
dump shop.sql shop
dump shop-create.sql -C shop
dump shop-create.dump -C -Fc shop
dump shop-inserts.sql --inserts shop
# Written to a pipe an archive has no offsets of its data.
pg_dump -Fc shop | cat >"$out/shop-piped.dump"
pg_dumpall --no-sync -f "$out/all.sql"

if ((major >= 16)); then
    for method in none gzip lz4 zstd; do
        dump "shop-$method.dump" -Fc -Z "$method" shop
        dump "shop-$method.dir" -Fd -Z "$method" shop
    done
else
    dump shop-none.dump -Fc -Z 0 shop
    dump shop-none.dir -Fd -Z 0 shop
    dump shop-gzip.dump -Fc -Z 9 shop
fi
if ((major >= 18)); then
    dump shop-statistics.dump -Fc --statistics shop
fi

make small -E UTF8
dump small.dump -Fc small
dump small.dir -Fd small
dump small.sql small

make rows
dump rows.sql rows
dump rows.dump -Fc rows
dump rows.dir -Fd rows
dump rows.tar -Ft rows

for database in behind healthy exhausted three; do
    make "$database"
    dump "$database.dump" -Fc "$database"
    dump "$database.sql" "$database"
done

make ascii -E SQL_ASCII -l C
dump ascii.dump -Fc ascii
dump ascii.sql ascii
dump ascii-inserts.sql --inserts ascii

make types -E UTF8
dump types.dump -Fc types
dump types.dir -Fd types
dump types.tar -Ft types
dump types.sql types
dump types-inserts.sql --inserts types
dump types-inserts.dump -Fc --rows-per-insert=2 --column-inserts types
dump types-root.dump -Fc --load-via-partition-root types
# Without the names of columns the rows of a partition that has them in another order would not go in.
dump types-root.sql --load-via-partition-root --column-inserts types

make tampered
dump tampered.dump -Fc tampered
dump tampered.dir -Fd tampered
dump tampered.tar -Ft tampered
dump tampered.sql tampered
dump tampered-inserts.sql --inserts tampered
if ((major >= 16)); then
    dump tampered-lz4.dump -Fc -Z lz4 tampered
    dump tampered-zstd.dir -Fd -Z zstd tampered
fi

make latin -E LATIN1 -l C
dump latin.dump -Fc latin
dump latin.sql latin

make objects
dump objects.dump -Fc objects
dump objects.dir -Fd objects
dump objects.tar -Ft objects
dump objects.sql objects

make judged -O shop_owner
dump judged.dump -Fc judged
dump judged.sql judged
# The same, written otherwise.
dump judged-quoted.dump -Fc --quote-all-identifiers --disable-dollar-quoting judged
dump judged-quoted.sql --quote-all-identifiers --disable-dollar-quoting --inserts judged

make escape
dump escape.dump -Fc escape

# After pg_dumpall above: its tablespace belongs to the whole cluster.
mkdir /tmp/fast
make needs -O shop_owner
((major >= 14)) || sql needs needs13
for later in 15 17 18; do
    ((major < later)) || sql needs "needs$later"
done
dump needs.dump -Fc needs
dump needs.sql needs
dump needs-create.sql -C needs
pg_dumpall --no-sync -f "$out/all-needs.sql"

make catalog
for later in 15 18; do
    ((major < later)) || sql catalog "catalog$later"
done
dump catalog.dump -Fc catalog
dump catalog.sql catalog

make many
dump many.dump -Fc many

# After pg_dumpall, which would take along the role that it makes.
make names
dump names.dump -Fc names
dump names.dir -Fd names
dump names.tar -Ft names
pg_dump -Fc names | cat >"$out/names-piped.dump"
if ((major >= 16)); then
    dump names-zstd.dir -Fd -Z zstd names
    dump shop-long.dump -Fc -Z zstd:level=19,long shop
fi
# After pg_dumpall too, and only where the image has the extensions.
if ((major == 17)); then
    make supabase
    dump supabase.dump -Fc supabase
    dump supabase.sql supabase
fi
