package notification

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

// worker sends what is due. Many may work on one database.
type worker struct {
	desk *mail.Desk
	wake chan struct{}
	log  *slog.Logger
}

const (
	// together is how many mails are sent at a time.
	together = 4
	// lookEvery is how often we look for letters whose wait is over; new ones wake us.
	lookEvery = time.Second
	// deliverTime bounds a try together with keeping how it ended.
	deliverTime = 40 * time.Second
)

func newWorker(desk *mail.Desk, db *crdb.DB, log *slog.Logger) *worker {
	w := &worker{desk: desk, wake: make(chan struct{}, 1), log: log}
	db.OnCommit(func() {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	})
	return w
}

func (w *worker) run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	healthy := true
	for {
		n, err := w.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if (err == nil) != healthy { // once, not every second
			healthy = err == nil
			w.log.WarnContext(ctx, "mails wait for the database", "over", healthy, "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		wake := w.wake
		if err != nil {
			wake = nil // commits do not repair it
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-ticker.C:
		}
	}
}

// round sends some mails, and finishes them even if ctx ends.
func (w *worker) round(ctx context.Context) (int, error) {
	claimed, err := w.desk.Claim(ctx, together)
	if err != nil {
		return 0, err
	}
	var sending sync.WaitGroup
	for _, d := range claimed {
		sending.Go(func() { w.deliver(context.WithoutCancel(ctx), d) })
	}
	sending.Wait()
	return len(claimed), nil
}

func (w *worker) deliver(ctx context.Context, d mail.Delivery) {
	ctx, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	d, err := w.desk.Deliver(ctx, d)
	switch {
	case err != nil:
		w.log.ErrorContext(ctx, "end of a delivery not kept; it is sent again", "error", err)
	case d.State == mail.Failed:
		w.log.ErrorContext(ctx, "mail given up", "id", d.ID, "template", d.Template, "attempts", d.Attempts, "error", d.LastError)
	case d.State == mail.Queued:
		w.log.WarnContext(ctx, "mail not sent; it is tried again", "id", d.ID, "template", d.Template, "attempts", d.Attempts, "due", d.Due, "error", d.LastError)
	}
}
