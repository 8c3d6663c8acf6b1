-- Whose cart a guest's went into: what the guest had bought may be told later.
CREATE TABLE IF NOT EXISTS merged_cart (
	guest TEXT PRIMARY KEY,
	owner TEXT NOT NULL,
	merged_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS merged_cart_at ON merged_cart (merged_at);
