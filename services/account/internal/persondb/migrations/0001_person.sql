CREATE TABLE IF NOT EXISTS account (
	id UUID PRIMARY KEY,
	email TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT NOT NULL CONSTRAINT account_role CHECK (role IN ('shopper', 'admin')),
	password TEXT NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	CONSTRAINT account_email UNIQUE (email)
);

CREATE TABLE IF NOT EXISTS session (
	id UUID PRIMARY KEY,
	subject UUID NOT NULL,
	role TEXT NOT NULL,
	guest TEXT NOT NULL,
	current BYTEA NOT NULL,
	previous BYTEA NOT NULL,
	rotated_at TIMESTAMPTZ NOT NULL,
	expires_at TIMESTAMPTZ NOT NULL,
	ended BOOL NOT NULL
);

CREATE INDEX IF NOT EXISTS session_subject ON session (subject);

CREATE INDEX IF NOT EXISTS session_expires ON session (expires_at);

CREATE TABLE IF NOT EXISTS address (
	id UUID PRIMARY KEY,
	account UUID NOT NULL,
	body JSONB NOT NULL,
	is_default BOOL NOT NULL,
	created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS address_account ON address (account, created_at);
