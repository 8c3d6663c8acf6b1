-- A refund that does not get through is tried less and less often, and lets others pass.
ALTER TABLE refund ADD COLUMN IF NOT EXISTS due_at TIMESTAMPTZ NOT NULL DEFAULT now();

ALTER TABLE refund ADD COLUMN IF NOT EXISTS tries INT8 NOT NULL DEFAULT 0;

CREATE INDEX IF NOT EXISTS refund_due_at ON refund (due_at) WHERE NOT done;

DROP INDEX IF EXISTS refund_due;
