--- comment-of-table: comment-lost, definition-changed @ j.people
COMMENT ON TABLE j.people IS 'People';
--- comment-of-table-space: comment-lost, definition-changed @ j.people
COMMENT ON TABLE j.people IS 'People; "quoted" over lines';
--- comment-of-table-gone: comment-lost @ j.people
COMMENT ON TABLE j.people IS NULL;
--- comment-of-table-added: object-extra, definition-changed, comment-lost @ m.rows
COMMENT ON TABLE m.rows IS 'Added';
--- comment-of-column: comment-lost, definition-changed @ name
COMMENT ON COLUMN j.people.name IS 'A name';
--- comment-of-column-gone: comment-lost @ name
COMMENT ON COLUMN j.people.name IS NULL;
--- comment-of-view-column: comment-lost, definition-changed @ m.invoker
COMMENT ON COLUMN m.invoker.id IS 'Another';
--- comment-of-type-column: comment-lost, definition-changed @ m.row_type
COMMENT ON COLUMN m.row_type.a IS 'Another';
--- comment-of-constraint: comment-lost, definition-changed @ own_boss
COMMENT ON CONSTRAINT own_boss ON j.people IS 'Another';
--- comment-of-domain-constraint: comment-lost, definition-changed @ in_range
COMMENT ON CONSTRAINT in_range ON DOMAIN m.percent IS 'Another';
--- comment-of-function: comment-lost, definition-changed @ j.secret
COMMENT ON FUNCTION j.secret(integer, text[]) IS 'Another';
--- comment-of-policy: comment-lost, definition-changed @ reads
COMMENT ON POLICY reads ON j.people IS 'Another';
--- comment-of-trigger: comment-lost, definition-changed @ touch
COMMENT ON TRIGGER touch ON j.base IS 'Another';
--- comment-of-type: comment-lost, definition-changed @ j.mood
COMMENT ON TYPE j.mood IS 'Another';
--- comment-of-schema: comment-lost, definition-changed @ SCHEMA m
COMMENT ON SCHEMA m IS 'Another';
--- comment-of-schema-public: comment-lost, definition-changed, object-extra @ SCHEMA public
COMMENT ON SCHEMA public IS 'Another';
--- comment-of-extension: comment-lost, definition-changed @ hstore
COMMENT ON EXTENSION hstore IS 'Another';
--- comment-of-large-object: comment-lost, large-objects-changed @ 5002
COMMENT ON LARGE OBJECT 5002 IS 'Another';
--- comment-of-large-object-gone: comment-lost, large-objects-changed @ 5002
COMMENT ON LARGE OBJECT 5002 IS NULL;
--- comment-of-large-object-added: comment-lost, large-objects-changed, object-extra @ 5003
COMMENT ON LARGE OBJECT 5003 IS 'Added';
--- comment-of-view: comment-lost, definition-changed @ m.invoker
COMMENT ON VIEW m.invoker IS 'Another';
--- comment-of-matview: comment-lost, definition-changed @ m.kept
COMMENT ON MATERIALIZED VIEW m.kept IS 'Another';
--- comment-of-sequence: comment-lost, definition-changed @ m.counter
COMMENT ON SEQUENCE m.counter IS 'Another';
--- comment-of-index: comment-lost, definition-changed @ m.columns_many
COMMENT ON INDEX m.columns_many IS 'Another';
--- comment-of-domain: comment-lost, definition-changed @ m.percent
COMMENT ON DOMAIN m.percent IS 'Another';
--- comment-of-rule: comment-lost, definition-changed @ noted
COMMENT ON RULE noted ON m.keyless IS 'Another';
--- comment-of-statistics: comment-lost, definition-changed @ m.stats
COMMENT ON STATISTICS m.stats IS 'Another';
--- comment-of-aggregate: comment-lost, definition-changed @ m.sum_up
COMMENT ON AGGREGATE m.sum_up(integer) IS 'Another';
--- comment-of-procedure: comment-lost, definition-changed @ j.proceed
COMMENT ON PROCEDURE j.proceed(integer) IS 'Another';
--- comment-of-operator: comment-lost, definition-changed @ m.#+#
COMMENT ON OPERATOR m.#+# (integer, integer) IS 'Another';
--- comment-of-operator-class: comment-lost, definition-changed @ m.hashing
COMMENT ON OPERATOR CLASS m.hashing USING hash IS 'Another';
--- comment-of-operator-family: comment-lost, definition-changed @ j.family
COMMENT ON OPERATOR FAMILY j.family USING btree IS 'Another';
--- comment-of-collation: comment-lost, definition-changed @ m.other
COMMENT ON COLLATION m.other IS 'Another';
--- comment-of-conversion: comment-lost, definition-changed @ j.conversion
COMMENT ON CONVERSION j.conversion IS 'Another';
--- comment-of-text-search-configuration: comment-lost, definition-changed @ j.words
COMMENT ON TEXT SEARCH CONFIGURATION j.words IS 'Another';
--- comment-of-text-search-dictionary: comment-lost, definition-changed @ m.words
COMMENT ON TEXT SEARCH DICTIONARY m.words IS 'Another';
--- comment-of-text-search-parser: comment-lost, definition-changed @ m.parser
COMMENT ON TEXT SEARCH PARSER m.parser IS 'Another';
--- comment-of-text-search-template: comment-lost, definition-changed @ m.template
COMMENT ON TEXT SEARCH TEMPLATE m.template IS 'Another';
--- comment-of-cast: comment-lost, definition-changed @ CAST
COMMENT ON CAST (m.base AS text) IS 'Another';
--- comment-of-language: comment-lost, definition-changed @ mine
COMMENT ON LANGUAGE mine IS 'Another';
--- comment-of-access-method: comment-lost, definition-changed @ heaped
COMMENT ON ACCESS METHOD heaped IS 'Another';
--- comment-of-transform: comment-lost, definition-changed @ TRANSFORM
COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'Another';
--- comment-of-wrapper: comment-lost, definition-changed @ idle
COMMENT ON FOREIGN DATA WRAPPER idle IS 'Another';
--- comment-of-server: comment-lost, definition-changed @ far
COMMENT ON SERVER far IS 'Another';
--- comment-of-foreign-table: comment-lost, definition-changed @ m.far_away
COMMENT ON FOREIGN TABLE m.far_away IS 'Another';
--- comment-of-publication: comment-lost, definition-changed @ filtered
COMMENT ON PUBLICATION filtered IS 'Another';
--- comment-of-subscription: comment-lost, definition-changed @ incoming
COMMENT ON SUBSCRIPTION incoming IS 'Another';
--- comment-of-event-trigger: comment-lost, definition-changed @ on_end
COMMENT ON EVENT TRIGGER on_end IS 'Another';
