-- Who pays from where, and whether what they pay with is kept for them.
ALTER TABLE payment ADD COLUMN IF NOT EXISTS country TEXT NOT NULL DEFAULT '';

ALTER TABLE payment ADD COLUMN IF NOT EXISTS customer TEXT NOT NULL DEFAULT '';

ALTER TABLE payment ADD COLUMN IF NOT EXISTS save_method BOOL NOT NULL DEFAULT false;
