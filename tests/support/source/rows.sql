-- Enough rows that a dump can be cut off amid them.
CREATE TABLE public.readings (id integer PRIMARY KEY, what text NOT NULL);
INSERT INTO public.readings SELECT i, md5(i::text) FROM generate_series(1, 20000) AS i;
CREATE TABLE public.stations (id integer PRIMARY KEY, name text);
INSERT INTO public.stations VALUES (1, 'north'), (2, 'south');
