-- Takes away what whole.sql has made.
DROP DATABASE whole;
DROP DATABASE second;
REVOKE SET ON PARAMETER log_statement FROM boss;
REVOKE ALTER SYSTEM ON PARAMETER work_mem FROM crew;
DROP ROLE worker, plain, replicator, passer, visitors, crew, boss, top;
