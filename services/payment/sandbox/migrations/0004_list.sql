CREATE INDEX IF NOT EXISTS sandbox_payment_created ON sandbox_payment (created_at, id);
