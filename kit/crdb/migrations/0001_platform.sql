-- What happened and is to be told. The shard spreads writes and keeps the order
-- of each aggregate; ids are UUIDv7 behind it.
CREATE TABLE IF NOT EXISTS outbox (
	shard INT2 NOT NULL,
	id UUID NOT NULL,
	topic TEXT NOT NULL,
	key TEXT NOT NULL,
	fact JSONB NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	published_at TIMESTAMPTZ NULL,
	CONSTRAINT outbox_pkey PRIMARY KEY (shard, id)
);

CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (shard, id) WHERE published_at IS NULL;

-- What was heard and has had its effect.
CREATE TABLE IF NOT EXISTS inbox (
	consumer TEXT NOT NULL,
	event_id TEXT NOT NULL,
	handled_at TIMESTAMPTZ NOT NULL,
	CONSTRAINT inbox_pkey PRIMARY KEY (consumer, event_id)
);

-- Answers that are given again.
CREATE TABLE IF NOT EXISTS idempotency (
	procedure TEXT NOT NULL,
	subject TEXT NOT NULL,
	key TEXT NOT NULL,
	hash BYTEA NOT NULL,
	result JSONB NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	CONSTRAINT idempotency_pkey PRIMARY KEY (procedure, subject, key)
);
