-- A second database of the same cluster.
SET ROLE shop_owner;
CREATE TABLE public.bins (id serial PRIMARY KEY, holds text);
INSERT INTO public.bins (holds) SELECT 'bin ' || i FROM generate_series(1, 20) AS i;
GRANT SELECT ON public.bins TO shop_report;
