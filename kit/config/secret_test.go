package config_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/souk-commerce/souk/kit/config"
)

func TestSecretIsNotPrinted(t *testing.T) {
	holder := struct{ Key config.Secret }{config.NewSecret("hunter2")}
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprint(holder), fmt.Sprintf("%+v", holder), fmt.Sprintf("%#v", holder), fmt.Sprintf("key: %s", holder.Key), string(asJSON)} {
		if strings.Contains(printed, "hunter2") {
			t.Errorf("the secret is in %q", printed)
		}
	}
}

func TestSecretFromFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var s config.Secret
	if err := s.UnmarshalText([]byte("@" + file)); err != nil || s.Reveal() != "s3cret" {
		t.Errorf("from a file: %q, %v; want s3cret", s.Reveal(), err)
	}
	if err := os.WriteFile(file, []byte("new, other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := s.RevealAll(); !slices.Equal(got, []string{"new", "other"}) {
		t.Errorf("after the file was changed: %q", got)
	}
	for what, spoil := range map[string]func() error{"emptied": func() error { return os.Truncate(file, 0) }, "removed": func() error { return os.Remove(file) }} {
		if err := spoil(); err != nil || s.Reveal() != "new, other" || s.Empty() {
			t.Errorf("while the file is %s: %q, %v; want the last", what, s.Reveal(), err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.UnmarshalText([]byte("@" + file + "x")); err == nil {
		t.Error("from a file that is not there: no error")
	}
}
