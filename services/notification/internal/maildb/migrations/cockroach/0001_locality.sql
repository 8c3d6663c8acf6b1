-- Only CockroachDB has regions; these statements are parsed in tests, and run by
-- the operator of a multi-region cluster.
ALTER TABLE delivery SET LOCALITY REGIONAL BY ROW;
