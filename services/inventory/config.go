package inventory

import "time"

// Config is the service's own settings.
type Config struct {
	// How often reservations that nobody ended are looked for.
	ExpireEvery time.Duration `help:"How often overdue reservations are given back." default:"5s" env:"SOUK_INVENTORY_EXPIRE_EVERY"`
}
