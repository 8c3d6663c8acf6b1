// Package config has the types that settings are made of. Settings themselves
// are structs beside the code they set, filled from flags and the environment.
package config

import (
	"fmt"
	"os"
	"strings"
)

// Secret is a setting that must not be seen: it prints as "***". A value that
// begins with "@" names a file that holds the secret.
type Secret struct{ value string }

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns what is kept.
func (s Secret) Reveal() string { return s.value }

// Empty tells whether nothing is set.
func (s Secret) Empty() bool { return s.value == "" }

// String hides the secret from %v, %s and %+v.
func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return "***"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the secret from JSON and from slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a setting.
func (s *Secret) UnmarshalText(text []byte) error {
	file, named := strings.CutPrefix(string(text), "@")
	if !named {
		s.value = string(text)
		return nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("secret file: %w", err)
	}
	s.value = strings.TrimSpace(string(content))
	return nil
}
