package catalog

// Config is the catalog's own settings. There are none yet: what it needs comes
// with Deps.
type Config struct{}
