-- Only CockroachDB has regions; these statements are parsed in tests, and run by
-- the operator of a multi-region cluster.
ALTER TABLE webhook_event SET LOCALITY REGIONAL BY ROW;

ALTER TABLE customer SET LOCALITY REGIONAL BY ROW;

ALTER TABLE webhook_event SET (ttl_expiration_expression = '(heard_at + INTERVAL ''30 days'')');
