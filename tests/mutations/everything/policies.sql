--- row-security-off: rls-bypassed, policy-lost, policy-changed @ j.people
ALTER TABLE j.people DISABLE ROW LEVEL SECURITY;
--- row-security-on: policy-changed, policy-lost @ m.never_filled
ALTER TABLE m.never_filled ENABLE ROW LEVEL SECURITY;
--- row-security-no-force: rls-bypassed, policy-lost, policy-changed @ j.base
ALTER TABLE j.base NO FORCE ROW LEVEL SECURITY;
--- row-security-force: policy-changed, policy-lost @ j.people
ALTER TABLE j.people FORCE ROW LEVEL SECURITY;
--- policy-gone: policy-lost @ parens
DROP POLICY parens ON m.keyless;
--- policy-extra: policy-changed @ added
CREATE POLICY added ON m.keyless USING (true);
--- policy-renamed: policy-lost, policy-changed @ parens
ALTER POLICY parens ON m.keyless RENAME TO brackets;
--- policy-using: policy-changed @ parens
ALTER POLICY parens ON m.keyless USING ((a = 1 OR b = 'x') AND a < 101);
--- policy-parentheses: policy-changed @ parens
ALTER POLICY parens ON m.keyless USING (a = 1 OR (b = 'x' AND a < 100));
--- policy-cast: policy-changed @ parens
ALTER POLICY parens ON m.keyless USING ((a = 1 OR b = 'x'::char) AND a < 100);
--- policy-check: policy-changed @ second
ALTER POLICY second ON m.keyless WITH CHECK (a > 0);
--- policy-roles: policy-changed @ second
ALTER POLICY second ON m.keyless TO shop_app, shop_report;
--- policy-public: policy-changed @ second
ALTER POLICY second ON m.keyless TO PUBLIC;
--- policy-command: policy-changed @ never
DROP POLICY never ON j.people;
CREATE POLICY never ON j.people AS RESTRICTIVE FOR SELECT USING (price IS NULL);
--- policy-permissive: policy-changed @ never
DROP POLICY never ON j.people;
CREATE POLICY never ON j.people FOR DELETE USING (price IS NULL);
