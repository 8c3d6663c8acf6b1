package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	dueWebhooks  = `SELECT id::TEXT, body, tries FROM webhook WHERE due_at <= $1 ORDER BY due_at LIMIT 20`
	dropWebhook  = `DELETE FROM webhook WHERE id = $1`
	delayWebhook = `UPDATE webhook SET tries = tries + 1, due_at = $2 WHERE id = $1`
)

const (
	mostTries = 12
	firstWait = 2 * time.Second
	lookEvery = 250 * time.Millisecond
)

// Run sends webhooks until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	defer s.books.shared.Wait() // by now nobody calls
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if err := s.sendDue(ctx); err != nil && ctx.Err() == nil {
			s.log.DebugContext(ctx, "sandbox webhooks not sent; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

type message struct {
	ID, Body string
	Tries    int
}

func (s *Server) sendDue(ctx context.Context) error {
	rows, err := s.books.db.Query(ctx, dueWebhooks, s.clock.Now())
	if err != nil {
		return err
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[message])
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range due {
		sent := s.send(ctx, m)
		if errs = append(errs, sent); sent == nil || m.Tries >= mostTries {
			_, err = s.books.db.Exec(ctx, dropWebhook, m.ID)
		} else {
			_, err = s.books.db.Exec(ctx, delayWebhook, m.ID, s.clock.Now().Add(firstWait<<m.Tries))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (s *Server) send(ctx context.Context, m message) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.WebhookURL, strings.NewReader(m.Body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(SignatureHeader, Sign(s.cfg.WebhookSecret.Reveal(), []byte(m.Body), s.clock.Now()))
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the shop answered %s", resp.Status)
	}
	return nil
}
