package sandbox

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
)

// MethodsPath is where the cards are that customers have kept.
const MethodsPath = "/sandbox/v1/methods"

// SavedMethod is a card that a customer has kept.
type SavedMethod struct {
	Token string `json:"token"`
	Card  string `json:"card"`
	Month int    `json:"exp_month"`
	Year  int    `json:"exp_year"`
}

const (
	keepMethod  = `INSERT INTO sandbox_method (customer, token, created_at) VALUES ($1, $2, $3) ON CONFLICT (token) DO NOTHING`
	ownerOf     = `SELECT customer FROM sandbox_method WHERE token = $1`
	methodsOf   = `SELECT t.id, t.card, t.exp_month, t.exp_year FROM sandbox_method AS m JOIN card_token AS t ON t.id = m.token WHERE m.customer = $1 ORDER BY m.created_at, t.id`
	dropMethod  = `DELETE FROM sandbox_method WHERE customer = $1 AND token = $2`
	forgetToken = `DELETE FROM card_token WHERE id = $1`
)

// owned tells whether a customer may pay with a token: one that was kept is for
// whom it was kept.
func (b books) owned(ctx context.Context, tx crdb.Tx, token, customer string) error {
	var owner string
	err := tx.QueryRow(ctx, ownerOf, token).Scan(&owner)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && owner == customer:
		return nil
	case err != nil:
		return err
	}
	return errNone
}

func (b books) saved(ctx context.Context, customer string) ([]SavedMethod, error) {
	rows, err := b.db.Query(ctx, methodsOf, customer)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[SavedMethod])
}

func (b books) forget(ctx context.Context, customer, token string) error {
	return crdb.InTx(ctx, b.db, func(ctx context.Context, tx crdb.Tx) error {
		done, err := tx.Exec(ctx, dropMethod, customer, token)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, forgetToken, token)
		return err
	})
}

func (b books) keep(ctx context.Context, tx crdb.Tx, customer, token string, now time.Time) error {
	_, err := tx.Exec(ctx, keepMethod, customer, token, now)
	return err
}

func (s *Server) methods(w http.ResponseWriter, r *http.Request) {
	all, err := s.books.saved(r.Context(), r.URL.Query().Get("customer"))
	if err != nil {
		s.broken(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, map[string][]SavedMethod{"methods": all})
}

func (s *Server) forget(w http.ResponseWriter, r *http.Request) {
	if err := s.books.forget(r.Context(), r.URL.Query().Get("customer"), r.PathValue("token")); err != nil {
		s.broken(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}
