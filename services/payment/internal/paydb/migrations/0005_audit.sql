-- Who compares our payments with the providers', until when, and when it is due.
CREATE TABLE IF NOT EXISTS audit (
	name TEXT PRIMARY KEY,
	holder TEXT NOT NULL,
	claimed_until TIMESTAMPTZ NOT NULL,
	due_at TIMESTAMPTZ NOT NULL
);

INSERT INTO audit (name, holder, claimed_until, due_at) VALUES ('payments', '', '2026-01-01', '2026-01-01') ON CONFLICT (name) DO NOTHING;

CREATE TABLE IF NOT EXISTS discrepancy (
	provider TEXT NOT NULL,
	payment TEXT NOT NULL,
	kind TEXT NOT NULL,
	reference TEXT NOT NULL,
	ours TEXT NOT NULL,
	theirs TEXT NOT NULL,
	found_at TIMESTAMPTZ NOT NULL,
	seen_at TIMESTAMPTZ NOT NULL,
	repaired_at TIMESTAMPTZ,
	ended_at TIMESTAMPTZ,
	PRIMARY KEY (provider, payment, kind)
);

CREATE INDEX IF NOT EXISTS discrepancy_found ON discrepancy (found_at, provider, payment, kind);

CREATE INDEX IF NOT EXISTS payment_created ON payment (provider, created_at, id);
