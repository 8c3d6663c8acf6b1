package notification

import (
	"time"

	"github.com/souk-commerce/souk/kit/config"
)

// Config is the service's own settings.
type Config struct {
	// The mail server. The default is where the catcher of a development shop listens.
	SMTPAddress  string        `name:"smtp-addr" help:"Mail server, host:port." default:"127.0.0.1:1025" env:"SOUK_SMTP_ADDR"`
	SMTPUsername string        `name:"smtp-username" help:"Name at the mail server; without one nobody signs in." env:"SOUK_SMTP_USERNAME"`
	SMTPPassword config.Secret `name:"smtp-password" help:"Password at the mail server; @file reads it from a file." env:"SOUK_SMTP_PASSWORD"`
	SMTPTLS      string        `name:"smtp-tls" help:"auto (StartTLS unless on loopback), none, starttls or tls." enum:"auto,none,starttls,tls" default:"auto" env:"SOUK_SMTP_TLS"`
	From         string        `name:"mail-from" help:"Who writes: Name <address>." default:"Souk <shop@souk.example>" env:"SOUK_MAIL_FROM"`
	// What stands in the mails.
	ShopName string `help:"The shop's name in mails." default:"Souk" env:"SOUK_SHOP_NAME"`
	ShopURL  string `help:"Where links in mails lead." default:"http://localhost:8080" env:"SOUK_SHOP_URL"`
	// How long the delivery log, which has addresses in it, is kept.
	KeepDeliveries time.Duration `help:"How long ended deliveries are kept." default:"2160h" env:"SOUK_NOTIFICATION_KEEP"`
}
