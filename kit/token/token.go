// Package token signs and verifies the tokens by which callers are known: JSON
// Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037), and nothing else.
package token

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/souk-commerce/souk/kit/clock"
)

// ErrInvalid is returned for every token that is not to be believed.
var ErrInvalid = errors.New("token is not valid")

// ErrUnknown is returned for tokens that nobody can judge: their issuer's keys
// cannot be had just now.
var ErrUnknown = errors.New("token cannot be verified now")

// Claims is what a token says of its bearer.
type Claims struct {
	// Account, guest or service id.
	Subject string
	// "guest", "shopper", "admin" or "service".
	Role string
	// The session that the token belongs to, if any.
	Session string
	// The guest that the shopper was before signing in, if any.
	Guest  string
	Expiry time.Time
}

type private struct {
	Role    string `json:"role"`
	Session string `json:"sid,omitempty"`
	Guest   string `json:"guest,omitempty"`
}

const audience = "souk"

// Signer makes tokens under one key.
type Signer struct {
	issuer string
	kid    string
	key    ed25519.PrivateKey
	signer jose.Signer
	clock  clock.Clock
}

// NewSeed returns a fresh key seed in base64, as NewSigner reads it.
func NewSeed() string {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	return base64.StdEncoding.EncodeToString(seed)
}

// NewSigner returns a signer for a base64 Ed25519 seed of 32 bytes. The issuer
// tells which keys may stand behind a token.
func NewSigner(issuer, seed string, c clock.Clock) (*Signer, error) {
	raw, err := base64.StdEncoding.DecodeString(seed)
	if err != nil || len(raw) != ed25519.SeedSize {
		return nil, fmt.Errorf("signing key of %s: want %d bytes in base64", issuer, ed25519.SeedSize)
	}
	key := ed25519.NewKeyFromSeed(raw)
	sum := sha256.Sum256(key.Public().(ed25519.PublicKey))
	kid := hex.EncodeToString(sum[:8])
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	return &Signer{issuer: issuer, kid: kid, key: key, signer: signer, clock: c}, nil
}

// Sign returns a token that is good for a while.
func (s *Signer) Sign(c Claims, ttl time.Duration) (string, error) {
	now := s.clock.Now()
	return jwt.Signed(s.signer).Claims(jwt.Claims{
		Issuer: s.issuer, Subject: c.Subject, Audience: jwt.Audience{audience},
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-5 * time.Second)), Expiry: jwt.NewNumericDate(now.Add(ttl)),
	}).Claims(private{c.Role, c.Session, c.Guest}).Serialize()
}

// Keys returns the public half, as a JWKS document publishes it (RFC 7517).
func (s *Signer) Keys() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), KeyID: s.kid, Algorithm: string(jose.EdDSA), Use: "sig"}}}
}

// Issuer is whose tokens a verifier believes, and which roles it may name.
type Issuer struct {
	Name  string
	Roles []string
	// Keys that are always good.
	Static jose.JSONWebKeySet
	// Where further keys are found; asked again, at most every ten seconds, when
	// a token names one that is not known.
	Fetch func(ctx context.Context) (jose.JSONWebKeySet, error)
}

// FetchURL reads a JWKS document.
func FetchURL(transport http.RoundTripper, url string) func(context.Context) (jose.JSONWebKeySet, error) {
	return func(ctx context.Context) (jose.JSONWebKeySet, error) {
		var set jose.JSONWebKeySet
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return set, err
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			return set, err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return set, fmt.Errorf("keys from %s: %s", url, resp.Status)
		}
		return set, json.NewDecoder(http.MaxBytesReader(nil, resp.Body, 1<<20)).Decode(&set)
	}
}

// Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	clock   clock.Clock
	issuers map[string]*trusted
	mu      sync.Mutex
	seen    map[[32]byte]Claims
}

type trusted struct {
	Issuer
	mu    sync.Mutex
	keys  map[string]ed25519.PublicKey
	asked time.Time
}

// NewVerifier believes the issuers given and nobody else.
func NewVerifier(c clock.Clock, issuers ...Issuer) *Verifier {
	v := &Verifier{clock: c, issuers: map[string]*trusted{}, seen: map[[32]byte]Claims{}}
	for _, i := range issuers {
		t := &trusted{Issuer: i, keys: map[string]ed25519.PublicKey{}}
		t.learn(i.Static)
		v.issuers[i.Name] = t
	}
	return v
}

func (t *trusted) learn(set jose.JSONWebKeySet) {
	for _, k := range set.Keys {
		if public, ok := k.Key.(ed25519.PublicKey); ok {
			t.keys[k.KeyID] = public
		}
	}
}

const (
	askAgain = 10 * time.Second
	maxSeen  = 10000
)

func (t *trusted) key(ctx context.Context, kid string, now time.Time) (ed25519.PublicKey, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k, ok := t.keys[kid]; ok {
		return k, nil
	}
	if t.Fetch == nil || now.Sub(t.asked) < askAgain {
		return nil, ErrInvalid
	}
	set, err := t.Fetch(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err) // not remembered: the next token asks again
	}
	t.asked = now
	t.learn(set)
	if k, ok := t.keys[kid]; ok {
		return k, nil
	}
	return nil, ErrInvalid
}

// Verify returns what a token says, or ErrInvalid; ErrUnknown when the issuer's
// keys cannot be had just now. A token verified once is
// remembered until it expires.
func (v *Verifier) Verify(ctx context.Context, raw string) (Claims, error) {
	now := v.clock.Now()
	sum := sha256.Sum256([]byte(raw))
	v.mu.Lock()
	c, ok := v.seen[sum]
	v.mu.Unlock()
	if ok && now.Before(c.Expiry) {
		return c, nil
	}
	c, err := v.verify(ctx, raw, now)
	if err != nil {
		return Claims{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.seen) >= maxSeen {
		clear(v.seen)
	}
	v.seen[sum] = c
	return c, nil
}

func (v *Verifier) verify(ctx context.Context, raw string, now time.Time) (Claims, error) {
	parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil || len(parsed.Headers) != 1 {
		return Claims{}, ErrInvalid
	}
	var peek jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&peek); err != nil {
		return Claims{}, ErrInvalid
	}
	issuer, ok := v.issuers[peek.Issuer]
	if !ok {
		return Claims{}, ErrInvalid
	}
	key, err := issuer.key(ctx, parsed.Headers[0].KeyID, now)
	if err != nil {
		return Claims{}, err
	}
	var std jwt.Claims
	var own private
	if err := parsed.Claims(key, &std, &own); err != nil || std.Expiry == nil {
		return Claims{}, ErrInvalid
	}
	if err := std.ValidateWithLeeway(jwt.Expected{Issuer: issuer.Name, AnyAudience: jwt.Audience{audience}, Time: now}, 0); err != nil {
		return Claims{}, ErrInvalid
	}
	for _, role := range issuer.Roles {
		if role == own.Role {
			return Claims{Subject: std.Subject, Role: own.Role, Session: own.Session, Guest: own.Guest, Expiry: std.Expiry.Time()}, nil
		}
	}
	return Claims{}, ErrInvalid
}
