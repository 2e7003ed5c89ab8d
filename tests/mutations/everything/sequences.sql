--- sequence-gone: object-missing @ j.odd
DROP SEQUENCE j.odd;
--- sequence-extra: object-extra @ added
CREATE SEQUENCE m.added;
--- sequence-increment: definition-changed @ m.counter
ALTER SEQUENCE m.counter INCREMENT 3;
--- sequence-minimum: definition-changed @ m.counter
ALTER SEQUENCE m.counter MINVALUE 2;
--- sequence-maximum: definition-changed @ m.counter
ALTER SEQUENCE m.counter MAXVALUE 5001;
--- sequence-start: definition-changed @ m.counter
ALTER SEQUENCE m.counter START 6;
--- sequence-cache: definition-changed @ m.counter
ALTER SEQUENCE m.counter CACHE 4;
--- sequence-cycle: definition-changed @ m.counter
ALTER SEQUENCE m.counter NO CYCLE;
--- sequence-type: definition-changed @ j.odd
ALTER SEQUENCE j.odd AS integer;
--- sequence-owned-by: definition-changed, object-missing @ m.owned
ALTER SEQUENCE m.owned OWNED BY NONE;
--- sequence-owned-by-another: definition-changed, object-missing @ m.owned
ALTER SEQUENCE m.owned OWNED BY m.columns.plain;
--- sequence-unlogged: definition-changed @ m.counter
ALTER SEQUENCE m.counter SET UNLOGGED;
--- sequence-value: sequence-changed @ m.counter
SELECT setval('m.counter', 19);
--- sequence-value-called: sequence-changed @ m.counter
SELECT setval('m.counter', 17, false);
--- sequence-value-back: sequence-changed @ m.counter
SELECT setval('m.counter', 5);
--- sequence-value-none: sequence-changed @ m.counter
ALTER SEQUENCE m.counter RESTART;
--- sequence-never-called: sequence-changed @ j.odd
SELECT nextval('j.odd');
--- serial-value-behind: sequence-behind, sequence-changed @ small
SELECT setval('m.columns_small_seq', 1, false);
--- identity-value-behind: sequence-behind, sequence-changed @ m.columns
SELECT setval('m.columns_id_seq', 1, false);
--- identity-value-ahead: sequence-changed @ m.columns
SELECT setval('m.columns_id_seq', 3001);
