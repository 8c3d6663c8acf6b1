-- Only CockroachDB has regions; parsed in tests, run by the operator of a
-- multi-region cluster.
ALTER TABLE document SET LOCALITY GLOBAL;

ALTER TABLE stock SET LOCALITY GLOBAL;
