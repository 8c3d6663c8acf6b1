package mailsmtp_test

import (
	"context"
	"errors"
	"io"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/souk-commerce/souk/services/notification/internal/mail"
	"github.com/souk-commerce/souk/services/notification/internal/mailsmtp"
)

// server is a mail server with an opinion.
type server struct {
	mailbox string
	rcpt    error
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return s, nil }
func (s *server) Reset()                                      {}
func (s *server) Logout() error                               { return nil }
func (s *server) Mail(string, *smtp.MailOptions) error        { return nil }
func (s *server) Rcpt(string, *smtp.RcptOptions) error        { return s.rcpt }
func (s *server) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	s.mailbox = string(raw)
	return err
}

func serve(t *testing.T, s *server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(s)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		srv.Serve(l) //nolint:errcheck // it is closed
	}()
	t.Cleanup(func() {
		srv.Close()
		l.Close()
		<-ended
	})
	return l.Addr().String()
}

func send(t *testing.T, cfg mailsmtp.Config, m mail.Mail) error {
	t.Helper()
	cfg.From = "Souk <orders@shop.example>"
	s, err := mailsmtp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return s.Send(ctx, m)
}

var one = mail.Mail{
	ID: "5d2f", Date: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), To: "ada@example.com",
	Message: mail.Message{Subject: "Grüße", Text: "text", HTML: "<p>html</p>"},
}

func TestAMailHasItsHead(t *testing.T) {
	s := &server{}
	hostile := one
	hostile.Message.Subject = "Hi\r\nBcc: eve@example.com\r\n\r\nbody"
	for _, c := range []struct {
		name, subject string
		mail          mail.Mail
	}{
		{"a mail", "=?UTF-8?q?Gr=C3=BC=C3=9Fe?=", one},
		{"a hostile subject", "Hi Bcc: eve@example.com body", hostile},
	} {
		if err := send(t, mailsmtp.Config{Address: serve(t, s)}, c.mail); err != nil {
			t.Fatal(err)
		}
		got, err := netmail.ReadMessage(strings.NewReader(s.mailbox))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"Message-ID": "<5d2f@shop.example>", "Date": "Mon, 04 May 2026 12:00:00 +0000", "From": `"Souk" <orders@shop.example>`,
			"To": "<ada@example.com>", "Subject": c.subject, "Bcc": "", "Auto-Submitted": "auto-generated",
		} {
			if got := got.Header.Get(name); got != want {
				t.Errorf("%s has %s %q; want %q", c.name, name, got, want)
			}
		}
		if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative") {
			t.Errorf("%s is %s; want multipart/alternative", c.name, kind)
		}
	}
}

func TestWhatIsForGood(t *testing.T) {
	answer := func(code int) error { return &smtp.SMTPError{Code: code, Message: "no"} }
	for _, c := range []struct {
		name    string
		rcpt    error
		cfg     mailsmtp.Config
		mail    mail.Mail
		forGood bool
	}{
		{name: "a mailbox that is not there", rcpt: answer(550), mail: one, forGood: true},
		{name: "a full mailbox", rcpt: answer(452), mail: one},
		{name: "a server without TLS where we want it", cfg: mailsmtp.Config{TLS: mailsmtp.StartTLS}, mail: one},
		{name: "a server that nobody can sign in at", cfg: mailsmtp.Config{Username: "souk", Password: "secret"}, mail: one},
		{name: "what is no address", mail: mail.Mail{To: "ada"}, forGood: true},
	} {
		c.cfg.Address = serve(t, &server{rcpt: c.rcpt})
		err := send(t, c.cfg, c.mail)
		if err == nil || errors.Is(err, mail.ErrRefused) != c.forGood {
			t.Errorf("%s: %v; want it for good: %v", c.name, err, c.forGood)
		}
		if err != nil && (strings.Contains(err.Error(), "ada@") || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: the error tells too much: %v", c.name, err)
		}
	}
}

func TestSettingsAreCheckedAtTheStart(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  mailsmtp.Config
	}{
		{"an address without port", mailsmtp.Config{Address: "mail.example", From: "a@b.example"}},
		{"a port that is none", mailsmtp.Config{Address: "mail.example:smtp", From: "a@b.example"}},
		{"a sender that is none", mailsmtp.Config{Address: "mail.example:25", From: "Souk"}},
		{"another TLS policy", mailsmtp.Config{Address: "mail.example:25", From: "a@b.example", TLS: "maybe"}},
	} {
		if _, err := mailsmtp.New(c.cfg); err == nil {
			t.Errorf("New takes %s", c.name)
		}
	}
}
