package crdb

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

var retried, _ = otel.Meter("github.com/souk-commerce/souk/kit/crdb").Int64Counter("souk.db.retries",
	metric.WithDescription("Transactions and statements that had to be run again."))

// retry counts one more try.
func (db *DB) retry(ctx context.Context) {
	db.retries.Add(1)
	retried.Add(ctx, 1, metric.WithAttributes(attribute.String("database", db.Config().ConnConfig.Database)))
}
