CREATE TABLE IF NOT EXISTS item (
	sku TEXT PRIMARY KEY,
	backorder BOOL NOT NULL,
	available INT8 NOT NULL CONSTRAINT item_available CHECK (available >= 0),
	version INT8 NOT NULL
);

CREATE TABLE IF NOT EXISTS level (
	sku TEXT NOT NULL,
	location TEXT NOT NULL,
	on_hand INT8 NOT NULL,
	reserved INT8 NOT NULL CONSTRAINT level_reserved CHECK (reserved >= 0),
	backorder BOOL NOT NULL,
	CONSTRAINT level_promised CHECK (backorder OR on_hand >= reserved),
	PRIMARY KEY (sku, location)
);

CREATE TABLE IF NOT EXISTS ledger (
	id UUID PRIMARY KEY,
	sku TEXT NOT NULL,
	location TEXT NOT NULL,
	kind TEXT NOT NULL CONSTRAINT ledger_kind CHECK (kind IN ('received', 'sold', 'returned', 'adjusted')),
	units INT8 NOT NULL,
	reason TEXT NOT NULL,
	actor TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS ledger_sku ON ledger (sku, created_at, id);

CREATE TABLE IF NOT EXISTS reservation (
	id TEXT PRIMARY KEY,
	state TEXT NOT NULL CONSTRAINT reservation_state CHECK (state IN ('held', 'committed', 'released', 'expired')),
	lines JSONB NOT NULL,
	held JSONB NOT NULL,
	order_id TEXT NOT NULL,
	expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS reservation_due ON reservation (expires_at) WHERE state = 'held';

CREATE TABLE IF NOT EXISTS returned (
	id TEXT PRIMARY KEY,
	created_at TIMESTAMPTZ NOT NULL
);
