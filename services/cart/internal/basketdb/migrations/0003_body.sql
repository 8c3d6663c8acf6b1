-- What is in a cart, in CBOR: of a large cart, JSON is slow to read and to write.
-- Rows without it were written before, and have it in lines.
ALTER TABLE cart ADD COLUMN IF NOT EXISTS body BYTEA;
