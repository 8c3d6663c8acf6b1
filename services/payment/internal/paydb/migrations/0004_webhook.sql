-- Messages of providers that were dealt with: the same again changes nothing.
CREATE TABLE IF NOT EXISTS webhook_event (
	provider TEXT NOT NULL,
	id TEXT NOT NULL,
	heard_at TIMESTAMPTZ NOT NULL,
	PRIMARY KEY (provider, id)
);

CREATE INDEX IF NOT EXISTS webhook_event_heard ON webhook_event (heard_at);

-- By which id of its own a provider knows a customer of ours.
CREATE TABLE IF NOT EXISTS customer (
	provider TEXT NOT NULL,
	customer TEXT NOT NULL,
	reference TEXT NOT NULL,
	PRIMARY KEY (provider, customer)
);

CREATE INDEX IF NOT EXISTS payment_reference ON payment (provider, reference) WHERE reference <> '';
