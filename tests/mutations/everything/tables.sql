--- table-gone: object-missing @ m.never_filled
DROP TABLE m.never_filled;
--- table-with-rows-gone: object-missing, rows-missing @ m.one_null
DROP TABLE m.one_null;
--- table-extra: object-extra @ m.added
CREATE TABLE m.added (id integer);
--- table-renamed: object-missing, object-extra @ m.never_filled
ALTER TABLE m.never_filled RENAME TO was_never_filled;
--- table-in-another-schema: object-missing, object-extra @ m.never_filled
ALTER TABLE m.never_filled SET SCHEMA public;
--- table-unlogged: definition-changed @ m.never_filled
ALTER TABLE m.never_filled SET UNLOGGED;
--- table-logged: definition-changed @ j.quick
ALTER TABLE j.quick SET LOGGED;
--- table-option: definition-changed @ j.people
ALTER TABLE j.people SET (fillfactor = 71);
--- table-option-gone: definition-changed @ j.people
ALTER TABLE j.people RESET (autovacuum_enabled);
--- table-option-added: definition-changed @ m.never_filled
ALTER TABLE m.never_filled SET (parallel_workers = 3);
--- table-toast-option: definition-changed @ m.rows
ALTER TABLE m.rows SET (toast.autovacuum_enabled = false);
--- table-tablespace: definition-changed @ m.placed
ALTER TABLE m.placed SET TABLESPACE pg_default;
--- table-tablespace-added: definition-changed @ m.never_filled
ALTER TABLE m.never_filled SET TABLESPACE fast;
--- table-access-method: definition-changed @ m.of_method
UPDATE pg_class SET relam = (SELECT oid FROM pg_am WHERE amname = 'heap') WHERE oid = 'm.of_method'::regclass;
DELETE FROM pg_depend WHERE objid = 'm.of_method'::regclass AND refclassid = 'pg_am'::regclass;
--- replica-identity-nothing: definition-changed @ j.people
ALTER TABLE j.people REPLICA IDENTITY NOTHING;
--- replica-identity-of-index: definition-changed @ m.columns
ALTER TABLE m.columns REPLICA IDENTITY DEFAULT;
--- replica-identity-added: definition-changed @ m.rows
ALTER TABLE m.rows REPLICA IDENTITY FULL;
--- cluster-on-gone: definition-changed @ j.people
ALTER TABLE j.people SET WITHOUT CLUSTER;
--- cluster-on-added: definition-changed @ m.
ALTER TABLE m.rows CLUSTER ON rows_pkey;
--- inheritance-gone: definition-changed, object-missing @ j.other
ALTER TABLE j.other NO INHERIT j.base;
--- inheritance-added: definition-changed @ j.sibling
CREATE TABLE j.sibling_parent (id integer NOT NULL);
ALTER TABLE j.other INHERIT j.sibling_parent;
--- of-type-gone: definition-changed @ m.typed
ALTER TABLE m.typed NOT OF;
--- partition-detached: definition-changed, object-missing @ m.hashed_1
ALTER TABLE m.hashed DETACH PARTITION m.hashed_1;
--- partition-bound: definition-changed @ j.parts_old
ALTER TABLE j.parts DETACH PARTITION j.parts_old;
ALTER TABLE j.parts ATTACH PARTITION j.parts_old FOR VALUES FROM (MINVALUE) TO ('2023-01-01 00:00:00+02');
--- partition-bound-by-a-second: definition-changed @ j.parts_old
ALTER TABLE j.parts DETACH PARTITION j.parts_old;
ALTER TABLE j.parts ATTACH PARTITION j.parts_old FOR VALUES FROM (MINVALUE) TO ('2024-01-01 00:00:01+02');
--- partition-list: definition-changed @ j.parts_old_eu
ALTER TABLE j.parts_old DETACH PARTITION j.parts_old_eu;
ALTER TABLE j.parts_old ATTACH PARTITION j.parts_old_eu FOR VALUES IN ('de');
--- partition-no-longer-default: definition-changed @ j.parts_rest
ALTER TABLE j.parts DETACH PARTITION j.parts_rest;
ALTER TABLE j.parts ATTACH PARTITION j.parts_rest FOR VALUES FROM ('2024-01-01 00:00:00+02') TO (MAXVALUE);
--- partition-added: object-extra @ j.parts_added
ALTER TABLE j.parts_old_eu SET (fillfactor = 100);
CREATE TABLE j.parts_added PARTITION OF j.parts_old FOR VALUES IN ('uk');
--- partition-key: definition-changed @ j.parts_old
CREATE TABLE j.parts_again (LIKE j.parts_old INCLUDING ALL) PARTITION BY HASH (region);
ALTER TABLE j.parts DETACH PARTITION j.parts_old;
DROP TABLE j.parts_old CASCADE;
ALTER TABLE j.parts_again RENAME TO parts_old;
ALTER TABLE j.parts ATTACH PARTITION j.parts_old FOR VALUES FROM (MINVALUE) TO ('2024-01-01 00:00:00+02');
--- schema-gone: object-missing @ m.placed
ALTER TABLE m.placed SET SCHEMA public;
--- schema-extra: object-extra @ added
CREATE SCHEMA added;
--- schema-public-gone: object-missing @ SCHEMA public
DROP EXTENSION pg_trgm;
DROP SCHEMA public;
