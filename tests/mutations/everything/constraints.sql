--- primary-key-gone: object-missing @ m.of_rows
ALTER TABLE m.of_rows DROP CONSTRAINT of_rows_pkey;
--- primary-key-now-unique: object-missing, definition-changed @ of_rows_pkey
ALTER TABLE m.of_rows DROP CONSTRAINT of_rows_pkey;
ALTER TABLE m.of_rows ADD CONSTRAINT of_rows_pkey UNIQUE (id);
--- primary-key-columns: definition-changed @ of_rows_pkey
ALTER TABLE m.of_rows DROP CONSTRAINT of_rows_pkey;
ALTER TABLE m.of_rows ALTER COLUMN twin SET NOT NULL, ADD CONSTRAINT of_rows_pkey PRIMARY KEY (id, twin);
ALTER TABLE m.of_rows ALTER COLUMN id SET NOT NULL;
--- primary-key-deferrable: definition-changed @ of_rows_pkey
ALTER TABLE m.of_rows DROP CONSTRAINT of_rows_pkey;
ALTER TABLE m.of_rows ADD CONSTRAINT of_rows_pkey PRIMARY KEY (id) DEFERRABLE;
--- primary-key-renamed: object-missing, object-extra, definition-changed @ of_rows
ALTER TABLE m.of_rows RENAME CONSTRAINT of_rows_pkey TO of_rows_key;
--- unique-gone: object-missing @ named
ALTER TABLE j.people DROP CONSTRAINT named;
--- unique-column-order: definition-changed @ named
ALTER TABLE j.people DROP CONSTRAINT named;
ALTER TABLE j.people ADD CONSTRAINT named UNIQUE (born, name);
ALTER TABLE j.people CLUSTER ON named;
--- unique-nulls-distinct: definition-changed @ one_null
ALTER TABLE m.one_null DROP CONSTRAINT one_null_a_key;
ALTER TABLE m.one_null ADD UNIQUE (a);
--- unique-include: definition-changed @ named
ALTER TABLE j.people DROP CONSTRAINT named;
ALTER TABLE j.people ADD CONSTRAINT named UNIQUE (name, born) INCLUDE (id);
ALTER TABLE j.people CLUSTER ON named;
--- check-gone: object-missing, definition-changed @ long_word
ALTER TABLE m.columns DROP CONSTRAINT long_word;
--- check-added: object-extra, definition-changed @ m.never_filled
ALTER TABLE m.never_filled ADD CONSTRAINT added CHECK (id > 0);
--- check-number: definition-changed @ m.columns
ALTER TABLE m.columns DROP CONSTRAINT long_word;
ALTER TABLE m.columns ADD CONSTRAINT long_word CHECK (length(word) < 101) NO INHERIT;
--- check-parentheses: definition-changed @ j.people
ALTER TABLE j.people DROP CONSTRAINT people_price_check;
ALTER TABLE j.people ADD CONSTRAINT people_price_check
    CHECK ((price IS NULL OR price > 0) AND (price < 1000 OR price IN (1, 2, 3)));
--- check-cast: definition-changed @ m.columns
ALTER TABLE m.columns DROP CONSTRAINT long_word;
ALTER TABLE m.columns ADD CONSTRAINT long_word CHECK (length(word)::smallint < 100) NO INHERIT;
--- check-inherits: definition-changed @ m.columns
ALTER TABLE m.columns DROP CONSTRAINT long_word;
ALTER TABLE m.columns ADD CONSTRAINT long_word CHECK (length(word) < 100);
--- check-not-valid: constraint-not-validated, definition-changed @ long_word
ALTER TABLE m.columns DROP CONSTRAINT long_word;
ALTER TABLE m.columns ADD CONSTRAINT long_word CHECK (length(word) < 100) NO INHERIT NOT VALID;
--- check-valid: definition-changed @ j.people
ALTER TABLE j.people VALIDATE CONSTRAINT later;
--- check-not-valid-unseen: constraint-not-validated, definition-changed @ long_word
UPDATE pg_constraint SET convalidated = false WHERE conname = 'long_word';
--- check-of-partition-gone: object-missing, definition-changed @ j.parts_old_eu
ALTER TABLE j.parts_old_eu DROP CONSTRAINT parts_old_eu_n_check;
--- foreign-key-gone: object-missing @ of_row
ALTER TABLE m.of_rows DROP CONSTRAINT of_row;
--- foreign-key-added: object-extra @ added
ALTER TABLE m.never_filled ADD CONSTRAINT added FOREIGN KEY (id) REFERENCES m.rows;
--- foreign-key-on-delete: definition-changed @ of_row
ALTER TABLE m.of_rows DROP CONSTRAINT of_row;
ALTER TABLE m.of_rows ADD CONSTRAINT of_row FOREIGN KEY (of_row) REFERENCES m.rows ON UPDATE SET NULL;
--- foreign-key-on-update: definition-changed @ of_row
ALTER TABLE m.of_rows DROP CONSTRAINT of_row;
ALTER TABLE m.of_rows ADD CONSTRAINT of_row FOREIGN KEY (of_row) REFERENCES m.rows ON DELETE CASCADE ON UPDATE SET DEFAULT;
--- foreign-key-deferrable: definition-changed @ twin
ALTER TABLE m.of_rows ALTER CONSTRAINT twin NOT DEFERRABLE;
--- foreign-key-initially: definition-changed @ own_boss
ALTER TABLE j.people ALTER CONSTRAINT own_boss DEFERRABLE INITIALLY IMMEDIATE;
--- foreign-key-match: definition-changed @ full_one
ALTER TABLE m.of_rows DROP CONSTRAINT full_one;
ALTER TABLE m.of_rows ADD CONSTRAINT full_one FOREIGN KEY (full_a) REFERENCES m.rows;
--- foreign-key-column: definition-changed @ twin
ALTER TABLE m.of_rows DROP CONSTRAINT twin;
ALTER TABLE m.of_rows ADD CONSTRAINT twin FOREIGN KEY (full_a) REFERENCES m.rows DEFERRABLE;
--- foreign-key-not-valid: constraint-not-validated, definition-changed @ of_row
ALTER TABLE m.of_rows DROP CONSTRAINT of_row;
ALTER TABLE m.of_rows ADD CONSTRAINT of_row FOREIGN KEY (of_row) REFERENCES m.rows ON DELETE CASCADE ON UPDATE SET NULL NOT VALID;
--- foreign-key-triggers-off: trigger-state-changed @ m.of_rows
ALTER TABLE m.of_rows DISABLE TRIGGER ALL;
--- foreign-key-triggers-off-referred: trigger-state-changed @ j.people
ALTER TABLE j.people DISABLE TRIGGER ALL;
--- foreign-key-one-trigger-always: trigger-state-changed @ m.of_rows
UPDATE pg_trigger SET tgenabled = 'A' WHERE oid = (SELECT min(oid) FROM pg_trigger WHERE tgrelid = 'm.of_rows'::regclass AND tgisinternal);
--- exclusion-gone: object-missing @ not_twice
ALTER TABLE j.people DROP CONSTRAINT not_twice;
--- exclusion-operator: definition-changed @ not_twice
ALTER TABLE j.people DROP CONSTRAINT not_twice;
ALTER TABLE j.people ADD CONSTRAINT not_twice EXCLUDE USING gist (during WITH =);
--- exclusion-condition: definition-changed @ not_twice
ALTER TABLE j.people DROP CONSTRAINT not_twice;
ALTER TABLE j.people ADD CONSTRAINT not_twice EXCLUDE USING gist (during WITH &&) WHERE (id > 5);
--- domain-check-gone: object-missing, definition-changed @ m.percent
ALTER DOMAIN m.percent DROP CONSTRAINT in_range;
--- domain-check: definition-changed @ m.percent
ALTER DOMAIN m.percent DROP CONSTRAINT in_range;
ALTER DOMAIN m.percent ADD CONSTRAINT in_range CHECK (VALUE >= 0 AND VALUE < 100);
--- domain-check-not-valid: constraint-not-validated, definition-changed @ m.percent
ALTER DOMAIN m.percent DROP CONSTRAINT in_range;
ALTER DOMAIN m.percent ADD CONSTRAINT in_range CHECK (VALUE >= 0 AND VALUE <= 100) NOT VALID;
--- domain-default: definition-changed @ m.percent
ALTER DOMAIN m.percent SET DEFAULT 6;
--- domain-not-null: definition-changed @ j.code
ALTER DOMAIN j.code DROP NOT NULL;
