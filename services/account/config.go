package account

import "github.com/souk-commerce/souk/kit/config"

// Issuer is the name under which account signs tokens.
const Issuer = "souk/account"

// Config is the service's own settings.
type Config struct {
	// Signs the tokens of guests, shoppers and staff.
	Key config.Secret `help:"Ed25519 seed in base64 that signs sessions; @file reads it from a file." env:"SOUK_ACCOUNT_KEY"`
	// Staff who can sign in from the start.
	AdminEmail    string        `help:"E-mail address of the first administrator." env:"SOUK_ADMIN_EMAIL"`
	AdminPassword config.Secret `help:"Password of the first administrator." env:"SOUK_ADMIN_PASSWORD"`
}
