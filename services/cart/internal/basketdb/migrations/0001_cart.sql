-- A cart is read whole and written whole, so it is one row.
CREATE TABLE IF NOT EXISTS cart (
	owner TEXT PRIMARY KEY,
	currency TEXT NOT NULL,
	lines JSONB NOT NULL,
	version INT8 NOT NULL,
	touched_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS cart_touched ON cart (touched_at);
