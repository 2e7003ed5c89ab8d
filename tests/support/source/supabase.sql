-- A database as a service has it that brings roles and extensions of its own: nothing of that is in its dump.
CREATE SCHEMA extensions;
CREATE SCHEMA auth;
CREATE SCHEMA storage;
CREATE EXTENSION vector WITH SCHEMA extensions;
CREATE EXTENSION pgtap WITH SCHEMA extensions;
CREATE EXTENSION plpgsql_check WITH SCHEMA extensions;
CREATE EXTENSION pgcrypto WITH SCHEMA extensions;
DO $$
DECLARE
    own text[] := ARRAY['anon', 'authenticated', 'service_role', 'authenticator', 'dashboard_user', 'pgbouncer',
        'supabase_admin', 'supabase_auth_admin', 'supabase_etl_admin', 'supabase_functions_admin', 'supabase_read_only_user',
        'supabase_realtime_admin', 'supabase_replication_admin', 'supabase_storage_admin', 'pgsodium_keyholder',
        'pgsodium_keyiduser', 'pgsodium_keymaker', 'pgtle_admin'];
    name text;
    i integer;
BEGIN
    FOREACH name IN ARRAY own || ARRAY(SELECT 'team_' || n FROM generate_series(1, 19) AS n) LOOP
        EXECUTE format('CREATE ROLE %I', name);
    END LOOP;
    EXECUTE 'ALTER SCHEMA auth OWNER TO supabase_auth_admin';
    EXECUTE 'ALTER SCHEMA storage OWNER TO supabase_storage_admin';
    FOR i IN 1..60 LOOP
        EXECUTE format('CREATE TABLE public.t%1$s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner uuid, note text)', i);
        EXECUTE format('ALTER TABLE public.t%s OWNER TO %I', i, CASE WHEN i % 3 = 0 THEN own[i / 3 % 18 + 1] ELSE 'team_' || (i % 19 + 1) END);
        EXECUTE format('ALTER TABLE public.t%s ENABLE ROW LEVEL SECURITY', i);
        EXECUTE format('CREATE POLICY reads ON public.t%s FOR SELECT TO authenticated USING (owner IS NOT NULL)', i);
        EXECUTE format('GRANT ALL ON public.t%s TO anon', i);
        EXECUTE format('GRANT ALL ON public.t%s TO authenticated', i);
        EXECUTE format('GRANT ALL ON public.t%s TO service_role', i);
    END LOOP;
    FOR i IN 1..10 LOOP
        EXECUTE format('CREATE TABLE storage.e%s (id integer PRIMARY KEY, of_t bigint REFERENCES public.t1, v extensions.vector(3))', i);
        EXECUTE format('INSERT INTO storage.e%s VALUES (1, NULL, ''[1,2,3]'')', i);
        EXECUTE format('CREATE INDEX near_%1$s ON storage.e%1$s USING hnsw (v extensions.vector_l2_ops)', i);
        EXECUTE format('CREATE VIEW storage.far_%1$s AS SELECT id FROM storage.e%1$s WHERE v IS NOT NULL', i);
        EXECUTE format('COMMENT ON TABLE storage.e%s IS ''Embeddings''', i);
        EXECUTE format('ALTER TABLE storage.e%s OWNER TO supabase_storage_admin', i);
    END LOOP;
    FOREACH name IN ARRAY own LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', name);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE supabase_admin IN SCHEMA public GRANT SELECT ON TABLES TO %I', name);
    END LOOP;
    FOR i IN 1..19 LOOP
        EXECUTE format('CREATE FUNCTION auth.f%s() RETURNS integer LANGUAGE sql SECURITY DEFINER AS ''SELECT 1''', i);
        EXECUTE format('ALTER FUNCTION auth.f%s() OWNER TO team_%s', i, i);
        EXECUTE format('REVOKE ALL ON FUNCTION auth.f%s() FROM PUBLIC', i);
        EXECUTE format('GRANT ALL ON FUNCTION auth.f%s() TO dashboard_user', i);
    END LOOP;
END $$;
