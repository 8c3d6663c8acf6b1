package sandbox

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
)

//go:embed migrations
var migrations embed.FS

// Migrations returns the provider's SQL.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err)
	}
	return sub
}

// books is the provider's database.
type books struct {
	db     *crdb.DB
	shared *crdb.Shared
}

var (
	errNone    = errors.New("not found")
	errRefused = errors.New("not possible in this status")
	errLapsed  = errors.New("the bank does not stand by it any more")
)

const (
	insertToken = `INSERT INTO card_token (id, behaviour, card, created_at, exp_month, exp_year) VALUES ($1, $2, $3, $4, $5, $6)`
	findToken   = `SELECT behaviour, card FROM card_token WHERE id = $1`
)

func (b books) keepToken(ctx context.Context, c charge, now time.Time) (string, error) {
	id := "tok_" + uuid.NewString()
	_, err := b.db.Exec(ctx, insertToken, id, string(c.behaviour), c.card, now, c.month, c.year)
	return id, err
}

func (b books) token(ctx context.Context, tx crdb.Tx, id string) (c charge, err error) {
	err = tx.QueryRow(ctx, findToken, id).Scan(&c.behaviour, &c.card)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNone
	}
	return c, err
}

const (
	byReference   = `SELECT id, reference, status, currency, amount, captured, refunded, card, decline_code, return_url, behaviour FROM sandbox_payment WHERE reference = $1`
	byID          = `SELECT id, reference, status, currency, amount, captured, refunded, card, decline_code, return_url, behaviour FROM sandbox_payment WHERE id = $1 FOR UPDATE`
	insertPayment = `INSERT INTO sandbox_payment (id, reference, status, currency, amount, captured, refunded, card, decline_code, return_url, behaviour, created_at) VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $8, $9, $10)`
	writePayment  = `UPDATE sandbox_payment SET status = $2, captured = $3, refunded = $4, decline_code = $5 WHERE id = $1`
	insertWebhook = `INSERT INTO webhook (id, body, tries, due_at) VALUES ($1, $2, 0, $3)`
)

func scan(row pgx.Row) (p Payment, err error) {
	err = row.Scan(&p.ID, &p.Reference, &p.Status, &p.Currency, &p.Amount, &p.Captured, &p.Refunded, &p.Card, &p.DeclineCode, &p.returnURL, &p.behaviour)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNone
	}
	return p, err
}

// authorize makes a payment, or returns the one that has the reference.
func (b books) authorize(ctx context.Context, req PaymentRequest, now time.Time) (p Payment, behaviour Behaviour, err error) {
	err = b.shared.InTx(ctx, func(ctx context.Context, tx crdb.Tx) error {
		behaviour = succeeds
		if p, err = scan(tx.QueryRow(ctx, byReference, req.Reference)); !errors.Is(err, errNone) {
			return err
		}
		c, err := b.token(ctx, tx, req.Token)
		if err != nil {
			return err
		}
		if err := b.owned(ctx, tx, req.Token, req.Customer); err != nil {
			return err
		}
		behaviour = c.behaviour
		p = Payment{ID: "pay_" + uuid.NewString(), Reference: req.Reference, Currency: req.Currency, Amount: req.Amount, Card: c.card, returnURL: req.ReturnURL, behaviour: c.behaviour}
		switch c.behaviour {
		case succeeds, silent, uncapturable:
			p.Status = Authorized
		case action:
			p.Status = RequiresAction
		default:
			p.Status, p.DeclineCode = Declined, string(c.behaviour)
		}
		if _, err := tx.Exec(ctx, insertPayment, p.ID, p.Reference, p.Status, p.Currency, p.Amount, p.Card, p.DeclineCode, p.returnURL, p.behaviour, now); err != nil {
			return err
		}
		if req.Save && p.Status != Declined {
			if err := b.keep(ctx, tx, req.Customer, req.Token, now); err != nil {
				return err
			}
		}
		return tell(ctx, tx, p, now)
	})
	return p, behaviour, err
}

func tell(ctx context.Context, tx crdb.Tx, p Payment, now time.Time) error {
	id := uuid.New()
	body, err := json.Marshal(Event{ID: "evt_" + id.String(), Type: "payment." + p.Status, Payment: p})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertWebhook, id, string(body), now)
	return err
}

func (b books) find(ctx context.Context, reference string) (Payment, error) {
	return scan(b.db.QueryRow(ctx, byReference, reference))
}

// change stores what f leaves in the payment, and tells of it when it changed. f
// itself writes nothing: others share the transaction.
func (b books) change(ctx context.Context, id string, now time.Time, f func(ctx context.Context, tx crdb.Tx, p *Payment) error) (p Payment, err error) {
	err = b.shared.InTx(ctx, func(ctx context.Context, tx crdb.Tx) error {
		p, err = changeIn(ctx, tx, id, now, f)
		return err
	})
	return p, err
}

func changeIn(ctx context.Context, tx crdb.Tx, id string, now time.Time, f func(ctx context.Context, tx crdb.Tx, p *Payment) error) (Payment, error) {
	p, err := scan(tx.QueryRow(ctx, byID, id))
	if err != nil {
		return p, err
	}
	before := p
	if err := f(ctx, tx, &p); err != nil || p == before {
		return p, err
	}
	if _, err := tx.Exec(ctx, writePayment, p.ID, p.Status, p.Captured, p.Refunded, p.DeclineCode); err != nil {
		return p, err
	}
	return p, tell(ctx, tx, p, now)
}

func (b books) capture(ctx context.Context, id string, now time.Time) (Payment, error) {
	return b.change(ctx, id, now, func(_ context.Context, _ crdb.Tx, p *Payment) error {
		switch p.Status {
		case Captured, Refunded:
			return nil
		case Authorized:
			if p.behaviour == uncapturable {
				return errLapsed
			}
			p.Status, p.Captured = Captured, p.Amount
			return nil
		}
		return errRefused
	})
}

func (b books) void(ctx context.Context, id string, now time.Time) (Payment, error) {
	return b.change(ctx, id, now, func(_ context.Context, _ crdb.Tx, p *Payment) error {
		switch p.Status {
		case Voided, Declined:
			return nil
		case Authorized, RequiresAction:
			p.Status = Voided
			return nil
		}
		return errRefused
	})
}

// confirm ends the shopper's action.
func (b books) confirm(ctx context.Context, id string, yes bool, now time.Time) (Payment, error) {
	return b.change(ctx, id, now, func(_ context.Context, _ crdb.Tx, p *Payment) error {
		if p.Status != RequiresAction {
			return nil
		}
		p.Status = Authorized
		if !yes {
			p.Status, p.DeclineCode = Declined, "authentication_failed"
		}
		return nil
	})
}

const (
	insertRefund = `INSERT INTO sandbox_refund (payment, reference, amount) VALUES ($1, $2, $3) ON CONFLICT (payment, reference) DO NOTHING`
)

func (b books) refund(ctx context.Context, id string, req RefundRequest, now time.Time) (p Payment, err error) {
	err = crdb.InTx(ctx, b.db, func(ctx context.Context, tx crdb.Tx) error {
		p, err = changeIn(ctx, tx, id, now, func(ctx context.Context, tx crdb.Tx, p *Payment) error { return refundIn(ctx, tx, req, p) })
		return err
	})
	return p, err
}

func refundIn(ctx context.Context, tx crdb.Tx, req RefundRequest, p *Payment) error {
	made, err := tx.Exec(ctx, insertRefund, p.ID, req.Reference, req.Amount)
	if err != nil || made.RowsAffected() == 0 {
		return err
	}
	if req.Amount <= 0 || p.Refunded+req.Amount > p.Captured {
		return errRefused
	}
	p.Refunded += req.Amount
	if p.Refunded == p.Amount {
		p.Status = Refunded
	}
	return nil
}
