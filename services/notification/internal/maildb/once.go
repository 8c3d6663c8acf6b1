package maildb

import (
	"context"

	"github.com/souk-commerce/souk/kit/crdb"
)

// Once implements mail.Memory.
func (s *Store) Once(ctx context.Context, do func() error) error {
	done := false
	_, err := crdb.Once(ctx, s.db, func(context.Context, crdb.Tx) (bool, error) {
		if !done { // the transaction may run again
			if err := do(); err != nil {
				return false, err
			}
			done = true
		}
		return true, nil
	})
	return err
}
