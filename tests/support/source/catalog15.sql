CREATE TABLE public.one_null (a integer, b text, UNIQUE NULLS NOT DISTINCT (a));
INSERT INTO public.one_null VALUES (1, 'a'), (NULL, 'b');
