CREATE TABLE IF NOT EXISTS checkout (
	id UUID PRIMARY KEY,
	owner TEXT NOT NULL,
	step TEXT NOT NULL CONSTRAINT checkout_step CHECK (step IN ('price', 'reserve', 'authorize', 'action', 'place', 'capture', 'commit', 'undo', 'ended')),
	hash BYTEA NOT NULL,
	body JSONB NOT NULL,
	holder TEXT NOT NULL,
	lease_until TIMESTAMPTZ NOT NULL,
	due_at TIMESTAMPTZ NOT NULL,
	created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS checkout_due ON checkout (due_at) WHERE step <> 'ended';

CREATE TABLE IF NOT EXISTS sale_order (
	id UUID PRIMARY KEY,
	number TEXT NOT NULL,
	owner TEXT NOT NULL,
	checkout UUID NOT NULL,
	status TEXT NOT NULL CONSTRAINT sale_order_status CHECK (status IN ('placed', 'processing', 'shipped', 'delivered', 'cancelled')),
	email TEXT NOT NULL,
	body JSONB NOT NULL,
	version INT8 NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	CONSTRAINT sale_order_number UNIQUE (number),
	CONSTRAINT sale_order_checkout UNIQUE (checkout)
);

CREATE INDEX IF NOT EXISTS sale_order_owner ON sale_order (owner, created_at, id);

CREATE INDEX IF NOT EXISTS sale_order_created ON sale_order (created_at, id);

CREATE INDEX IF NOT EXISTS sale_order_by_status ON sale_order (status, created_at, id);

CREATE INDEX IF NOT EXISTS sale_order_email ON sale_order (email, created_at, id);
