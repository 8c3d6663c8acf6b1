package paydb

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
)

const (
	findCustomer = `SELECT reference FROM customer WHERE provider = $1 AND customer = $2`
	keepCustomer = `INSERT INTO customer (provider, customer, reference) VALUES ($1, $2, $3) ON CONFLICT (provider, customer) DO NOTHING`
)

// Customer implements pay.Customers.
func (s *Store) Customer(ctx context.Context, provider, customer string) (reference string, err error) {
	err = s.db.QueryRow(ctx, findCustomer, provider, customer).Scan(&reference)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return reference, err
}

// KeepCustomer implements pay.Customers.
func (s *Store) KeepCustomer(ctx context.Context, provider, customer, reference string) (kept string, err error) {
	err = crdb.InTx(ctx, s.db, func(ctx context.Context, tx crdb.Tx) error {
		if _, err := tx.Exec(ctx, keepCustomer, provider, customer, reference); err != nil {
			return err
		}
		return tx.QueryRow(ctx, findCustomer, provider, customer).Scan(&kept)
	})
	return kept, err
}
