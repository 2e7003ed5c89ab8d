--- owner-of-table: ownership-changed @ m.never_filled
ALTER TABLE m.never_filled OWNER TO shop_app;
--- owner-of-view: ownership-changed @ m.invoker
ALTER VIEW m.invoker OWNER TO shop_app;
--- owner-of-matview: ownership-changed @ m.kept
ALTER MATERIALIZED VIEW m.kept OWNER TO shop_app;
--- owner-of-sequence: ownership-changed @ m.counter
ALTER SEQUENCE m.counter OWNER TO shop_app;
--- owner-of-schema: ownership-changed @ SCHEMA m
ALTER SCHEMA m OWNER TO shop_app;
--- owner-of-schema-public: ownership-changed @ SCHEMA public
ALTER SCHEMA public OWNER TO shop_app;
--- owner-of-function: ownership-changed @ m.short
ALTER FUNCTION m.short(integer) OWNER TO shop_app;
--- owner-of-definer: security-definer-owner-changed @ j.secret
ALTER FUNCTION j.secret(integer, text[]) OWNER TO shop_app;
--- owner-of-procedure: ownership-changed @ j.proceed
ALTER PROCEDURE j.proceed(integer) OWNER TO shop_app;
--- owner-of-aggregate: ownership-changed @ m.sum_up
ALTER AGGREGATE m.sum_up(integer) OWNER TO shop_app;
--- owner-of-operator: ownership-changed @ m.#+#
ALTER OPERATOR m.#+# (integer, integer) OWNER TO shop_app;
--- owner-of-operator-class: ownership-changed @ m.hashing
ALTER OPERATOR CLASS m.hashing USING hash OWNER TO shop_app;
--- owner-of-operator-family: ownership-changed @ j.family
ALTER OPERATOR FAMILY j.family USING btree OWNER TO shop_app;
--- owner-of-type: ownership-changed @ j.mood
ALTER TYPE j.mood OWNER TO shop_app;
--- owner-of-domain: ownership-changed @ m.percent
ALTER DOMAIN m.percent OWNER TO shop_app;
--- owner-of-collation: ownership-changed @ m.other
ALTER COLLATION m.other OWNER TO shop_app;
--- owner-of-conversion: ownership-changed @ j.conversion
ALTER CONVERSION j.conversion OWNER TO shop_app;
--- owner-of-text-search-configuration: ownership-changed @ j.words
ALTER TEXT SEARCH CONFIGURATION j.words OWNER TO shop_app;
--- owner-of-text-search-dictionary: ownership-changed @ m.words
ALTER TEXT SEARCH DICTIONARY m.words OWNER TO shop_app;
--- owner-of-statistics: ownership-changed @ m.stats
ALTER STATISTICS m.stats OWNER TO shop_app;
--- owner-of-language: ownership-changed @ mine
ALTER LANGUAGE mine OWNER TO shop_app;
--- owner-of-wrapper: ownership-changed @ idle
UPDATE pg_foreign_data_wrapper SET fdwowner = 'shop_app'::regrole WHERE fdwname = 'idle';
--- owner-of-server: ownership-changed @ far
ALTER SERVER far OWNER TO shop_app;
--- owner-of-foreign-table: ownership-changed @ m.far_away
ALTER FOREIGN TABLE m.far_away OWNER TO shop_app;
--- owner-of-publication: ownership-changed @ filtered
UPDATE pg_publication SET pubowner = 'shop_app'::regrole WHERE pubname = 'filtered';
--- owner-of-subscription: ownership-changed @ incoming
UPDATE pg_subscription SET subowner = 'shop_app'::regrole WHERE subname = 'incoming' AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database());
--- owner-of-partition: ownership-changed @ m.hashed_1
ALTER TABLE m.hashed_1 OWNER TO shop_app;
--- owner-of-table-with-row-security: ownership-changed, rls-bypassed @ m.keyless
ALTER TABLE m.keyless OWNER TO postgres;
--- owner-of-extension: ownership-changed @ hstore
UPDATE pg_extension SET extowner = 'shop_app'::regrole WHERE extname = 'hstore';
--- owner-of-database: ownership-changed, role-changed @ everything
ALTER DATABASE everything OWNER TO shop_app;
--- privilege-of-table-gone: privileges-changed @ m.rows
REVOKE SELECT ON m.rows FROM shop_app;
--- privilege-of-table-added: privileges-wider @ m.rows
GRANT SELECT ON m.rows TO shop_billing;
--- privilege-of-table-to-public: privileges-wider @ m.rows
GRANT SELECT ON m.rows TO PUBLIC;
--- privilege-of-table-truncate: privileges-wider @ m.keyless
GRANT TRUNCATE ON m.keyless TO PUBLIC;
--- privilege-of-public-gone: privileges-changed @ m.keyless
REVOKE SELECT ON m.keyless FROM PUBLIC;
--- privilege-grant-option-gone: privileges-changed @ m.rows
REVOKE GRANT OPTION FOR UPDATE ON m.rows FROM shop_app;
--- privilege-grant-option-added: privileges-wider @ SCHEMA m
GRANT USAGE ON SCHEMA m TO shop_app WITH GRANT OPTION;
--- privilege-of-column-gone: privileges-changed @ note
REVOKE INSERT (note) ON m.rows FROM shop_report;
--- privilege-of-column-added: privileges-wider @ large
GRANT UPDATE (large) ON m.rows TO shop_report;
--- privilege-of-owner-gone: privileges-changed @ m.of_rows
REVOKE DELETE ON m.of_rows FROM shop_owner;
--- privilege-of-view: privileges-wider @ m.invoker
GRANT INSERT ON m.invoker TO shop_app;
--- privilege-of-sequence-gone: privileges-changed @ m.counter
REVOKE USAGE ON SEQUENCE m.counter FROM shop_app;
--- privilege-of-sequence-added: privileges-wider @ m.counter
GRANT UPDATE ON SEQUENCE m.counter TO shop_app;
--- privilege-of-schema-gone: privileges-changed @ SCHEMA m
REVOKE CREATE ON SCHEMA m FROM shop_app;
--- privilege-of-schema-added: privileges-wider @ SCHEMA m
GRANT USAGE ON SCHEMA m TO PUBLIC;
--- privilege-of-schema-public: privileges-changed @ SCHEMA public
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
--- privilege-of-function-gone: privileges-changed @ m.short
REVOKE EXECUTE ON FUNCTION m.short(integer) FROM shop_report;
--- privilege-of-function-to-public: privileges-wider @ j.secret
GRANT EXECUTE ON FUNCTION j.secret(integer, text[]) TO PUBLIC;
--- privilege-of-procedure-to-public: privileges-wider @ j.proceed
GRANT EXECUTE ON PROCEDURE j.proceed(integer) TO PUBLIC;
--- privilege-of-aggregate: privileges-changed @ m.sum_up
REVOKE EXECUTE ON FUNCTION m.sum_up(integer) FROM PUBLIC;
--- privilege-of-type-gone: privileges-changed @ m.row_type
REVOKE USAGE ON TYPE m.row_type FROM PUBLIC;
--- privilege-of-domain-to-public: privileges-wider @ j.code
GRANT USAGE ON DOMAIN j.code TO PUBLIC;
--- privilege-of-language-gone: privileges-changed @ mine
REVOKE USAGE ON LANGUAGE mine FROM shop_app;
--- privilege-of-own-language: privileges-changed @ plpgsql
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
--- privilege-of-wrapper-gone: privileges-changed @ idle
REVOKE USAGE ON FOREIGN DATA WRAPPER idle FROM shop_app;
--- privilege-of-server-added: privileges-wider @ far
GRANT USAGE ON FOREIGN SERVER far TO PUBLIC;
--- privilege-of-foreign-table: privileges-wider @ m.far_away
GRANT SELECT ON m.far_away TO PUBLIC;
--- privilege-of-extension-member: privileges-changed, privileges-wider @ similarity
REVOKE EXECUTE ON FUNCTION public.similarity(text, text) FROM PUBLIC;
--- privilege-of-catalogue: privileges-wider @ pg_authid
GRANT SELECT ON pg_catalog.pg_authid TO PUBLIC;
--- privilege-by-another-grantor: privileges-changed, privileges-wider @ m.rows
SET ROLE shop_app;
GRANT SELECT ON m.rows TO shop_billing;
--- default-privileges-gone: privileges-changed @ m
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA m REVOKE SELECT ON TABLES FROM shop_report;
--- default-privileges-added: privileges-wider @ m
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA m GRANT SELECT ON TABLES TO shop_app;
--- default-privileges-to-public: privileges-wider @ shop_app
ALTER DEFAULT PRIVILEGES FOR ROLE shop_app GRANT SELECT ON TABLES TO PUBLIC;
--- default-privileges-of-schema-to-public: privileges-wider @ public
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public GRANT INSERT ON TABLES TO PUBLIC;
--- default-privileges-of-superuser: privileges-wider @ postgres
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
--- default-privileges-of-functions: privileges-wider @ FUNCTIONS
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
--- default-privileges-grant-option: privileges-changed @ m
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA m REVOKE GRANT OPTION FOR USAGE ON SEQUENCES FROM shop_app;
--- default-privileges-of-types: privileges-changed @ shop_owner
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner REVOKE USAGE ON TYPES FROM PUBLIC;
--- default-privileges-of-schemas: privileges-wider @ shop_owner
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner GRANT USAGE ON SCHEMAS TO PUBLIC;
