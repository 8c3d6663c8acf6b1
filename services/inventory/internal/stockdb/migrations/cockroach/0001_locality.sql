-- Only CockroachDB has regions; these statements are parsed in tests, and run by
-- the operator of a multi-region cluster. Stock has one home region: a hot SKU is
-- written where its writer runs.
ALTER TABLE item SET LOCALITY REGIONAL BY TABLE IN PRIMARY REGION;

ALTER TABLE level SET LOCALITY REGIONAL BY TABLE IN PRIMARY REGION;

ALTER TABLE ledger SET LOCALITY REGIONAL BY TABLE IN PRIMARY REGION;

ALTER TABLE reservation SET LOCALITY REGIONAL BY TABLE IN PRIMARY REGION;

ALTER TABLE returned SET LOCALITY REGIONAL BY TABLE IN PRIMARY REGION;
