-- Keys, indexes, sequences, views and functions of the kinds that the checks of the catalog look into. All of it is well:
-- what looks broken here is so on purpose, and the dump says so.
CREATE EXTENSION btree_gist;

CREATE TABLE public.parents (id integer PRIMARY KEY, code text NOT NULL UNIQUE, note varchar(20));
INSERT INTO public.parents SELECT i, 'code ' || i, 'note ' || i FROM generate_series(1, 100) AS i;
-- Another type on each side, and a null.
CREATE TABLE public.children (
    id serial PRIMARY KEY,
    parent bigint REFERENCES public.parents,
    code varchar(20) REFERENCES public.parents (code)
);
INSERT INTO public.children (parent, code) SELECT i, 'code ' || i FROM generate_series(1, 100) AS i;
INSERT INTO public.children (parent, code) VALUES (NULL, NULL), (1, NULL);

CREATE TABLE public.pairs (a integer, b text, PRIMARY KEY (a, b));
INSERT INTO public.pairs VALUES (1, 'one'), (2, 'two');
CREATE TABLE public.simple_references (a integer, b text, FOREIGN KEY (a, b) REFERENCES public.pairs);
INSERT INTO public.simple_references VALUES (1, 'one'), (99, NULL), (NULL, 'none'), (NULL, NULL);
CREATE TABLE public.full_references (a integer, b text,
    CONSTRAINT full_key FOREIGN KEY (a, b) REFERENCES public.pairs MATCH FULL);
INSERT INTO public.full_references VALUES (2, 'two'), (NULL, NULL);

CREATE TABLE public.tree (id integer PRIMARY KEY, up integer REFERENCES public.tree);
INSERT INTO public.tree SELECT i, nullif(i / 2, 0) FROM generate_series(1, 50) AS i;

CREATE TYPE public.state AS ENUM ('new', 'paid');
CREATE TABLE public.states (state public.state PRIMARY KEY, path integer[] UNIQUE);
INSERT INTO public.states VALUES ('new', '{1}'), ('paid', '{1,2}');
CREATE TABLE public.of_states (state public.state REFERENCES public.states, path integer[] REFERENCES public.states (path));
INSERT INTO public.of_states VALUES ('new', '{1,2}'), ('new', NULL);

CREATE TABLE public.measures (id integer, at date, what text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE public.measures_2025 PARTITION OF public.measures FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE public.measures_rest PARTITION OF public.measures DEFAULT;
INSERT INTO public.measures SELECT i, date '2025-12-01' + i, 'measure' FROM generate_series(1, 60) AS i;
CREATE INDEX measures_at ON public.measures (at);
-- No partition has it, so it is not valid here either.
CREATE INDEX measures_alone ON ONLY public.measures (what);
CREATE TABLE public.measure_notes (id integer, at date, FOREIGN KEY (id, at) REFERENCES public.measures)
    PARTITION BY LIST (id);
CREATE TABLE public.measure_notes_all PARTITION OF public.measure_notes DEFAULT;
INSERT INTO public.measure_notes SELECT id, at FROM public.measures;

-- A key covers neither the children of its table nor those of the table that it refers to.
CREATE TABLE public.refers (parent integer REFERENCES public.parents);
CREATE TABLE public.refers_more () INHERITS (public.refers);
INSERT INTO public.refers VALUES (5);
INSERT INTO public.refers_more VALUES (12345);

-- Rows from before the constraint.
CREATE TABLE public.old_rows (id integer PRIMARY KEY, parent integer, price integer);
INSERT INTO public.old_rows VALUES (1, 777, -5), (2, 1, 5);
ALTER TABLE public.old_rows ADD CONSTRAINT old_parent FOREIGN KEY (parent) REFERENCES public.parents NOT VALID;
ALTER TABLE public.old_rows ADD CONSTRAINT old_price CHECK (price > 0) NOT VALID;
CREATE DOMAIN public.amount AS integer;
CREATE TABLE public.amounts (amount public.amount);
INSERT INTO public.amounts VALUES (-1);
ALTER DOMAIN public.amount ADD CONSTRAINT no_debts CHECK (VALUE >= 0) NOT VALID;

CREATE TABLE public.bookings (room integer, during int4range, cancelled boolean NOT NULL DEFAULT false,
    CONSTRAINT not_twice EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT cancelled));
INSERT INTO public.bookings (room, during, cancelled) VALUES (1, '[1,5)', false), (1, '[5,9)', false), (2, '[1,9)', false), (1, '[2,4)', true),
    (NULL, '[1,5)', false), (NULL, '[1,5)', false);

CREATE FUNCTION public.folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE INDEX parents_folded ON public.parents (public.folded(code));
CREATE UNIQUE INDEX parents_note ON public.parents (lower(note), (id % 1000)) WHERE id > 10;
CREATE TABLE public.kept (id integer UNIQUE DEFERRABLE INITIALLY DEFERRED, word text);
INSERT INTO public.kept VALUES (1, 'one'), (NULL, 'none'), (NULL, 'none');
CREATE INDEX kept_word ON public.kept USING hash (word);

CREATE SCHEMA "Käse ""alt""; --";
CREATE TABLE "Käse ""alt""; --"."Größe '$1'" ("Num mer" integer PRIMARY KEY, "über" integer
    CONSTRAINT "nach; ""oben""" REFERENCES "Käse ""alt""; --"."Größe '$1'");
INSERT INTO "Käse ""alt""; --"."Größe '$1'" VALUES (1, NULL), (2, 1);
CREATE SEQUENCE "Käse ""alt""; --"."Fol'ge ""x""\y" INCREMENT 5;
SELECT setval('"Käse ""alt""; --"."Fol''ge ""x""\y"', 31);
CREATE VIEW "Käse ""alt""; --"."Sicht" AS SELECT "Num mer" FROM "Käse ""alt""; --"."Größe '$1'";

CREATE SEQUENCE public.downwards INCREMENT -1;
SELECT setval('public.downwards', -7);
CREATE SEQUENCE public.fresh START 500;
CREATE SEQUENCE public.small_by_design MAXVALUE 12;
SELECT setval('public.small_by_design', 12, false);
CREATE SEQUENCE public.starts_high AS integer START 2100000000;
SELECT setval('public.starts_high', 2100000500);
CREATE SEQUENCE public.turns MAXVALUE 100000 CYCLE;
SELECT setval('public.turns', 99999);

CREATE VIEW public.names_of AS SELECT c.id, p.code FROM public.children c JOIN public.parents p ON p.id = c.parent;
CREATE MATERIALIZED VIEW public.filled AS SELECT count(*) AS number FROM public.names_of;
CREATE MATERIALIZED VIEW public.left_empty AS SELECT code FROM public.parents ORDER BY code WITH NO DATA;

-- It finds its table by whoever calls it.
CREATE FUNCTION public.how_many() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM parents';
CREATE VIEW public.of_function AS SELECT public.how_many() AS number;
SET search_path = "Käse ""alt""; --", public;
CREATE FUNCTION public.how_large() RETURNS bigint LANGUAGE sql STABLE SET search_path = "Käse ""alt""; --", public
    AS $$ SELECT count(*) FROM "Größe '$1'", parents $$;
RESET search_path;
CREATE FUNCTION public.total(integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    parent public.parents%ROWTYPE;
BEGIN
    RETURN $1 + parent.id;
END $$;
CREATE PROCEDURE public.nothing() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE public.total_of(integer) (SFUNC = int4pl, STYPE = integer);
