--- row-changed: rows-changed @ m.rows
UPDATE m.rows SET note = 'changed' WHERE id = 7;
--- row-trailing-space: rows-changed @ m.rows
UPDATE m.rows SET note = note || ' ' WHERE id = 7;
--- row-case: rows-changed @ m.rows
UPDATE m.rows SET note = upper(note) WHERE id = 7;
--- row-empty-to-null: rows-changed @ m.rows
UPDATE m.rows SET empty = NULL WHERE id = 8;
--- row-null-to-empty: rows-changed @ m.rows
UPDATE m.rows SET empty = '' WHERE id = 7;
--- row-null-word: rows-changed @ m.rows
UPDATE m.rows SET empty = 'NULL' WHERE id = 7;
--- row-backslash-n: rows-changed @ m.rows
UPDATE m.rows SET empty = '\N' WHERE id = 7;
--- row-float-digit: rows-changed @ m.rows
UPDATE m.rows SET f = f + 4.5e-16 WHERE id = 1;
--- row-numeric-scale: rows-changed @ m.rows
UPDATE m.rows SET n = n::numeric(20, 10) WHERE id = 1;
--- row-numeric-digit: rows-changed @ m.rows
UPDATE m.rows SET n = n + 0.0000000000000001 WHERE id = 1;
--- row-time-zone: rows-changed @ m.rows
UPDATE m.rows SET at = at + interval '1 hour' WHERE id = 1;
--- row-microsecond: rows-changed @ m.rows
UPDATE m.rows SET at = at + interval '1 microsecond' WHERE id = 1;
--- row-json-order: rows-changed @ m.rows
UPDATE m.rows SET j = '{"b": 2, "a": 1}' WHERE id = 1;
--- row-json-space: rows-changed @ m.rows
UPDATE m.rows SET j = '{"a": 1,"b": 2}' WHERE id = 1;
--- row-jsonb-value: rows-changed @ m.rows
UPDATE m.rows SET jb = '{"a": 1, "b": 2.0}' WHERE id = 1;
--- row-array-bounds: rows-changed @ m.rows
UPDATE m.rows SET numbers = '[0:1]={1,2}' WHERE id = 1;
--- row-array-dimensions: rows-changed @ m.rows
UPDATE m.rows SET numbers = '{{1,2}}' WHERE id = 1;
--- row-array-null: rows-changed @ m.rows
UPDATE m.rows SET numbers = '{1,NULL}' WHERE id = 1;
--- row-bytea-bit: rows-changed @ m.rows
UPDATE m.rows SET bytes = set_bit(bytes, 3, 1 - get_bit(bytes, 3)) WHERE id = 9;
--- row-toasted: rows-changed @ m.rows
UPDATE m.rows SET large = overlay(large PLACING 'x' FROM 50000) WHERE id = 9;
--- row-toasted-end: rows-changed @ m.rows
UPDATE m.rows SET large = left(large, -1) WHERE id = 9;
--- row-columns-swapped: rows-changed @ m.rows
UPDATE m.rows SET a = b, b = a WHERE id = 9;
--- row-values-swapped-between-rows: rows-changed @ m.rows
UPDATE m.rows SET note = (SELECT note FROM (VALUES (3, 'note 4'), (4, 'note 3')) AS v (i, note) WHERE i = id) WHERE id IN (3, 4);
--- row-composed-accent: rows-changed @ m.rows
UPDATE m.rows SET note = U&'note \0065\0301' WHERE id = 9;
--- row-boolean: rows-changed @ m.rows
UPDATE m.rows SET flag = NOT flag WHERE id = 9;
--- row-interval-form: rows-changed @ m.rows
UPDATE m.rows SET dur = justify_interval(interval '33 day') WHERE id = 33;
--- row-id-changed: rows-changed, rows-missing, rows-extra, foreign-key-broken @ m.rows
UPDATE m.rows SET id = 1000 WHERE id = 40;
--- row-deleted: rows-missing @ m.rows
DELETE FROM m.rows WHERE id = 40;
--- row-added: rows-extra @ m.rows
INSERT INTO m.rows (id) VALUES (4000);
--- row-deleted-and-added: rows-changed, rows-missing, rows-extra @ m.rows
DELETE FROM m.rows WHERE id = 40;
INSERT INTO m.rows (id) VALUES (4000);
--- row-doubled: rows-extra @ m.keyless
INSERT INTO m.keyless SELECT * FROM m.keyless LIMIT 1;
--- row-double-gone: rows-missing @ m.keyless
DELETE FROM m.keyless WHERE ctid = (SELECT ctid FROM m.keyless WHERE a = 3 LIMIT 1);
--- row-one-doubled-another-gone: rows-changed, rows-missing @ m.keyless
DELETE FROM m.keyless WHERE ctid = (SELECT ctid FROM m.keyless WHERE a = 3 LIMIT 1);
INSERT INTO m.keyless SELECT * FROM m.keyless WHERE a = 4 LIMIT 1;
--- rows-all-gone: rows-missing @ m.keyless
TRUNCATE m.keyless;
--- rows-in-empty-table: rows-extra @ m.never_filled
INSERT INTO m.never_filled SELECT i, 'extra' FROM generate_series(1, 5) AS i;
--- row-in-partition: rows-changed, rows-missing @ hashed
UPDATE m.hashed SET v = 'changed' WHERE k = 9;
--- row-of-partition-gone: rows-missing @ hashed
DELETE FROM m.hashed WHERE k = 9;
--- row-generated-stale: rows-changed, definition-changed @ m.columns
ALTER TABLE m.columns ALTER COLUMN doubled DROP EXPRESSION;
UPDATE m.columns SET doubled = 1;
--- row-breaks-foreign-key: foreign-key-broken, rows-missing @ m.
ALTER TABLE m.rows DISABLE TRIGGER ALL;
DELETE FROM m.rows WHERE id = 3;
ALTER TABLE m.rows ENABLE TRIGGER ALL;
--- large-object-gone: large-objects-changed @ large object
SELECT lo_unlink(5003);
--- large-object-extra: large-objects-changed @ large object
SELECT lo_create(6000);
--- large-object-byte: large-objects-changed @ large object
SELECT lo_put(5003, 0, 'y');
--- large-object-longer: large-objects-changed @ large object
SELECT lo_put(5003, 1, '\x00');
--- large-object-empty: large-objects-changed @ large object
DELETE FROM pg_largeobject WHERE loid = 5003;
--- large-object-owner: ownership-changed @ 5001
ALTER LARGE OBJECT 5001 OWNER TO shop_app;
--- large-object-privilege-gone: privileges-changed @ 5002
REVOKE SELECT ON LARGE OBJECT 5002 FROM shop_app;
--- large-object-privilege-added: privileges-wider @ 5002
GRANT UPDATE ON LARGE OBJECT 5002 TO PUBLIC;
