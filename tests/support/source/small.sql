-- As little as a dump can hold and still be worth one: for tests that are about something else.
CREATE TABLE public.people (id serial PRIMARY KEY, name text NOT NULL, born integer);
INSERT INTO public.people (name, born) VALUES ('Ada Lovelace', 1815), ('Grace Hopper', 1906), ('Émilie du Châtelet', NULL);
