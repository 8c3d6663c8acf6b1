package check

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
)

// rows reads what a statement finds in a service's database into structs, by the
// order of their fields.
func rows[T any](ctx context.Context, l *look, service, sql string, args ...any) (all []T, err error) {
	// In a transaction of its own: tables are read as of one moment each.
	err = crdb.InTx(ctx, l.Databases[service], func(ctx context.Context, tx crdb.Tx) error {
		found, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(found, pgx.RowToStructByPos[T])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the books of %s: %w", service, err)
	}
	return all, nil
}

func by[T any](all []T, key func(T) string) map[string]T {
	m := make(map[string]T, len(all))
	for _, t := range all {
		m[key(t)] = t
	}
	return m
}
