-- Only CockroachDB has regions; these statements are parsed in tests, and run by
-- the operator of a multi-region cluster.
ALTER TABLE audit SET LOCALITY GLOBAL;

ALTER TABLE discrepancy SET LOCALITY REGIONAL BY TABLE IN PRIMARY REGION;
