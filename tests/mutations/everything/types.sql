--- enum-label-added: definition-changed @ j.mood
ALTER TYPE j.mood ADD VALUE 'glad';
--- enum-label-renamed: definition-changed @ j.mood
ALTER TYPE j.mood RENAME VALUE 'sad' TO 'Sad';
--- enum-order: definition-changed @ j.mood
UPDATE pg_enum SET enumsortorder = 9 WHERE enumlabel = 'sad' AND enumtypid = 'j.mood'::regtype;
--- range-subtype-diff: definition-changed @ j.span
DROP TYPE j.span;
CREATE TYPE j.span AS RANGE (subtype = float8);
GRANT USAGE ON TYPE j.span TO PUBLIC;
ALTER TYPE j.span OWNER TO shop_owner;
--- range-multirange-name: definition-changed @ j.span
ALTER TYPE j.span_multirange RENAME TO spans;
--- type-gone: object-missing @ j.span
DROP TYPE j.span;
--- type-extra: object-extra @ m.added
CREATE TYPE m.added AS ENUM ('a');
--- shell-type-gone: object-missing @ m.shell
DROP TYPE m.shell;
--- base-type-storage: definition-changed @ m.base
ALTER TYPE m.base SET (STORAGE = main);
--- base-type-delimiter: definition-changed @ m.base
UPDATE pg_type SET typdelim = ',' WHERE oid = 'm.base'::regtype;
--- base-type-category: definition-changed @ m.base
UPDATE pg_type SET typcategory = 'S' WHERE oid = 'm.base'::regtype;
--- base-type-preferred: definition-changed @ m.base
UPDATE pg_type SET typispreferred = true WHERE oid = 'm.base'::regtype;
--- domain-gone: object-missing @ m.percent
DROP DOMAIN m.percent;
--- domain-type: definition-changed @ m.percent
DROP DOMAIN m.percent;
CREATE DOMAIN m.percent AS bigint DEFAULT 5 CONSTRAINT in_range CHECK (VALUE >= 0 AND VALUE <= 100);
COMMENT ON DOMAIN m.percent IS 'A domain';
COMMENT ON CONSTRAINT in_range ON DOMAIN m.percent IS 'A constraint of a domain';
--- collation-gone: object-missing @ m.other
DROP COLLATION m.other;
--- collation-locale: definition-changed @ m.other
DROP COLLATION m.other;
CREATE COLLATION m.other (provider = libc, lc_collate = 'C', lc_ctype = 'C');
COMMENT ON COLLATION m.other IS 'A collation';
--- collation-nondeterministic: definition-changed @ j.plain
DROP COLLATION j.plain;
CREATE COLLATION j.plain (provider = icu, locale = 'und', deterministic = false);
--- collation-version: collation-version-differs, definition-changed @ german
UPDATE pg_collation SET collversion = '1' WHERE oid = 'm.german'::regcollation;
--- conversion-gone: object-missing @ j.conversion
DROP CONVERSION j.conversion;
--- conversion-default: definition-changed @ j.conversion
DROP CONVERSION j.conversion;
CREATE DEFAULT CONVERSION j.conversion FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION j.conversion IS 'A conversion';
--- operator-gone: object-missing @ m.#+#
DROP OPERATOR m.#+# (integer, integer);
--- operator-function: definition-changed @ m.===
DROP OPERATOR m.=== (integer, integer);
CREATE OPERATOR m.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4ne, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
--- operator-commutator: definition-changed @ m.#+#
UPDATE pg_operator SET oprcom = 0 WHERE oprname = '#+#';
--- operator-merges: definition-changed @ m.===
UPDATE pg_operator SET oprcanmerge = false WHERE oprname = '===' AND oprleft = 'integer'::regtype AND oprnamespace = 'm'::regnamespace;
--- operator-selectivity: definition-changed @ m.===
ALTER OPERATOR m.=== (integer, integer) SET (RESTRICT = NONE);
--- operator-class-gone: object-missing @ m.hashing
DROP OPERATOR CLASS m.hashing USING hash;
--- operator-class-function: definition-changed @ m.hashing
UPDATE pg_amproc SET amproc = 'hashint8(bigint)'::regprocedure
    WHERE amprocfamily = (SELECT opcfamily FROM pg_opclass WHERE opcname = 'hashing');
--- operator-family-gone: object-missing @ j.family
DROP OPERATOR FAMILY j.family USING btree CASCADE;
--- operator-family-member: definition-changed @ j.family
ALTER OPERATOR FAMILY j.family USING btree ADD OPERATOR 1 < (integer, bigint);
--- cast-gone: object-missing @ CAST
DROP CAST (m.base AS text);
--- cast-context: definition-changed @ CAST
UPDATE pg_cast SET castcontext = 'i' WHERE castsource = 'm.base'::regtype;
--- cast-method: definition-changed @ CAST
DROP CAST (m.row_type AS integer);
CREATE CAST (m.row_type AS integer) WITH INOUT AS IMPLICIT;
--- text-search-configuration-gone: object-missing @ j.words
DROP TEXT SEARCH CONFIGURATION j.words;
--- text-search-mapping: definition-changed @ j.words
ALTER TEXT SEARCH CONFIGURATION j.words ALTER MAPPING FOR word WITH simple;
--- text-search-mapping-gone: definition-changed @ j.words
ALTER TEXT SEARCH CONFIGURATION j.words DROP MAPPING FOR email;
--- text-search-dictionary-option: definition-changed @ m.words
ALTER TEXT SEARCH DICTIONARY m.words (StopWords = russian);
--- text-search-dictionary-gone: object-missing @ j.stem
DROP TEXT SEARCH DICTIONARY j.stem;
--- text-search-template-gone: object-missing @ m.template
DROP TEXT SEARCH TEMPLATE m.template CASCADE;
--- text-search-template-function: definition-changed @ m.template
UPDATE pg_ts_template SET tmplinit = 'dsynonym_init(internal)'::regprocedure WHERE tmplname = 'template';
--- text-search-parser-gone: object-missing @ m.parser
DROP TEXT SEARCH PARSER m.parser;
--- text-search-parser-headline: definition-changed @ m.parser
UPDATE pg_ts_parser SET prsheadline = 0 WHERE prsname = 'parser';
