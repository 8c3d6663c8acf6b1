package payment

import (
	"time"

	"github.com/souk-commerce/souk/kit/config"
)

// Config is the service's own settings.
type Config struct {
	// Callers wait up to 20 seconds.
	Patience time.Duration `help:"How long to wait for an answer of a provider." default:"8s" env:"SOUK_PAYMENT_PATIENCE"`
	// An audit compares our payments with the providers' lists, puts right what is
	// safe to, and reports the rest.
	AuditEvery time.Duration `help:"How often payments are compared with the providers' lists; 0 is never." default:"1h" env:"SOUK_PAYMENT_AUDIT_EVERY"`
	AuditBack  time.Duration `help:"How far back payments are compared." default:"72h" env:"SOUK_PAYMENT_AUDIT_BACK"`
	// Those without settings are left out.
	Providers []string `help:"Payment providers, by commas. A new payment is for the first that takes it." default:"sandbox,stripe" env:"SOUK_PAYMENT_PROVIDERS"`
	Sandbox   Sandbox  `embed:"" prefix:"sandbox-"`
	Stripe    Stripe   `embed:"" prefix:"stripe-"`
}

// Only is what a provider is used for.
type Only struct {
	Currencies []string `help:"Currencies that the provider is used for, by commas. Empty: all that it takes." env:"CURRENCIES"`
	Countries  []string `help:"Countries of shoppers that the provider is used for, by commas. Empty: all that it takes." env:"COUNTRIES"`
}

// Sandbox says where the provider to try a shop with is.
type Sandbox struct {
	URL           string        `help:"The sandbox provider's API, as the payment service reaches it." env:"SOUK_SANDBOX_URL"`
	PublicURL     string        `help:"The sandbox provider, as browsers reach it." env:"SOUK_SANDBOX_PUBLIC_URL"`
	Publishable   string        `help:"Key that browsers show the sandbox provider." env:"SOUK_SANDBOX_PUBLISHABLE_KEY"`
	Secret        config.Secret `help:"Key of the sandbox provider's API." env:"SOUK_SANDBOX_SECRET"`
	WebhookSecret config.Secret `help:"Secret that the sandbox provider signs its messages with." env:"SOUK_SANDBOX_WEBHOOK_SECRET"`
	Only          Only          `embed:"" envprefix:"SOUK_SANDBOX_"`
}

// Stripe says how we are known to Stripe. The secrets may be in files, which are
// read again when they are used: they are changed without a restart.
type Stripe struct {
	Secret        config.Secret `help:"Secret or restricted key of Stripe's API." env:"SOUK_STRIPE_SECRET"`
	WebhookSecret config.Secret `help:"What Stripe signs its messages with; several, by commas, while one is replaced." env:"SOUK_STRIPE_WEBHOOK_SECRET"`
	Publishable   string        `help:"Key that browsers show Stripe." env:"SOUK_STRIPE_PUBLISHABLE_KEY"`
	Methods       []string      `help:"Methods that are switched on in the account, by commas." default:"card" env:"SOUK_STRIPE_METHODS"`
	URL           string        `help:"Where Stripe's API is, if not at Stripe." env:"SOUK_STRIPE_URL"`
	Only          Only          `embed:"" envprefix:"SOUK_STRIPE_"`
}
