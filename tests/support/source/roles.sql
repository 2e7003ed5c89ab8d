-- The roles of the source cluster. Profiles that match it make the same ones.
CREATE ROLE shop_owner;
CREATE ROLE shop_app LOGIN;
CREATE ROLE shop_report;
CREATE ROLE shop_billing;
CREATE ROLE "Bücher ""und"" книги; --";
GRANT shop_report TO shop_app;
