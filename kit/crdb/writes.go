package crdb

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Writes is a transaction whose statements wait, and then go to the database in one
// go: many writes cost one round trip. It is for those of which nobody asks how many
// rows they touched. What it reads, it reads before them.
type Writes struct {
	Tx
	waiting pgx.Batch
}

// Exec has a statement wait for Send. It tells nothing.
func (w *Writes) Exec(_ context.Context, statement string, args ...any) (pgconn.CommandTag, error) {
	w.waiting.Queue(statement, args...)
	return pgconn.CommandTag{}, nil
}

// Send runs all statements in their order, and returns the first error.
func (w *Writes) Send(ctx context.Context) error {
	if w.waiting.Len() == 0 {
		return nil
	}
	all := w.waiting
	w.waiting = pgx.Batch{}
	return w.Tx.SendBatch(ctx, &all).Close()
}
