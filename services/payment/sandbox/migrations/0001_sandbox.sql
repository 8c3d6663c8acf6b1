CREATE TABLE IF NOT EXISTS card_token (
	id TEXT PRIMARY KEY,
	behaviour TEXT NOT NULL,
	card TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE IF NOT EXISTS sandbox_payment (
	id TEXT PRIMARY KEY,
	reference TEXT NOT NULL,
	status TEXT NOT NULL,
	currency TEXT NOT NULL,
	amount INT8 NOT NULL,
	captured INT8 NOT NULL,
	refunded INT8 NOT NULL,
	card TEXT NOT NULL,
	decline_code TEXT NOT NULL,
	return_url TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	CONSTRAINT sandbox_reference UNIQUE (reference),
	CONSTRAINT sandbox_captured CHECK (captured <= amount),
	CONSTRAINT sandbox_refunded CHECK (refunded <= captured)
);

CREATE TABLE IF NOT EXISTS sandbox_refund (
	payment TEXT NOT NULL,
	reference TEXT NOT NULL,
	amount INT8 NOT NULL,
	PRIMARY KEY (payment, reference)
);

CREATE TABLE IF NOT EXISTS webhook (
	id UUID PRIMARY KEY,
	body TEXT NOT NULL,
	tries INT8 NOT NULL,
	due_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS webhook_due ON webhook (due_at);
