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
    pg_dump -f "$out/$1" "${@:2}"
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
pg_dumpall -f "$out/all.sql"

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

make escape
dump escape.dump -Fc escape
