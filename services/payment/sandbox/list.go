package sandbox

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Listed is a payment in the list of a time.
type Listed struct {
	Payment
	Created time.Time `json:"created"`
}

// List is a page of the payments that were made from created_from until before
// created_to, oldest first; the next page is after the last one's time and id.
type List struct {
	Payments []Listed `json:"payments"`
	More     bool     `json:"more"`
}

const listPayments = `SELECT id, reference, status, currency, amount, captured, refunded, card, decline_code, created_at FROM sandbox_payment
	WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) > ($3, $4) ORDER BY created_at, id LIMIT $5`

func (b books) list(ctx context.Context, from, to, after time.Time, id string, most int) ([]Listed, error) {
	rows, err := b.db.Query(ctx, listPayments, from, to, after, id, most)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Listed, err error) {
		err = row.Scan(&l.ID, &l.Reference, &l.Status, &l.Currency, &l.Amount, &l.Captured, &l.Refunded, &l.Card, &l.DeclineCode, &l.Created)
		l.Created = l.Created.UTC()
		return l, err
	})
}

const (
	usualPage = 100
	mostPage  = 500
)

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var times [3]time.Time
	for n, name := range []string{"created_from", "created_to", "after"} {
		if q.Get(name) == "" && name == "after" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, q.Get(name))
		if err != nil {
			fail(w, http.StatusBadRequest, "invalid_request", name+" has to be a time.")
			return
		}
		times[n] = at
	}
	most, err := strconv.Atoi(q.Get("limit"))
	if err != nil || most < 1 || most > mostPage {
		most = usualPage
	}
	all, err := s.books.list(r.Context(), times[0], times[1], times[2], q.Get("after_id"), most+1)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	answer := List{Payments: all}
	if answer.More = len(all) > most; answer.More {
		answer.Payments = all[:most]
	}
	writeJSON(w, http.StatusOK, answer)
}
