CREATE TABLE IF NOT EXISTS location (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	country TEXT NOT NULL CONSTRAINT location_country CHECK (country = '' OR length(country) = 2),
	priority INT4 NOT NULL CONSTRAINT location_priority CHECK (priority >= 0),
	active BOOL NOT NULL,
	-- How often it was opened or closed, and how often availability has followed.
	changes INT8 NOT NULL,
	settled INT8 NOT NULL
);

INSERT INTO location (id, name, country, priority, active, changes, settled) VALUES ('main', 'main', '', 0, true, 0, 0) ON CONFLICT (id) DO NOTHING;

INSERT INTO location (id, name, country, priority, active, changes, settled) SELECT DISTINCT l.location, l.location, '', 0, true, 0, 0 FROM level AS l ON CONFLICT (id) DO NOTHING;

CREATE INDEX IF NOT EXISTS level_location ON level (location, sku);
