package finddb

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/services/search/internal/find"
)

const (
	changedDocuments = `SELECT id, version, changed_at FROM document WHERE changed_at >= $1`
	theseDocuments   = `SELECT version, body, changed_at FROM document WHERE id = ANY($1)`
	changedStock     = `SELECT sku, version, in_stock, changed_at FROM stock WHERE changed_at >= $1`
)

// Changes is what was remembered since a time.
type Changes struct {
	Documents []find.Document
	Stock     []find.StockChange
	// The time of the last of them; zero when there is none.
	Last time.Time
}

func (c *Changes) see(at time.Time) {
	if at.After(c.Last) {
		c.Last = at
	}
}

// Since returns what was remembered at or after a time. Of documents only those
// are read that are news to the caller.
func (s *Store) Since(ctx context.Context, from time.Time, news func(id string, version int64, told time.Time) bool) (Changes, error) {
	var c Changes
	var ids []string
	rows, err := s.db.Query(ctx, changedDocuments, from)
	if err != nil {
		return c, err
	}
	var id string
	var version int64
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &version, &at}, func() error {
		if news(id, version, at) {
			ids = append(ids, id)
		}
		c.see(at)
		return nil
	})
	if err != nil {
		return c, err
	}
	if c.Documents, err = s.documents(ctx, ids); err != nil {
		return c, err
	}
	if rows, err = s.db.Query(ctx, changedStock, from); err != nil {
		return c, err
	}
	var st find.StockChange
	_, err = pgx.ForEachRow(rows, []any{&st.SKU, &st.Version, &st.InStock, &st.Told}, func() error {
		c.Stock = append(c.Stock, st)
		c.see(st.Told)
		return nil
	})
	return c, err
}

func (s *Store) documents(ctx context.Context, ids []string) (all []find.Document, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := s.db.Query(ctx, theseDocuments, ids)
	if err != nil {
		return nil, err
	}
	var version int64
	var body []byte
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&version, &body, &at}, func() error {
		var d find.Document
		if err := json.Unmarshal(body, &d); err != nil {
			return fmt.Errorf("document: %w", err)
		}
		d.Version, d.Told = version, at
		all = append(all, d)
		return nil
	})
	return all, err
}
