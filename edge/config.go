package edge

import "time"

// Config is the edge's own settings.
type Config struct {
	Listen string `help:"Address to listen on." default:"127.0.0.1:8080" env:"SOUK_LISTEN"`
	// Names that the shop answers to.
	Hosts []string `help:"Host names that are answered; empty: any." env:"SOUK_HOSTS"`
	// Origins of other sites whose scripts may call the API.
	Origins []string `help:"Origins that may call the API from browsers, besides the shop's own." env:"SOUK_CORS_ORIGINS"`
	// Further origins that the shop's own pages may connect to: the payment provider's.
	Connect []string `help:"Origins that the shop's pages may connect to: the payment provider's." env:"SOUK_CONNECT_ORIGINS"`
	CacheMB int64    `help:"Memory for cached answers, in megabytes." default:"32" env:"SOUK_EDGE_CACHE_MB"`
	// Calls a second for each client address.
	Rate  float64 `help:"Requests a second for each client, after the burst." default:"100" env:"SOUK_EDGE_RATE"`
	Burst int     `help:"Requests at once for each client." default:"400" env:"SOUK_EDGE_BURST"`
	// Share of requests in the log; those that fail or take long always are.
	LogShare float64 `help:"Share of requests that are logged, from 0 to 1; those that fail or take long always are." default:"0.01" env:"SOUK_EDGE_LOG_SHARE"`
	// While there is a file of this name, only administrators get further than memory.
	Maintenance string `help:"While there is a file of this name, everybody but administrators is told to come back later." env:"SOUK_EDGE_MAINTENANCE"`
	// How many proxies stand in front and append to X-Forwarded-For.
	TrustedProxies int `help:"Proxies in front whose X-Forwarded-For is believed." default:"0" env:"SOUK_TRUSTED_PROXIES"`
	// How long a part may take until it is reached, and until its answer begins.
	ConnectTime time.Duration `help:"Time to reach a part of the shop." default:"1s" env:"SOUK_EDGE_CONNECT_TIME"`
	AnswerTime  time.Duration `help:"Time until a part begins to answer a call that is no stream." default:"15s" env:"SOUK_EDGE_ANSWER_TIME"`
	Hedge       bool          `help:"Ask for reads that are late a second time; for parts of several instances." env:"SOUK_EDGE_HEDGE"`
}
