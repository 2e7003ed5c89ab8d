-- Values of every kind, as a server far from UTC writes them, in tables of every shape.
ALTER DATABASE types SET TimeZone = 'Asia/Kolkata';
ALTER DATABASE types SET bytea_output = 'escape';
ALTER DATABASE types SET IntervalStyle = 'iso_8601';
ALTER DATABASE types SET DateStyle = 'German';
\c types
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"', 'a	b');
CREATE TYPE pair AS (at timestamptz, note text, amount numeric);
CREATE DOMAIN moment AS timestamptz;
CREATE DOMAIN moments AS timestamptz[];
CREATE TABLE every_type (
    id integer PRIMARY KEY,
    a smallint, b bigint, c numeric, d real, e double precision, f money, g text, h varchar(20), i char(8), j "char",
    k name, l bytea, m timestamp, n timestamptz, o date, p time, q timetz, r interval, s boolean, t mood, u point,
    v box, w path, x polygon, y circle, z line, aa lseg, ab cidr, ac inet, ad macaddr, ae macaddr8, af bit(5),
    ag varbit, ah tsvector, ai tsquery, aj uuid, ak xml, al json, am jsonb, an text[], ao timestamptz[], ap int4range,
    aq tstzrange, ar pair, at pair[], au moment, av moments, aw regclass, ax regtype, ay oid, az pg_lsn, ba citext,
    bb hstore, bc jsonpath, bd numeric(30, 10)[], be bytea[], bf xid, bg daterange
);
INSERT INTO every_type VALUES (
    1, -32768, 9223372036854775807, 'NaN', 'Infinity', 0.1, 12.34, E'tab\t line\n cr\r back\\slash \\N \\. "quotes"',
    'жук', 'ab', 'x', 'name', '\x00015c27ff', '2024-07-01 12:00:00.123456', '2024-07-01 12:00:00.123456+00',
    'infinity', '24:00:00', '12:00:00+05:30', '1 year -2 days 03:04:05.678', true, 'it''s "ok"', '(1.5,-2e300)',
    '((0,0),(1,1))', '((0,0),(1,1),(2,0))', '((0,0),(1,1),(2,0))', '<(0,0),1>', '{1,2,3}', '[(0,0),(1,1)]',
    '10.0.0.0/8', '::1', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'10101', B'1', 'a:1 ''b c'':2', 'a & b | !c',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '<a>x</a>', '{"a": 1,  "a": 2}', '{"b": 1.50, "a": "\u00e9"}',
    ARRAY['a', NULL, '', 'NULL', 'x,y', '"', '\'], ARRAY['2024-07-01 12:00:00+00', NULL]::timestamptz[], '[1,5)',
    '[2024-07-01 12:00:00+00,)', ROW('2024-07-01 12:00:00+00', 'a,"b" (c)', 1.50),
    ARRAY[ROW('2024-07-01 12:00:00+00', E'x\ty', 1), NULL]::pair[], '1883-11-18 12:03:57+00',
    ARRAY['2024-01-01 00:00:00+00']::timestamptz[], 'every_type', 'numeric(10,2)', 4294967295, '16/B374D848', 'CiText',
    'a=>1, "b c"=>NULL', '$.a[*] ? (@ > 1)', '{1.0000000001,NULL}', ARRAY['\x01', '\x']::bytea[], '7',
    '[2024-01-01,2024-02-01)'
);
INSERT INTO every_type (id) VALUES (2), (3);
INSERT INTO every_type (id, d, e, n, g, o, am) VALUES
    (4, 1e-45, 1.7976931348623157e308, '0044-03-15 12:00:00+00 BC', '', '0044-03-15 BC', 'null'),
    (5, 3.4028235e38, -0.0, '294276-12-31 23:59:59+00', E'\x01\x7f', '-infinity', '[]'),
    (6, 1.1, 1e15, '-infinity', '\N', '5874897-12-31', '""');

CREATE TABLE "no columns" ();
INSERT INTO "no columns" SELECT FROM generate_series(1, 3);
CREATE TABLE "quo""ted; DROP" ("a b" integer, "c""d" text, "e
f" text DEFAULT 'x', жук text);
INSERT INTO "quo""ted; DROP" VALUES (1, 'x', 'y', 'z'), (NULL, NULL, NULL, NULL);
CREATE TABLE generated (a integer, twice integer GENERATED ALWAYS AS (a * 2) STORED, b text,
    id bigint GENERATED ALWAYS AS IDENTITY);
INSERT INTO generated (a, b) SELECT i, 'b' || i FROM generate_series(1, 100) i;
CREATE TABLE dropped (a integer, gone text, b text);
INSERT INTO dropped VALUES (1, 'x', 'y');
ALTER TABLE dropped DROP COLUMN gone;
SELECT 'CREATE TABLE wide (' || string_agg('c' || i || ' integer', ', ') || ')' FROM generate_series(1, 300) i \gexec
INSERT INTO wide (c1, c150, c300) VALUES (1, 2, 3), (4, NULL, 6);
CREATE TABLE large AS SELECT i, repeat(md5(i::text), 40000) AS text FROM generate_series(1, 3) i;
CREATE TABLE parted (at timestamptz, k integer, note text) PARTITION BY RANGE (at);
CREATE TABLE parted_old PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2024-01-01 00:00:00+00');
-- The same columns in another order.
CREATE TABLE parted_new (note text, k integer, at timestamptz);
ALTER TABLE parted ATTACH PARTITION parted_new FOR VALUES FROM ('2024-01-01 00:00:00+00') TO (MAXVALUE);
INSERT INTO parted SELECT '2023-12-31 00:00:00+00'::timestamptz + i * interval '7 min', i, 'n' || i
    FROM generate_series(1, 1000) i;
CREATE TABLE hashed (k text, v integer) PARTITION BY HASH (k);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO hashed SELECT 'k' || i, i FROM generate_series(1, 500) i;
CREATE TABLE parent (a integer, b text);
CREATE TABLE child (c timestamptz) INHERITS (parent);
INSERT INTO parent VALUES (1, 'parent');
INSERT INTO child SELECT i, 'child', '2024-07-01 12:00:00+00' FROM generate_series(1, 50) i;
CREATE TABLE secret (owner text, what text);
INSERT INTO secret VALUES ('a', 'b');
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret FORCE ROW LEVEL SECURITY;
CREATE POLICY nobody ON secret USING (false);
SELECT lo_from_bytea(0, convert_to(repeat('large object', 1000), 'UTF8'));
SELECT lo_from_bytea(0, '');
