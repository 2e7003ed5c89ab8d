-- The shop of `pgrehearse demo --recovery`, as it is when its base backup is made. demo/make-recovery says what comes later.

CREATE SCHEMA shop;

CREATE TABLE shop.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer text NOT NULL,
    total numeric(10, 2) NOT NULL CHECK (total >= 0),
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'paid', 'cancelled'))
);

-- A day of orders.
CREATE PROCEDURE shop.a_day() LANGUAGE sql BEGIN ATOMIC
    INSERT INTO shop.orders (customer, total, status)
    SELECT 'customer ' || 1 + n % 17, 10 + n, CASE WHEN n % 5 = 0 THEN 'open' ELSE 'paid' END
    FROM pg_catalog.generate_series(1, 100) AS n;
END;

CALL shop.a_day();
