package search

// Config is the service's own settings.
type Config struct{}
