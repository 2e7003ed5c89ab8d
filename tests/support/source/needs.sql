-- All kinds of objects that ask something of a target, for every version.
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION hstore;
CREATE SCHEMA n AUTHORIZATION shop_owner;
CREATE TABLE n.plain (id integer PRIMARY KEY, note text DEFAULT 'NULLS NOT DISTINCT; BEGIN ATOMIC', stored text,
    "generated always as" integer, period integer, twice integer GENERATED ALWAYS AS (id * 2) STORED);
COMMENT ON TABLE n.plain IS 'GENERATED ALWAYS AS (1) WITHOUT OVERLAPS; JSON_TABLE(';
INSERT INTO n.plain (id) SELECT generate_series(1, 20);
ALTER TABLE n.plain OWNER TO shop_owner;
CREATE TABLESPACE fast LOCATION '/tmp/fast';
CREATE TABLE n.placed (id integer) TABLESPACE fast;
CREATE COLLATION n.german (provider = icu, locale = 'de-x-icu', deterministic = false);
CREATE TABLE n.sorted (a text COLLATE n.german, b text COLLATE "C", c text COLLATE "de-x-icu");
CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere');
CREATE USER MAPPING FOR shop_app SERVER other;
CREATE FOREIGN TABLE n.far (id integer) SERVER other;
CREATE FOREIGN DATA WRAPPER idle;
CREATE PUBLICATION one_table FOR TABLE n.plain;
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false);
CREATE FUNCTION n.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION n.on_ddl();
CREATE FUNCTION n.times(integer, integer) RETURNS integer LANGUAGE internal AS 'int4mul';
CREATE FUNCTION n.body() RETURNS text LANGUAGE sql SET work_mem TO '8MB'
    AS $f$ SELECT 'CREATE VIEW v WITH (security_invoker=true) AS SELECT uuidv7(); NOT ENFORCED'::text $f$;
CREATE OPERATOR CLASS n.backwards FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);
CREATE POLICY nobody ON n.plain TO shop_report USING (true);
ALTER TABLE n.placed ENABLE ROW LEVEL SECURITY;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA n GRANT SELECT ON TABLES TO shop_report;
GRANT SELECT ON n.plain TO shop_app;
