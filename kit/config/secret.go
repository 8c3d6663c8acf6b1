// Package config has the types that settings are made of. Settings themselves
// are structs beside the code they set, filled from flags and the environment.
package config

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"unicode"
)

// Secret is a setting that must not be seen: it prints as "***". A value that
// begins with "@" names a file that holds the secret. The file is read again
// whenever the secret is revealed, so that it can be changed while the program
// runs: whoever reveals it for each use follows.
type Secret struct {
	value string
	file  *file
}

// file is where a secret is, and what was in it when it could last be read.
type file struct {
	path string
	mu   sync.Mutex
	last string
}

// read returns what is in the file. A file that is away or empty, as it may be
// while it is replaced, changes nothing.
func (f *file) read() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, err := os.ReadFile(f.path)
	if text := strings.TrimSpace(string(content)); err == nil && text != "" {
		f.last = text
	}
	return f.last
}

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns what is kept.
func (s Secret) Reveal() string {
	if s.file != nil {
		return s.file.read()
	}
	return s.value
}

// RevealAll returns the secrets that one setting lists, separated by spaces,
// lines or commas: old and new ones while they are changed.
func (s Secret) RevealAll() []string {
	return strings.FieldsFunc(s.Reveal(), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// Empty tells whether nothing is set.
func (s Secret) Empty() bool { return s.value == "" && s.file == nil }

// String hides the secret from %v, %s and %+v.
func (s Secret) String() string {
	if s.Empty() {
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
	path, named := strings.CutPrefix(string(text), "@")
	if !named {
		*s = Secret{value: string(text)}
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("secret file: %w", err)
	}
	*s = Secret{file: &file{path: path, last: strings.TrimSpace(string(content))}}
	return nil
}
