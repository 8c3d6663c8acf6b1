-- What the catalog told last of each product. Versions win.
CREATE TABLE IF NOT EXISTS document (
	id TEXT PRIMARY KEY,
	version INT8 NOT NULL,
	body JSONB NOT NULL,
	changed_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS document_changed ON document (changed_at);

-- What inventory told last of each SKU.
CREATE TABLE IF NOT EXISTS stock (
	sku TEXT PRIMARY KEY,
	version INT8 NOT NULL,
	in_stock BOOL NOT NULL,
	changed_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS stock_changed ON stock (changed_at);
