CREATE TABLE IF NOT EXISTS payment (
	id TEXT PRIMARY KEY,
	state TEXT NOT NULL CONSTRAINT payment_state CHECK (state IN ('pending', 'action', 'authorized', 'captured', 'voided', 'declined', 'refunded')),
	currency TEXT NOT NULL,
	amount INT8 NOT NULL,
	captured INT8 NOT NULL CONSTRAINT payment_captured CHECK (captured >= 0 AND captured <= amount),
	refunded INT8 NOT NULL CONSTRAINT payment_refunded CHECK (refunded >= 0 AND refunded <= captured),
	provider TEXT NOT NULL,
	reference TEXT NOT NULL,
	method TEXT NOT NULL,
	return_url TEXT NOT NULL,
	action_url TEXT NOT NULL,
	decline TEXT NOT NULL,
	summary TEXT NOT NULL,
	settled BOOL NOT NULL,
	check_at TIMESTAMPTZ NOT NULL,
	tries INT8 NOT NULL,
	created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS payment_due ON payment (check_at) WHERE NOT settled;

CREATE TABLE IF NOT EXISTS refund (
	payment TEXT NOT NULL,
	id TEXT NOT NULL,
	amount INT8 NOT NULL CONSTRAINT refund_amount CHECK (amount > 0),
	done BOOL NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (payment, id)
);

CREATE INDEX IF NOT EXISTS refund_due ON refund (created_at) WHERE NOT done;
