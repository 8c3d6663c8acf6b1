package person

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/fault"
)

// Book is where people are kept.
type Book interface {
	// Register stores an account and tells of it; an e-mail address that is taken is ErrEmailTaken.
	Register(ctx context.Context, a Account) (Account, error)
	ByEmail(ctx context.Context, email string) (Account, error)
	ByID(ctx context.Context, id string) (Account, error)
	Rename(ctx context.Context, id, name string) (Account, error)
	// SetPassword stores a new hash and ends all sessions but one.
	SetPassword(ctx context.Context, id, hash, keepSession string) error

	Begin(ctx context.Context, s Session) error
	// Change stores what f leaves in the session. The database may ask for a second
	// try, so f can run more than once.
	Change(ctx context.Context, id string, f func(*Session) error) error

	Addresses(ctx context.Context, account string) ([]SavedAddress, error)
	SaveAddress(ctx context.Context, account string, a SavedAddress) (SavedAddress, error)
	DeleteAddress(ctx context.Context, account, id string) error
}

// Grant is a session with the refresh token that its bearer gets.
type Grant struct {
	Session Session
	Account Account // zero for guests
	Refresh string
}

// Desk is what can be asked for.
type Desk struct {
	book  Book
	clock clock.Clock
	cost  Cost
	tries *tries
	// Hashing takes memory on purpose; only so many at once.
	hashing chan struct{}
	// Compared with when there is no account, so that both take as long.
	decoy string
}

// Deps is what a Desk needs.
type Deps struct {
	Book  Book
	Clock clock.Clock
	Cost  Cost
}

// New returns a desk.
func New(d Deps) *Desk {
	return &Desk{book: d.Book, clock: d.Clock, cost: d.Cost, tries: newTries(), hashing: make(chan struct{}, 4), decoy: d.Cost.Hash(uuid.NewString())}
}

// Guest begins a guest's session.
func (d *Desk) Guest(ctx context.Context) (Grant, error) {
	return d.begin(ctx, Session{Subject: uuid.NewString(), Role: Guest})
}

// Register makes an account and signs in. Guest is who they were until now, if anybody.
func (d *Desk) Register(ctx context.Context, email, password, name, guest string) (Grant, error) {
	a, err := d.account(ctx, email, password, name, Shopper)
	if err != nil {
		return Grant{}, err
	}
	return d.signedIn(ctx, a, guest)
}

func (d *Desk) account(ctx context.Context, email, password, name string, role Role) (Account, error) {
	address, err := Email(email)
	if err != nil {
		return Account{}, err
	}
	var hash string
	if err := d.hash(ctx, func() { hash = d.cost.Hash(password) }); err != nil {
		return Account{}, err
	}
	return d.book.Register(ctx, Account{
		ID: uuid.NewString(), Email: address, Name: strings.TrimSpace(name), Role: role, Password: hash, Created: d.clock.Now(),
	})
}

// EnsureAdmin makes an account of staff when the address is not registered yet.
func (d *Desk) EnsureAdmin(ctx context.Context, email, password, name string) error {
	_, err := d.account(ctx, email, password, name, Admin)
	if errors.Is(err, ErrEmailTaken) {
		return nil
	}
	return err
}

// EnsureShopper makes a shopper's account when the address is not registered yet.
func (d *Desk) EnsureShopper(ctx context.Context, email, password, name string) error {
	_, err := d.account(ctx, email, password, name, Shopper)
	if errors.Is(err, ErrEmailTaken) {
		return nil
	}
	return err
}

func (d *Desk) hash(ctx context.Context, f func()) error {
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
		f()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SignIn begins a session for an account.
func (d *Desk) SignIn(ctx context.Context, email, password, guest string) (Grant, error) {
	address, err := Email(email)
	if err != nil {
		return Grant{}, ErrCredentials
	}
	if !d.tries.take(address, d.clock.Now()) {
		return Grant{}, ErrSlowDown
	}
	a, err := d.book.ByEmail(ctx, address)
	known := err == nil
	if err != nil && !errors.Is(err, ErrNoAccount) {
		return Grant{}, err
	}
	against := a.Password
	if !known {
		against = d.decoy
	}
	var ok bool
	var bad error
	if err := d.hash(ctx, func() { ok, bad = Matches(against, password) }); err != nil {
		return Grant{}, err
	}
	if bad != nil {
		return Grant{}, bad
	}
	if !known || !ok {
		return Grant{}, ErrCredentials
	}
	d.tries.forget(address)
	return d.signedIn(ctx, a, guest)
}

func (d *Desk) signedIn(ctx context.Context, a Account, guest string) (Grant, error) {
	g, err := d.begin(ctx, Session{Subject: a.ID, Role: a.Role, Guest: guest})
	g.Account = a
	return g, err
}

func (d *Desk) begin(ctx context.Context, s Session) (Grant, error) {
	now := d.clock.Now()
	s.ID = uuid.NewString()
	secret, sum := newSecret()
	s.Current, s.Rotated, s.Expires = sum, now, now.Add(s.Role.Life())
	if err := d.book.Begin(ctx, s); err != nil {
		return Grant{}, err
	}
	return Grant{Session: s, Refresh: s.ID + "." + secret}, nil
}

func newSecret() (secret string, sum []byte) {
	raw := make([]byte, 32)
	rand.Read(raw)
	secret = base64.RawURLEncoding.EncodeToString(raw)
	hashed := sha256.Sum256([]byte(secret))
	return secret, hashed[:]
}

// Refresh swaps a refresh token for a new one.
func (d *Desk) Refresh(ctx context.Context, refresh string) (Grant, error) {
	id, secret, ok := strings.Cut(refresh, ".")
	if _, err := uuid.Parse(id); !ok || err != nil {
		return Grant{}, ErrSession
	}
	hashed := sha256.Sum256([]byte(secret))
	now := d.clock.Now()
	var g Grant
	var stolen bool
	err := d.book.Change(ctx, id, func(s *Session) error {
		stolen = false
		g = Grant{}
		switch {
		case s.Ended || !now.Before(s.Expires):
			return ErrSession
		case subtle.ConstantTimeCompare(hashed[:], s.Current) == 1:
			fresh, sum := newSecret()
			s.Previous, s.Current, s.Rotated = s.Current, sum, now
			g.Refresh = id + "." + fresh
		case subtle.ConstantTimeCompare(hashed[:], s.Previous) == 1 && now.Sub(s.Rotated) <= Grace:
			// Another tab was faster and has the new token in the same cookie.
		default:
			stolen = true
			s.Ended = true
		}
		s.Expires = now.Add(s.Role.Life())
		g.Session = *s
		return nil
	})
	if err != nil {
		return Grant{}, err
	}
	if stolen {
		return Grant{}, ErrSession
	}
	if g.Session.Role != Guest {
		if g.Account, err = d.book.ByID(ctx, g.Session.Subject); err != nil {
			return Grant{}, err
		}
		g.Session.Role = g.Account.Role
	}
	return g, nil
}

// SignOut ends the session of a refresh token. A token that means nothing is fine.
func (d *Desk) SignOut(ctx context.Context, refresh string) error {
	id, secret, _ := strings.Cut(refresh, ".")
	if _, err := uuid.Parse(id); err != nil {
		return nil
	}
	hashed := sha256.Sum256([]byte(secret))
	err := d.book.Change(ctx, id, func(s *Session) error {
		if subtle.ConstantTimeCompare(hashed[:], s.Current) == 1 || subtle.ConstantTimeCompare(hashed[:], s.Previous) == 1 {
			s.Ended = true
		}
		return nil
	})
	if errors.Is(err, ErrSession) {
		return nil
	}
	return err
}

// Profile returns an account.
func (d *Desk) Profile(ctx context.Context, id string) (Account, error) { return d.book.ByID(ctx, id) }

// Rename changes an account's name.
func (d *Desk) Rename(ctx context.Context, id, name string) (Account, error) {
	return d.book.Rename(ctx, id, strings.TrimSpace(name))
}

// ChangePassword swaps passwords and ends the other sessions.
func (d *Desk) ChangePassword(ctx context.Context, id, session, old, new string) error {
	a, err := d.book.ByID(ctx, id)
	if err != nil {
		return err
	}
	if !d.tries.take(a.Email, d.clock.Now()) {
		return ErrSlowDown
	}
	var ok bool
	var hash string
	var bad error
	if err := d.hash(ctx, func() {
		if ok, bad = Matches(a.Password, old); ok {
			hash = d.cost.Hash(new)
		}
	}); err != nil {
		return err
	}
	if bad != nil {
		return bad
	}
	if !ok {
		return fault.New(fault.Refused, "old_password", "This is not your current password.").On("old_password", "does not match")
	}
	d.tries.forget(a.Email)
	return d.book.SetPassword(ctx, id, hash, session)
}

// Addresses returns an address book, the default first.
func (d *Desk) Addresses(ctx context.Context, account string) ([]SavedAddress, error) {
	return d.book.Addresses(ctx, account)
}

// SaveAddress adds an address, or changes the one with its id. The first is the default.
func (d *Desk) SaveAddress(ctx context.Context, account string, a SavedAddress) (SavedAddress, error) {
	return d.book.SaveAddress(ctx, account, a)
}

// DeleteAddress takes an address out of the book.
func (d *Desk) DeleteAddress(ctx context.Context, account, id string) error {
	return d.book.DeleteAddress(ctx, account, id)
}

// tries slows guessing down: ten wrong passwords for an address, then one a minute.
type tries struct {
	mu   sync.Mutex
	next map[string]time.Time
}

const (
	tryEvery = time.Minute
	tryBurst = 10 * tryEvery
	mostKept = 100000
)

func newTries() *tries { return &tries{next: map[string]time.Time{}} }

func (t *tries) take(email string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.next[email]
	if at.Before(now) {
		at = now
	}
	if at.Add(tryEvery).Sub(now) > tryBurst {
		return false
	}
	if len(t.next) >= mostKept {
		clear(t.next)
	}
	t.next[email] = at.Add(tryEvery)
	return true
}

func (t *tries) forget(email string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.next, email)
}
