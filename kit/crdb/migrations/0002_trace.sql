-- The traceparent of the request in which it happened, or nothing.
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS trace TEXT NOT NULL DEFAULT '';
