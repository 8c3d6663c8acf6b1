-- Read everywhere, written seldom. CockroachDB only: parsed by tools/sqlcheck, not executed on PostgreSQL.
ALTER TABLE former_slugs SET LOCALITY GLOBAL;
