-- Cards that customers keep for their next payments.
ALTER TABLE card_token ADD COLUMN IF NOT EXISTS exp_month INT8 NOT NULL DEFAULT 0;

ALTER TABLE card_token ADD COLUMN IF NOT EXISTS exp_year INT8 NOT NULL DEFAULT 0;

CREATE TABLE IF NOT EXISTS sandbox_method (
	token TEXT PRIMARY KEY,
	customer TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS sandbox_method_customer ON sandbox_method (customer, created_at);
