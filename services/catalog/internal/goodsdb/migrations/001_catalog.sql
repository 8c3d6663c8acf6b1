-- What people describe goods with.
CREATE TABLE IF NOT EXISTS brands (
	id UUID NOT NULL,
	slug TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	CONSTRAINT brands_pkey PRIMARY KEY (id),
	CONSTRAINT brands_slug_key UNIQUE (slug),
	CONSTRAINT brands_name_key UNIQUE (name_key)
);

-- A root category has the nil UUID as its parent, so that names are unique there, too.
CREATE TABLE IF NOT EXISTS categories (
	id UUID NOT NULL,
	slug TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	description TEXT NOT NULL,
	parent_id UUID NOT NULL,
	position INT4 NOT NULL,
	image JSONB NULL,
	CONSTRAINT categories_pkey PRIMARY KEY (id),
	CONSTRAINT categories_slug_key UNIQUE (slug),
	CONSTRAINT categories_place_key UNIQUE (parent_id, name_key)
);

CREATE TABLE IF NOT EXISTS collections (
	id UUID NOT NULL,
	slug TEXT NOT NULL,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	position INT4 NOT NULL,
	image JSONB NULL,
	CONSTRAINT collections_pkey PRIMARY KEY (id),
	CONSTRAINT collections_slug_key UNIQUE (slug)
);

-- A product is read from its document. What stands beside it is there to find it:
-- columns and the tables below are written with the document, in one transaction.
CREATE TABLE IF NOT EXISTS products (
	id UUID NOT NULL,
	slug TEXT NOT NULL,
	external_id TEXT NOT NULL,
	status TEXT NOT NULL,
	title_key TEXT NOT NULL,
	brand_id UUID NULL,
	version INT8 NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL,
	document JSONB NOT NULL,
	CONSTRAINT products_pkey PRIMARY KEY (id),
	CONSTRAINT products_slug_key UNIQUE (slug),
	CONSTRAINT products_brand_fkey FOREIGN KEY (brand_id) REFERENCES brands (id),
	CONSTRAINT products_status_check CHECK (status IN ('draft', 'published', 'archived'))
);

CREATE UNIQUE INDEX IF NOT EXISTS products_external_key ON products (external_id) WHERE external_id <> '';

CREATE INDEX IF NOT EXISTS products_newest_idx ON products (status, created_at, id);

CREATE INDEX IF NOT EXISTS products_title_idx ON products (status, title_key, id);

CREATE INDEX IF NOT EXISTS products_changed_idx ON products (updated_at, id);

CREATE INDEX IF NOT EXISTS products_brand_idx ON products (brand_id, status);

CREATE TABLE IF NOT EXISTS variants (
	sku TEXT NOT NULL,
	id UUID NOT NULL,
	product_id UUID NOT NULL,
	CONSTRAINT variants_pkey PRIMARY KEY (sku),
	CONSTRAINT variants_product_fkey FOREIGN KEY (product_id) REFERENCES products (id)
);

CREATE INDEX IF NOT EXISTS variants_product_idx ON variants (product_id);

-- Every price, for ranges.
CREATE TABLE IF NOT EXISTS prices (
	product_id UUID NOT NULL,
	currency TEXT NOT NULL,
	sku TEXT NOT NULL,
	minor_units INT8 NOT NULL,
	CONSTRAINT prices_pkey PRIMARY KEY (product_id, currency, sku),
	CONSTRAINT prices_product_fkey FOREIGN KEY (product_id) REFERENCES products (id)
);

-- The lowest price of each product, for sorting.
CREATE TABLE IF NOT EXISTS lowest_prices (
	product_id UUID NOT NULL,
	currency TEXT NOT NULL,
	minor_units INT8 NOT NULL,
	CONSTRAINT lowest_prices_pkey PRIMARY KEY (product_id, currency),
	CONSTRAINT lowest_prices_product_fkey FOREIGN KEY (product_id) REFERENCES products (id)
);

CREATE INDEX IF NOT EXISTS lowest_prices_sort_idx ON lowest_prices (currency, minor_units, product_id);

CREATE TABLE IF NOT EXISTS product_categories (
	product_id UUID NOT NULL,
	category_id UUID NOT NULL,
	CONSTRAINT product_categories_pkey PRIMARY KEY (product_id, category_id),
	CONSTRAINT product_categories_product_fkey FOREIGN KEY (product_id) REFERENCES products (id),
	CONSTRAINT product_categories_category_fkey FOREIGN KEY (category_id) REFERENCES categories (id)
);

CREATE INDEX IF NOT EXISTS product_categories_category_idx ON product_categories (category_id, product_id);

CREATE TABLE IF NOT EXISTS product_collections (
	product_id UUID NOT NULL,
	collection_id UUID NOT NULL,
	CONSTRAINT product_collections_pkey PRIMARY KEY (product_id, collection_id),
	CONSTRAINT product_collections_product_fkey FOREIGN KEY (product_id) REFERENCES products (id),
	CONSTRAINT product_collections_collection_fkey FOREIGN KEY (collection_id) REFERENCES collections (id)
);

CREATE INDEX IF NOT EXISTS product_collections_collection_idx ON product_collections (collection_id, product_id);

-- Attributes and choices, folded, for filters.
CREATE TABLE IF NOT EXISTS product_facts (
	product_id UUID NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	CONSTRAINT product_facts_pkey PRIMARY KEY (product_id, name, value),
	CONSTRAINT product_facts_product_fkey FOREIGN KEY (product_id) REFERENCES products (id)
);

CREATE INDEX IF NOT EXISTS product_facts_value_idx ON product_facts (name, value, product_id);
