package persondb

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/account/internal/person"
)

const (
	listAddresses  = `SELECT id::TEXT, body, is_default FROM address WHERE account = $1 ORDER BY is_default DESC, created_at, id`
	countAddresses = `SELECT count(*) FROM address WHERE account = $1`
	clearDefault   = `UPDATE address SET is_default = false WHERE account = $1 AND id <> $2 AND is_default`
	insertAddress  = `INSERT INTO address (id, account, body, is_default, created_at) VALUES ($1, $2, $3, $4, now())`
	updateAddress  = `UPDATE address SET body = $3, is_default = $4 WHERE account = $1 AND id = $2`
	deleteAddress  = `DELETE FROM address WHERE account = $1 AND id = $2`
)

// Addresses implements person.Book.
func (s *Store) Addresses(ctx context.Context, account string) ([]person.SavedAddress, error) {
	rows, err := s.db.Query(ctx, listAddresses, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []person.SavedAddress
	for rows.Next() {
		var a person.SavedAddress
		var body []byte
		if err := rows.Scan(&a.ID, &body, &a.Default); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(body, &a.Address); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// SaveAddress implements person.Book.
func (s *Store) SaveAddress(ctx context.Context, account string, a person.SavedAddress) (person.SavedAddress, error) {
	body, err := json.Marshal(a.Address)
	if err != nil {
		return a, err
	}
	return crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (person.SavedAddress, error) {
		return save(ctx, tx, account, a, body)
	})
}

func save(ctx context.Context, tx crdb.Tx, account string, a person.SavedAddress, body []byte) (person.SavedAddress, error) {
	var n int
	if err := tx.QueryRow(ctx, countAddresses, account).Scan(&n); err != nil {
		return a, err
	}
	isNew := a.ID == ""
	if isNew {
		if n >= person.MostAddresses {
			return a, person.ErrTooMany
		}
		a.ID, a.Default = uuid.NewString(), a.Default || n == 0
	} else if _, err := uuid.Parse(a.ID); err != nil {
		return a, person.ErrNoAddress
	}
	if a.Default {
		if _, err := tx.Exec(ctx, clearDefault, account, a.ID); err != nil {
			return a, err
		}
	}
	if isNew {
		_, err := tx.Exec(ctx, insertAddress, a.ID, account, body, a.Default)
		return a, err
	}
	changed, err := tx.Exec(ctx, updateAddress, account, a.ID, body, a.Default)
	if err == nil && changed.RowsAffected() == 0 {
		return a, person.ErrNoAddress
	}
	return a, err
}

// DeleteAddress implements person.Book.
func (s *Store) DeleteAddress(ctx context.Context, account, id string) error {
	if _, err := uuid.Parse(id); err != nil {
		return person.ErrNoAddress
	}
	_, err := crdb.Once(ctx, s.db, func(ctx context.Context, tx crdb.Tx) (struct{}, error) {
		gone, err := tx.Exec(ctx, deleteAddress, account, id)
		if err == nil && gone.RowsAffected() == 0 {
			err = person.ErrNoAddress
		}
		return struct{}{}, err
	})
	return err
}
