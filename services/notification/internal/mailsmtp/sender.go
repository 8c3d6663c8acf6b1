// Package mailsmtp hands mails to a mail server.
package mailsmtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/souk-commerce/souk/services/notification/internal/mail"
)

// TLS is how the way to the mail server is protected.
type TLS string

// The policies.
const (
	// Auto is StartTLS, but None on the loopback interface.
	Auto TLS = "auto"
	// None sends in the clear, for a server on a private network.
	None TLS = "none"
	// StartTLS refuses servers that do not offer it.
	StartTLS TLS = "starttls"
	// Implicit speaks TLS from the first byte (port 465).
	Implicit TLS = "tls"
)

// Config is how to reach the mail server.
type Config struct {
	Address  string // host:port
	Username string
	Password string
	TLS      TLS
	// "Souk <orders@example.com>"
	From string
}

// Sender implements mail.Sender.
type Sender struct {
	host    string
	options []gomail.Option
	from    *netmail.Address
	domain  string
}

// New returns a sender; nothing is dialled before the first mail.
func New(cfg Config) (*Sender, error) {
	host, port, err := net.SplitHostPort(cfg.Address)
	if err != nil {
		return nil, fmt.Errorf("mail server's address: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("mail server's port %q is not a number", port)
	}
	from, err := netmail.ParseAddress(cfg.From)
	if err != nil {
		return nil, fmt.Errorf("sender of mails: %w", err)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	options := []gomail.Option{gomail.WithPort(number), gomail.WithoutNoop()}
	protection, err := cfg.TLS.option(host)
	if err != nil {
		return nil, err
	}
	options = append(options, protection)
	if cfg.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(cfg.Username), gomail.WithPassword(cfg.Password))
	}
	if _, err := gomail.NewClient(host, options...); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return &Sender{host, options, from, domain}, nil
}

func (t TLS) option(host string) (gomail.Option, error) {
	switch t {
	case Auto, "":
		if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
			return gomail.WithTLSPolicy(gomail.NoTLS), nil
		}
		return gomail.WithTLSPolicy(gomail.TLSMandatory), nil
	case None:
		return gomail.WithTLSPolicy(gomail.NoTLS), nil
	case StartTLS:
		return gomail.WithTLSPolicy(gomail.TLSMandatory), nil
	case Implicit:
		return gomail.WithSSL(), nil
	}
	return nil, fmt.Errorf("TLS policy %q: want auto, none, starttls or tls", string(t))
}

// Send implements mail.Sender.
func (s *Sender) Send(ctx context.Context, m mail.Mail) error {
	msg, err := s.message(m)
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(s.host, s.options...) // a client is one conversation
	if err != nil {
		return err
	}
	return translate(client.DialAndSendWithContext(ctx, msg))
}

func (s *Sender) message(m mail.Mail) (*gomail.Msg, error) {
	to, err := netmail.ParseAddress(m.To)
	if err != nil {
		return nil, mail.ErrRefused.Because(err)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(to)
	msg.SetMessageIDWithValue(m.ID + "@" + s.domain)
	msg.SetDateWithValue(m.Date)
	msg.Subject(oneLine(m.Message.Subject))
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office replies
	msg.SetBodyString(gomail.TypeTextPlain, m.Message.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.Message.HTML)
	return msg, nil
}

// oneLine keeps a header from becoming two, whoever wrote the subject.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// translate tells refusals for good from what may be over next time. Only a
// refused recipient is for good: other refusals (of our password, of the sender)
// are repaired on our side.
func translate(err error) error {
	var sending *gomail.SendError
	if !errors.As(err, &sending) {
		return err
	}
	// The recipient stands beside it in the log, and not in what is logged elsewhere.
	why, _, _ := strings.Cut(sending.Error(), ", affected recipient")
	if sending.Reason == gomail.ErrSMTPRcptTo && sending.ErrorCode() >= 500 {
		return mail.ErrRefused.Because(errors.New(why))
	}
	return errors.New(why)
}
