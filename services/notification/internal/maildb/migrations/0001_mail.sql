CREATE TABLE IF NOT EXISTS delivery (
	id UUID PRIMARY KEY,
	event_id TEXT NOT NULL,
	recipient TEXT NOT NULL,
	template TEXT NOT NULL,
	subject TEXT NOT NULL,
	letter JSONB NOT NULL,
	state TEXT NOT NULL CONSTRAINT delivery_state CHECK (state IN ('queued', 'sent', 'failed')),
	attempts INT4 NOT NULL,
	last_error TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	sent_at TIMESTAMPTZ NULL,
	due_at TIMESTAMPTZ NOT NULL,
	CONSTRAINT delivery_event UNIQUE (event_id)
);

CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due_at) WHERE state = 'queued';

CREATE INDEX IF NOT EXISTS delivery_created ON delivery (created_at, id);

CREATE INDEX IF NOT EXISTS delivery_recipient ON delivery (lower(recipient), created_at, id);
