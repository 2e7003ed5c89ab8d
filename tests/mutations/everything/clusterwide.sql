--- language-gone: object-missing @ mine
DROP LANGUAGE mine;
--- language-untrusted: definition-changed @ mine
UPDATE pg_language SET lanpltrusted = false WHERE lanname = 'mine';
--- language-validator: definition-changed @ mine
UPDATE pg_language SET lanvalidator = 0 WHERE lanname = 'mine';
--- access-method-gone: object-missing @ heaped
DROP ACCESS METHOD heaped CASCADE;
--- access-method-extra: object-extra @ added
CREATE ACCESS METHOD added TYPE TABLE HANDLER heap_tableam_handler;
--- transform-gone: object-missing @ TRANSFORM
DELETE FROM pg_transform WHERE trftype = 'integer'::regtype;
--- transform-half: definition-changed @ TRANSFORM
UPDATE pg_transform SET trftosql = 0 WHERE trftype = 'integer'::regtype;
--- extension-gone: object-missing @ pg_trgm
DROP EXTENSION pg_trgm;
--- extension-extra: object-extra @ citext
CREATE EXTENSION citext;
--- extension-schema: definition-changed, object-missing @ hstore
ALTER EXTENSION hstore SET SCHEMA public;
--- extension-version: definition-changed @ pg_trgm
DROP EXTENSION pg_trgm;
CREATE EXTENSION pg_trgm VERSION '1.5';
--- extension-member-changed: definition-changed @ similarity
ALTER FUNCTION public.similarity(text, text) COST 7;
--- wrapper-gone: object-missing @ idle
DROP FOREIGN DATA WRAPPER idle CASCADE;
--- wrapper-option: definition-changed @ idle
ALTER FOREIGN DATA WRAPPER idle OPTIONS (SET debug 'false');
--- wrapper-handler: definition-changed @ idle
ALTER FOREIGN DATA WRAPPER idle HANDLER j.file_fdw_handler;
--- server-gone: object-missing @ far
DROP SERVER far CASCADE;
--- server-option: definition-changed @ far
ALTER SERVER far OPTIONS (SET host 'somewhere');
--- server-option-added: definition-changed @ far
ALTER SERVER far OPTIONS (ADD more 'yes');
--- server-version: definition-changed @ far
ALTER SERVER far VERSION '10';
--- server-type: definition-changed @ far
UPDATE pg_foreign_server SET srvtype = 'mysql' WHERE srvname = 'far';
--- user-mapping-gone: object-missing @ far
DROP USER MAPPING FOR shop_app SERVER far;
--- user-mapping-of-public-gone: object-missing @ far
DROP USER MAPPING FOR PUBLIC SERVER far;
--- user-mapping-option: definition-changed @ far
ALTER USER MAPPING FOR shop_app SERVER far OPTIONS (SET user 'tom');
--- user-mapping-password: definition-changed @ far
ALTER USER MAPPING FOR shop_app SERVER far OPTIONS (SET password 'lion');
--- user-mapping-extra: object-extra @ far
CREATE USER MAPPING FOR shop_report SERVER far;
--- foreign-table-gone: object-missing @ m.far_away
DROP FOREIGN TABLE m.far_away;
--- foreign-table-option: definition-changed @ m.far_away
ALTER FOREIGN TABLE m.far_away OPTIONS (SET name 'near');
--- foreign-table-file: definition-changed @ j.passwords
ALTER FOREIGN TABLE j.passwords OPTIONS (SET filename '/etc/group');
--- foreign-column-option: definition-changed @ m.far_away
ALTER FOREIGN TABLE m.far_away ALTER COLUMN id OPTIONS (SET remote 'no');
--- foreign-column-not-null: definition-changed @ m.far_away
ALTER FOREIGN TABLE m.far_away ALTER COLUMN id DROP NOT NULL;
--- publication-gone: object-missing @ filtered
DROP PUBLICATION filtered;
--- publication-extra: object-extra @ added
CREATE PUBLICATION added;
--- publication-publish: definition-changed @ of_people
ALTER PUBLICATION of_people SET (publish = 'insert, update, delete');
--- publication-via-root: definition-changed @ of_people
ALTER PUBLICATION of_people SET (publish_via_partition_root = true);
--- publication-table-gone: object-missing, definition-changed @ filtered
ALTER PUBLICATION filtered DROP TABLE m.of_rows;
--- publication-table-added: object-extra, definition-changed @ filtered
ALTER PUBLICATION filtered ADD TABLE m.never_filled;
--- publication-filter: definition-changed @ filtered
ALTER PUBLICATION filtered SET TABLE m.rows (id, note) WHERE (id > 4), m.of_rows;
--- publication-filter-gone: definition-changed @ filtered
ALTER PUBLICATION filtered SET TABLE m.rows (id, note), m.of_rows;
--- publication-columns: definition-changed @ filtered
ALTER PUBLICATION filtered SET TABLE m.rows (id, empty) WHERE (id > 3), m.of_rows;
--- publication-schema-gone: object-missing, definition-changed @ of_schema
ALTER PUBLICATION of_schema DROP TABLES IN SCHEMA m;
--- publication-schema-added: object-extra, definition-changed @ of_schema
ALTER PUBLICATION of_schema ADD TABLES IN SCHEMA j;
--- publication-not-all-tables: definition-changed @ everything_out
UPDATE pg_publication SET puballtables = false WHERE pubname = 'everything_out';
--- subscription-gone: object-missing @ incoming
ALTER SUBSCRIPTION incoming SET (slot_name = NONE);
DROP SUBSCRIPTION incoming;
--- subscription-slot: definition-changed @ incoming
ALTER SUBSCRIPTION incoming SET (slot_name = 'other');
--- subscription-connection: definition-changed @ incoming
ALTER SUBSCRIPTION incoming CONNECTION 'host=elsewhere password=hidden';
--- subscription-password: definition-changed @ incoming
ALTER SUBSCRIPTION incoming CONNECTION 'host=nowhere password=shown';
--- subscription-publications: definition-changed @ incoming
ALTER SUBSCRIPTION incoming SET PUBLICATION p, q WITH (refresh = false);
--- subscription-binary: definition-changed @ incoming
ALTER SUBSCRIPTION incoming SET (binary = true);
--- subscription-commit: definition-changed @ incoming
ALTER SUBSCRIPTION incoming SET (synchronous_commit = 'on');
