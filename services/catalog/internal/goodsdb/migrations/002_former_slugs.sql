-- The slugs that products had before: links to them are still followed.
CREATE TABLE IF NOT EXISTS former_slugs (
	slug TEXT NOT NULL,
	product_id UUID NOT NULL,
	CONSTRAINT former_slugs_pkey PRIMARY KEY (slug),
	CONSTRAINT former_slugs_product_fkey FOREIGN KEY (product_id) REFERENCES products (id)
);
