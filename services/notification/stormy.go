package notification

import (
	"context"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

// stormy is a way to the mail server on which things can go wrong on purpose.
type stormy struct {
	mail.Sender
	storm *chaos.Storm
}

// Send implements mail.Sender.
func (s stormy) Send(ctx context.Context, m mail.Mail) error {
	if err := s.storm.Pass(ctx, "notification/mail", "before", chaos.Die, chaos.Lose, chaos.Delay); err != nil {
		return err
	}
	if err := s.Sender.Send(ctx, m); err != nil {
		return err
	}
	return s.storm.Pass(ctx, "notification/mail", "after", chaos.Die, chaos.Lose, chaos.Delay)
}
