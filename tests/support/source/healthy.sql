-- The same shapes as in behind.sql, none of which collides.
CREATE TABLE public.by_serial (id serial PRIMARY KEY);
INSERT INTO public.by_serial SELECT FROM generate_series(1, 5);

CREATE TABLE public.empty_one (id serial PRIMARY KEY);

CREATE TABLE public.not_called (id serial PRIMARY KEY);
INSERT INTO public.not_called SELECT generate_series(1, 4);
SELECT setval('public.not_called_id_seq', 5, false);

CREATE TABLE public.by_identity (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
INSERT INTO public.by_identity SELECT FROM generate_series(1, 7);

CREATE SEQUENCE public.unowned;
CREATE TABLE public.by_default (number bigint PRIMARY KEY DEFAULT nextval('public.unowned'));
INSERT INTO public.by_default SELECT FROM generate_series(1, 6);

-- Positive numbers are nothing that a sequence which counts down will meet.
CREATE SEQUENCE public.downwards INCREMENT -1;
CREATE TABLE public.counts_down (id integer PRIMARY KEY DEFAULT nextval('public.downwards'));
INSERT INTO public.counts_down SELECT -i FROM generate_series(1, 8) AS i;
INSERT INTO public.counts_down VALUES (1), (100);
SELECT setval('public.downwards', -8);

-- The next one is 7, then 9: the even ones are never met.
CREATE SEQUENCE public.in_twos INCREMENT 2;
CREATE TABLE public.by_twos (id integer PRIMARY KEY DEFAULT nextval('public.in_twos'));
INSERT INTO public.by_twos VALUES (1), (3), (5), (6), (8), (10);
SELECT setval('public.in_twos', 5);

-- After a turn older values are still there; the next one, 4, is free.
CREATE SEQUENCE public.around MAXVALUE 10 CYCLE;
CREATE TABLE public.goes_around (id integer PRIMARY KEY DEFAULT nextval('public.around'));
INSERT INTO public.goes_around VALUES (1), (2), (3), (7), (10);
SELECT setval('public.around', 3);

-- A value beyond the sequence's end will never be met.
CREATE SEQUENCE public.short MAXVALUE 100;
CREATE TABLE public.beyond (id integer PRIMARY KEY DEFAULT nextval('public.short'));
INSERT INTO public.beyond VALUES (1), (1000);
SELECT setval('public.short', 1);

-- A sequence that feeds nothing.
CREATE SEQUENCE public.lonely;
