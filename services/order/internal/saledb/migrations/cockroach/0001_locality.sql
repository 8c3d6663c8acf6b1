-- Only CockroachDB has regions; these statements are parsed in tests, and run by
-- the operator of a multi-region cluster.
ALTER TABLE checkout SET LOCALITY REGIONAL BY ROW;

ALTER TABLE sale_order SET LOCALITY REGIONAL BY ROW;
