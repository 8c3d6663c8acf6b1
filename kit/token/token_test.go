package token_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/token"
)

func TestVerify(t *testing.T) {
	now := clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	ours, err := token.NewSigner("account", token.NewSeed(), now)
	if err != nil {
		t.Fatal(err)
	}
	stranger, _ := token.NewSigner("account", token.NewSeed(), now)
	other, _ := token.NewSigner("elsewhere", token.NewSeed(), now)
	verifier := token.NewVerifier(now, token.Issuer{Name: "account", Roles: []string{"guest", "shopper"}, Static: ours.Keys()})
	sign := func(s *token.Signer, role string) string {
		raw, err := s.Sign(token.Claims{Subject: "a1", Role: role, Session: "s1", Guest: "g1"}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	good := sign(ours, "shopper")
	none := "eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + "."
	for _, c := range []struct {
		name, raw string
		ok        bool
	}{
		{"takes a good token", good, true},
		{"refuses another key under our name", sign(stranger, "shopper"), false},
		{"refuses another issuer", sign(other, "shopper"), false},
		{"refuses a role the issuer may not give", sign(ours, "service"), false},
		{"refuses alg none", none, false},
		{"refuses a changed token", good[:len(good)-8] + "AAAAAAAA", false},
		{"refuses rubbish", "not.a.token", false},
	} {
		got, err := verifier.Verify(t.Context(), c.raw)
		if c.ok != (err == nil) || !c.ok && !errors.Is(err, token.ErrInvalid) {
			t.Errorf("Verify %s: %v, %v", c.name, got, err)
		}
	}
	if got, _ := verifier.Verify(t.Context(), good); got.Subject != "a1" || got.Guest != "g1" || got.Session != "s1" {
		t.Errorf("claims = %+v", got)
	}
	now.Advance(2 * time.Minute)
	if _, err := verifier.Verify(t.Context(), good); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("Verify refuses an expired token: %v", err)
	}
}

func TestVerifyLearnsNewKeys(t *testing.T) {
	now := clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	first, _ := token.NewSigner("account", token.NewSeed(), now)
	second, _ := token.NewSigner("account", token.NewSeed(), now)
	published, asked := first.Keys(), 0
	verifier := token.NewVerifier(now, token.Issuer{Name: "account", Roles: []string{"guest"}, Fetch: func(context.Context) (jose.JSONWebKeySet, error) {
		asked++
		return published, nil
	}})
	try := func(s *token.Signer) error {
		raw, _ := s.Sign(token.Claims{Subject: "g", Role: "guest"}, time.Hour)
		_, err := verifier.Verify(t.Context(), raw)
		return err
	}
	if err := try(first); err != nil {
		t.Fatal(err)
	}
	if err := try(second); err == nil {
		t.Fatal("a key that is not published was believed")
	}
	if asked != 1 {
		t.Errorf("asked for keys %d times within ten seconds; want 1", asked)
	}
	published = second.Keys()
	now.Advance(11 * time.Second)
	if err := try(second); err != nil {
		t.Errorf("after rotation: %v", err)
	}
}

// While the keys cannot be had, nobody is called a liar.
func TestVerifyWithoutKeys(t *testing.T) {
	signer, _ := token.NewSigner("account", token.NewSeed(), clock.System)
	away := errors.New("nobody answers")
	verifier := token.NewVerifier(clock.System, token.Issuer{Name: "account", Roles: []string{"guest"}, Fetch: func(context.Context) (jose.JSONWebKeySet, error) {
		return signer.Keys(), away
	}})
	raw, _ := signer.Sign(token.Claims{Subject: "g", Role: "guest"}, time.Hour)
	if _, err := verifier.Verify(t.Context(), raw); !errors.Is(err, token.ErrUnknown) || errors.Is(err, token.ErrInvalid) || !errors.Is(err, away) {
		t.Errorf("without keys: %v, want ErrUnknown", err)
	}
	away = nil
	if _, err := verifier.Verify(t.Context(), raw); err != nil {
		t.Errorf("with keys: %v", err)
	}
}
