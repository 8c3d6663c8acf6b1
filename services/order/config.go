package order

// Config is the service's own settings.
type Config struct {
	// Providers send shoppers back here.
	Origin string `help:"How the outside reaches the shop." default:"http://127.0.0.1:8080" env:"SOUK_ORIGIN"`
	// Quotes without an address are for here.
	Home string `help:"The shop's own country, ISO 3166-1 alpha-2." default:"US" env:"SOUK_HOME_COUNTRY"`
	// Stands on invoices.
	Seller string `help:"Who sells, for invoices: name and address, lines separated by |." default:"Souk" env:"SOUK_SELLER"`
}
