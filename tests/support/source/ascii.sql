-- A SQL_ASCII database with bytes of Latin-1 in it: everything was accepted.
CREATE TABLE public.towns (id serial PRIMARY KEY, name text);
INSERT INTO public.towns (name) VALUES (E'K\xf6ln'), (E'Z\xfcrich'), ('Bern');
