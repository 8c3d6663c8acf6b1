package mailcatcher

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"
)

// ServeSMTP takes mails on a listener until ctx ends, and closes it.
func (c *Catcher) ServeSMTP(ctx context.Context, l net.Listener) error {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{catcher: c}, nil }))
	s.Domain, s.MaxMessageBytes, s.MaxRecipients = "mailcatcher", mostBytes, 50
	s.ReadTimeout, s.WriteTimeout = 30*time.Second, 30*time.Second
	s.ErrorLog = slog.NewLogLogger(c.log.Handler(), slog.LevelWarn)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	err := s.Close()
	l.Close() // where Serve had not begun, Close knows no listener
	<-served
	return err
}

// session is one conversation.
type session struct {
	catcher  *Catcher
	envelope Envelope
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.envelope.From = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.envelope.To = append(s.envelope.To, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.envelope.Time = time.Now().UTC()
	return s.catcher.keepMail(s.envelope, raw)
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.envelope = Envelope{} }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }
