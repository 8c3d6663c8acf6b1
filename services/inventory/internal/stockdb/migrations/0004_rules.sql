-- How many units may be owed; 0 is no limit.
ALTER TABLE item ADD COLUMN IF NOT EXISTS backorder_limit INT8 NOT NULL DEFAULT 0 CONSTRAINT item_backorder_limit CHECK (backorder_limit >= 0);

-- Never promised.
ALTER TABLE item ADD COLUMN IF NOT EXISTS safety INT8 NOT NULL DEFAULT 0 CONSTRAINT item_safety CHECK (safety >= 0);

-- Stock is low when so few are available; 0 is never.
ALTER TABLE item ADD COLUMN IF NOT EXISTS low_at INT8 NOT NULL DEFAULT 0 CONSTRAINT item_low_at CHECK (low_at >= 0);

-- Promised beyond what is there, where that is allowed.
ALTER TABLE item ADD COLUMN IF NOT EXISTS owed INT8 NOT NULL DEFAULT 0 CONSTRAINT item_owed CHECK (owed >= 0);

-- Adjustments that are made once for a key of their caller.
CREATE TABLE IF NOT EXISTS adjustment (
	key TEXT PRIMARY KEY,
	sku TEXT NOT NULL,
	location TEXT NOT NULL,
	kind TEXT NOT NULL,
	units INT8 NOT NULL,
	created_at TIMESTAMPTZ NOT NULL
);
