--
-- PostgreSQL database dump
--

\restrict yTaehoeFcxmpDtD9towiOrW5enzjLp3FohP0kgRGrZOXpVSkGko07VhgNlfysCq

-- Dumped from database version 17.12 (Debian 17.12-0+deb13u1)
-- Dumped by pg_dump version 17.12 (Debian 17.12-0+deb13u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: SCHEMA "public"; Type: COMMENT; Schema: -; Owner: pg_database_owner
--

COMMENT ON SCHEMA "public" IS 'standard public schema';


SET default_tablespace = '';

SET default_table_access_method = "heap";

--
-- Name: regs; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE "public"."regs" (
    "id" integer NOT NULL,
    "c" "regclass",
    "p" "regproc",
    "t" "regtype"
);


ALTER TABLE "public"."regs" OWNER TO "postgres";

--
-- Data for Name: regs; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY "public"."regs" ("id", "c", "p", "t") FROM stdin;
1	"pg_class"	"now"	integer
2	"public"."regs"	"int4in"	integer
\.


--
-- Name: regs regs_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY "public"."regs"
    ADD CONSTRAINT "regs_pkey" PRIMARY KEY ("id");


--
-- PostgreSQL database dump complete
--

\unrestrict yTaehoeFcxmpDtD9towiOrW5enzjLp3FohP0kgRGrZOXpVSkGko07VhgNlfysCq

