ALTER TABLE sandbox_payment ADD COLUMN IF NOT EXISTS behaviour TEXT NOT NULL DEFAULT 'succeeds';
