-- What versions before 14 or 15 do not have.
CREATE TYPE n.span AS RANGE (SUBTYPE = numeric);
CREATE TABLE n.ranges (r int4multirange, c text COMPRESSION pglz, s numeric(3, -2),
    u integer, UNIQUE NULLS NOT DISTINCT (u));
CREATE FUNCTION n.atomic() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
CREATE PROCEDURE n.gives(OUT a integer) LANGUAGE plpgsql AS $$ BEGIN a := 1; END $$;
CREATE STATISTICS n.expression ON (lower(note)), stored FROM n.plain;
CREATE VIEW n.invoker WITH (security_invoker = true) AS SELECT id FROM n.plain;
CREATE VIEW n.binned AS SELECT date_bin('1 hour', now(), now()) AS at, regexp_count('a', 'a') AS many;
CREATE TABLE n.pairs (a integer, b integer, PRIMARY KEY (a, b));
CREATE TABLE n.points (a integer, b integer, FOREIGN KEY (a, b) REFERENCES n.pairs ON DELETE SET NULL (b));
CREATE PUBLICATION filtered FOR TABLE n.plain (id) WHERE (id > 3);
CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA n;
CREATE SUBSCRIPTION sub15 CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, two_phase = true);
CREATE FUNCTION n.memo() RETURNS integer LANGUAGE sql SET enable_memoize TO off AS 'SELECT 1';
