package cart

import "time"

// Config is the service's own settings.
type Config struct {
	// Each look at a cart asks about all its lines.
	MaxLines int `help:"How many lines a cart may have, at most 499." default:"100" env:"SOUK_CART_MAX_LINES"`
	// A cart counts as used when its owner looks at it.
	Keep time.Duration `help:"For how long a cart is kept that nobody uses." default:"2160h" env:"SOUK_CART_KEEP"`
}

const (
	defaultLines = 100
	// What one call to catalog and to inventory may ask for, less the SKU that is being added.
	mostLines   = 499
	defaultKeep = 90 * 24 * time.Hour
)
