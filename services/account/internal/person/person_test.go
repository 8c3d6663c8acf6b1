package person_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/souk-commerce/souk/services/account/internal/person"
)

var cheap = person.Cost{MemoryKiB: 64, Passes: 1, Threads: 1}

func TestPasswordMatchesItselfOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.String().Draw(t, "password")
		other := rapid.String().Draw(t, "other")
		hash := cheap.Hash(password)
		if ok, err := person.Matches(hash, password); !ok || err != nil {
			t.Fatalf("%q does not match itself: %v", password, err)
		}
		if ok, _ := person.Matches(hash, other+"x"+password); ok {
			t.Fatalf("%q matches %q", other+"x"+password, password)
		}
	})
	if ok, err := person.Matches(cheap.Hash("caf\u00e9"), "cafe\u0301"); !ok || err != nil {
		t.Errorf("the same word typed on another keyboard: %v, %v; want a match", ok, err)
	}
	for _, bad := range []string{"", "$argon2id$", "plain", "$argon2id$v=19$m=64,t=0,p=1$AA$AA", "$argon2id$v=19$m=64,t=1,p=1$!$AA"} {
		if ok, err := person.Matches(bad, "x"); ok || err == nil {
			t.Errorf("Matches(%q) = %v, %v; want an error", bad, ok, err)
		}
	}
}

func TestEmail(t *testing.T) {
	for _, c := range []struct {
		raw, want string
		ok        bool
	}{
		{"Ada@Example.com", "ada@example.com", true},
		{" ada@example.com ", "ada@example.com", true},
		{"Ada <ada@example.com>", "", false},
		{"ada@example.com, eve@example.com", "", false},
		{"ada", "", false},
		{"a\r\nBcc: b@example.com", "", false},
	} {
		if got, err := person.Email(c.raw); got != c.want || (err == nil) != c.ok {
			t.Errorf("Email(%q) = %q, %v; want %q", c.raw, got, err, c.want)
		}
	}
}
