-- What came back and cannot be sold again has a kind of its own.
ALTER TABLE ledger DROP CONSTRAINT IF EXISTS ledger_kind;

ALTER TABLE ledger DROP CONSTRAINT IF EXISTS ledger_kinds;

ALTER TABLE ledger ADD CONSTRAINT ledger_kinds CHECK (kind IN ('received', 'sold', 'returned', 'adjusted', 'written_off'));

-- When backordered units are expected.
ALTER TABLE item ADD COLUMN IF NOT EXISTS expected_at TIMESTAMPTZ;
