-- Text beyond ASCII in an encoding of one byte, with and without a change on the way.
CREATE TABLE public.words (id integer PRIMARY KEY, word text);
INSERT INTO public.words VALUES (1, 'Bücher'), (2, 'déjà vu'), (3, NULL), (4, 'plain');
CREATE TABLE public.altered (id integer PRIMARY KEY, word text);
INSERT INTO public.altered VALUES (1, 'Bücher'), (2, 'déjà vu'), (3, NULL), (4, 'plain');
CREATE FUNCTION public.tamper() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF current_database() <> 'tampered' THEN RETURN 0; END IF;
    UPDATE public.altered SET word = 'deja vu' WHERE id = 2;
    RETURN 1;
END $$;
CREATE MATERIALIZED VIEW public.tampering AS SELECT public.tamper();
