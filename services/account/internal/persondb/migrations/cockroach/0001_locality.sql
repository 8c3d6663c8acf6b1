-- Only CockroachDB has regions; these statements are parsed in tests, and run by
-- the operator of a multi-region cluster.
ALTER TABLE account SET LOCALITY REGIONAL BY ROW;

ALTER TABLE session SET LOCALITY REGIONAL BY ROW;

ALTER TABLE address SET LOCALITY REGIONAL BY ROW;

ALTER TABLE session SET (ttl_expiration_expression = 'expires_at');
