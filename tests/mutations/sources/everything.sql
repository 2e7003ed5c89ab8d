-- What judged.sql lacks: rows that can change in every way, and objects of the rarer kinds.
CREATE SCHEMA m AUTHORIZATION shop_owner;
COMMENT ON SCHEMA m IS 'More';
CREATE EXTENSION hstore SCHEMA m;
CREATE EXTENSION pg_trgm SCHEMA public;
COMMENT ON EXTENSION hstore IS 'Of our own';
SET ROLE shop_owner;

CREATE TABLE m.rows (
    id integer PRIMARY KEY, note text, empty text, f double precision, at timestamptz, j json, jb jsonb, numbers integer[],
    bytes bytea, large text, a text, b text, code char(6), n numeric, flag boolean, dur interval);
INSERT INTO m.rows
SELECT i, 'note ' || i, CASE WHEN i % 2 = 0 THEN '' END, i / 3.0, '2026-01-01 12:00:00+00'::timestamptz + i * interval '1 h',
    '{"a": 1, "b": 2}', '{"a": 1, "b": 2}', ARRAY[i, i + 1], decode(lpad(to_hex(i), 8, '0'), 'hex'), repeat(md5(i::text), 3000),
    'left ' || i, 'right ' || i, 'c' || i, i::numeric / 8, i % 3 = 0, i * interval '1 day' FROM generate_series(1, 40) AS i;
CREATE TABLE m.keyless (a integer, b text);
INSERT INTO m.keyless SELECT i / 2, 'b' || i / 2 FROM generate_series(1, 20) AS i;
CREATE TABLE m.never_filled (id integer, note text, price numeric(10, 2));
CREATE TABLE m.of_rows (
    id integer PRIMARY KEY, of_row integer CONSTRAINT of_row REFERENCES m.rows ON DELETE CASCADE ON UPDATE SET NULL,
    twin integer CONSTRAINT twin REFERENCES m.rows DEFERRABLE, full_a integer,
    CONSTRAINT full_one FOREIGN KEY (full_a) REFERENCES m.rows MATCH FULL);
INSERT INTO m.of_rows SELECT i, i, i, i FROM generate_series(1, 10) AS i;
CREATE TABLE m.columns (
    id bigint GENERATED ALWAYS AS IDENTITY (INCREMENT BY 3 CACHE 7), word text COLLATE "C" NOT NULL, plain varchar(10) DEFAULT 'x',
    squeezed text COMPRESSION pglz, doubled bigint GENERATED ALWAYS AS (length(word) * 2) STORED, tuned integer,
    quick timestamptz DEFAULT now(), CONSTRAINT long_word CHECK (length(word) < 100) NO INHERIT, small smallserial);
ALTER TABLE m.columns ALTER COLUMN tuned SET (n_distinct = -0.5), ALTER COLUMN tuned SET STATISTICS 77,
    ALTER COLUMN plain SET STORAGE MAIN;
INSERT INTO m.columns (word) VALUES ('one'), ('three');
CREATE UNIQUE INDEX columns_word ON m.columns (word);
ALTER TABLE m.columns REPLICA IDENTITY USING INDEX columns_word;
CREATE INDEX columns_many ON m.columns USING btree (plain COLLATE "POSIX" text_pattern_ops DESC, (id + 1)) WITH (fillfactor = 60);
ALTER INDEX m.columns_many ALTER COLUMN 2 SET STATISTICS 300;
CREATE TABLE m.one_null (a integer, UNIQUE NULLS NOT DISTINCT (a));
CREATE TYPE m.row_type AS (a integer, b text);
CREATE TABLE m.typed OF m.row_type (a WITH OPTIONS PRIMARY KEY);
CREATE TABLE m.hashed (k integer, v text) PARTITION BY HASH (k);
CREATE TABLE m.hashed_0 PARTITION OF m.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE m.hashed_1 PARTITION OF m.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO m.hashed SELECT i, 'v' || i FROM generate_series(1, 50) AS i;
CREATE TABLE m.boss (id integer, rate integer, EXCLUDE USING btree (id WITH =) DEFERRABLE);
CREATE VIEW m.with_default AS SELECT id, note FROM m.rows;
ALTER VIEW m.with_default ALTER COLUMN note SET DEFAULT 'new';
CREATE VIEW m.invoker WITH (security_invoker = true) AS SELECT id FROM m.rows WHERE (flag OR n > 1) AND id > 3;
CREATE MATERIALIZED VIEW m.kept WITH (fillfactor = 80) AS SELECT id, note FROM m.rows WHERE id < 10;
CREATE SEQUENCE m.counter START 5 INCREMENT 2 MINVALUE 1 MAXVALUE 5000 CACHE 3 CYCLE;
SELECT setval('m.counter', 17);
CREATE SEQUENCE m.owned;
ALTER SEQUENCE m.owned OWNED BY m.columns.tuned;

CREATE FUNCTION m.short(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a + 1';
CREATE FUNCTION m.atomic(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END;
CREATE FUNCTION m.many(a integer DEFAULT 7, OUT b integer, OUT c text) LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN b := a; c := 'c'; END $$;
CREATE FUNCTION m.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON m.rows DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION m.stamp();
CREATE TRIGGER with_words BEFORE UPDATE ON m.rows FOR EACH ROW EXECUTE FUNCTION m.stamp('one', 'two');
CREATE RULE noted AS ON UPDATE TO m.keyless DO ALSO NOTIFY keyless;
ALTER TABLE m.keyless ENABLE ALWAYS RULE noted;
ALTER TABLE m.keyless ENABLE ROW LEVEL SECURITY;
CREATE POLICY parens ON m.keyless USING ((a = 1 OR b = 'x') AND a < 100);
CREATE POLICY second ON m.keyless AS RESTRICTIVE FOR UPDATE TO shop_app USING (a > 0) WITH CHECK (a > 1);
CREATE STATISTICS m.stats (ndistinct, mcv) ON a, b FROM m.rows;
ALTER STATISTICS m.stats SET STATISTICS 250;

GRANT ALL ON m.rows TO shop_app WITH GRANT OPTION;
GRANT SELECT (note), INSERT (note) ON m.rows TO shop_report;
GRANT SELECT ON m.keyless TO PUBLIC;
GRANT USAGE ON SEQUENCE m.counter TO shop_app;
GRANT CREATE, USAGE ON SCHEMA m TO shop_app;
GRANT EXECUTE ON FUNCTION m.short(integer) TO shop_report;
GRANT USAGE ON TYPE m.row_type TO shop_report;
ALTER DEFAULT PRIVILEGES IN SCHEMA m GRANT SELECT ON TABLES TO shop_report;
ALTER DEFAULT PRIVILEGES IN SCHEMA m GRANT USAGE ON SEQUENCES TO shop_app WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA m GRANT EXECUTE ON FUNCTIONS TO shop_app;
RESET ROLE;
ALTER FUNCTION m.many(integer) LEAKPROOF;

CREATE TABLE m.placed (id integer) TABLESPACE fast;
CREATE TYPE m.base;
CREATE FUNCTION m.base_in(cstring) RETURNS m.base LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION m.base_out(m.base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE m.base (INPUT = m.base_in, OUTPUT = m.base_out, INTERNALLENGTH = VARIABLE, STORAGE = extended, DELIMITER = ';');
CREATE TYPE m.shell;
CREATE DOMAIN m.percent AS integer DEFAULT 5 CONSTRAINT in_range CHECK (VALUE >= 0 AND VALUE <= 100);
CREATE FUNCTION m.call_mine() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION m.inline_mine(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION m.check_mine(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE mine HANDLER m.call_mine INLINE m.inline_mine VALIDATOR m.check_mine;
CREATE ACCESS METHOD heaped TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE m.of_method (id integer) USING heaped;
CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
CREATE TEXT SEARCH PARSER m.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype,
    HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE m.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY m.words (TEMPLATE = m.template, STOPWORDS = english);
CREATE COLLATION m.other (provider = libc, lc_collate = 'C', lc_ctype = 'C.UTF-8');
CREATE COLLATION m.german (provider = icu, locale = 'de');
CREATE TABLE m.sorted (word text COLLATE m.german);
CREATE OPERATOR CLASS m.hashing FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);
CREATE OPERATOR m.#+# (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4pl, COMMUTATOR = OPERATOR(m.#+#));
CREATE OPERATOR m.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE AGGREGATE m.sum_up(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', PARALLEL = SAFE, COMBINEFUNC = int4pl);
CREATE CAST (m.base AS text) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (m.row_type AS integer) WITH INOUT;

CREATE FOREIGN DATA WRAPPER idle OPTIONS (debug 'true');
CREATE SERVER far TYPE 'oracle' VERSION '9' FOREIGN DATA WRAPPER idle OPTIONS (host 'nowhere', port '1');
CREATE USER MAPPING FOR shop_app SERVER far OPTIONS (user 'scott', password 'tiger');
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'anybody');
CREATE FOREIGN TABLE m.far_away (id integer OPTIONS (remote 'nr') NOT NULL, note text DEFAULT 'far') SERVER far OPTIONS (name 'away');
GRANT USAGE ON FOREIGN DATA WRAPPER idle TO shop_app;
GRANT USAGE ON FOREIGN SERVER far TO shop_report;
GRANT USAGE ON LANGUAGE mine TO shop_app;

CREATE PUBLICATION everything_out FOR ALL TABLES WITH (publish = 'insert');
CREATE PUBLICATION filtered FOR TABLE m.rows (id, note) WHERE (id > 3), m.of_rows;
CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA m WITH (publish = 'insert');
CREATE SUBSCRIPTION incoming CONNECTION 'host=nowhere password=hidden' PUBLICATION p WITH (connect = false, slot_name = 'slot');
CREATE EVENT TRIGGER on_end ON ddl_command_end EXECUTE FUNCTION j.nothing();

COMMENT ON LARGE OBJECT 5002 IS 'A large object';
COMMENT ON VIEW m.invoker IS 'A view';
COMMENT ON MATERIALIZED VIEW m.kept IS 'A materialized view';
COMMENT ON SEQUENCE m.counter IS 'A sequence';
COMMENT ON INDEX m.columns_many IS 'An index';
COMMENT ON DOMAIN m.percent IS 'A domain';
COMMENT ON CONSTRAINT in_range ON DOMAIN m.percent IS 'A constraint of a domain';
COMMENT ON RULE noted ON m.keyless IS 'A rule';
COMMENT ON STATISTICS m.stats IS 'Statistics';
COMMENT ON AGGREGATE m.sum_up(integer) IS 'An aggregate';
COMMENT ON PROCEDURE j.proceed(integer) IS 'A procedure';
COMMENT ON OPERATOR m.#+# (integer, integer) IS 'An operator';
COMMENT ON OPERATOR CLASS m.hashing USING hash IS 'An operator class';
COMMENT ON OPERATOR FAMILY j.family USING btree IS 'An operator family';
COMMENT ON COLLATION m.other IS 'A collation';
COMMENT ON CONVERSION j.conversion IS 'A conversion';
COMMENT ON TEXT SEARCH CONFIGURATION j.words IS 'A configuration';
COMMENT ON TEXT SEARCH DICTIONARY m.words IS 'A dictionary';
COMMENT ON TEXT SEARCH PARSER m.parser IS 'A parser';
COMMENT ON TEXT SEARCH TEMPLATE m.template IS 'A template';
COMMENT ON CAST (m.base AS text) IS 'A cast';
COMMENT ON LANGUAGE mine IS 'A language';
COMMENT ON ACCESS METHOD heaped IS 'An access method';
COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'A transform';
COMMENT ON FOREIGN DATA WRAPPER idle IS 'A wrapper';
COMMENT ON SERVER far IS 'A server';
COMMENT ON FOREIGN TABLE m.far_away IS 'A foreign table';
COMMENT ON COLUMN m.invoker.id IS 'A column of a view';
COMMENT ON COLUMN m.row_type.a IS 'A column of a type';
COMMENT ON PUBLICATION filtered IS 'A publication';
COMMENT ON SUBSCRIPTION incoming IS 'A subscription';
COMMENT ON EVENT TRIGGER on_end IS 'An event trigger';
