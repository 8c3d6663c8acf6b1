-- Read everywhere, written seldom. CockroachDB only: parsed by tools/sqlcheck, not executed on PostgreSQL.
ALTER TABLE brands SET LOCALITY GLOBAL;

ALTER TABLE categories SET LOCALITY GLOBAL;

ALTER TABLE collections SET LOCALITY GLOBAL;

ALTER TABLE products SET LOCALITY GLOBAL;

ALTER TABLE variants SET LOCALITY GLOBAL;

ALTER TABLE prices SET LOCALITY GLOBAL;

ALTER TABLE lowest_prices SET LOCALITY GLOBAL;

ALTER TABLE product_categories SET LOCALITY GLOBAL;

ALTER TABLE product_collections SET LOCALITY GLOBAL;

ALTER TABLE product_facts SET LOCALITY GLOBAL;
