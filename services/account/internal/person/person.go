package person

import (
	"net/mail"
	"strings"
	"time"

	"golang.org/x/text/cases"

	"github.com/souk-commerce/souk/kit/fault"
)

// Role is what an account is to the shop.
type Role string

// The roles that a session can have.
const (
	Guest   Role = "guest"
	Shopper Role = "shopper"
	Admin   Role = "admin"
)

// Account is somebody who registered.
type Account struct {
	ID       string
	Email    string
	Name     string
	Role     Role
	Password string // its Argon2id hash
	Created  time.Time
}

// Address is a postal address as a shopper writes it.
type Address struct {
	Name, Company, Line1, Line2, City, Region, PostalCode, Country, Phone string
}

// SavedAddress is an entry of an address book.
type SavedAddress struct {
	ID      string
	Address Address
	Default bool
}

// MostAddresses bounds an address book.
const MostAddresses = 50

// Session is a row of sign-ins: who, and which refresh token is good now.
type Session struct {
	ID      string
	Subject string
	Role    Role
	// The guest that the shopper was before signing in.
	Guest string
	// Hashes of the good token and of the one before it.
	Current, Previous []byte
	Rotated, Expires  time.Time
	Ended             bool
}

// Faults that callers can do something about.
var (
	ErrEmailTaken = fault.New(fault.Exists, "email_taken", "There is an account with this e-mail address already. Sign in instead.").On("email", "is registered already")
	// ErrCredentials does not tell which of the two was wrong.
	ErrCredentials = fault.New(fault.Stranger, "credentials", "E-mail address and password do not match.")
	ErrSession     = fault.New(fault.Stranger, "session_ended", "Your session has ended. Please sign in again.")
	ErrNoAccount   = fault.New(fault.NotFound, "account_unknown", "There is no such account.")
	ErrNoAddress   = fault.New(fault.NotFound, "address_unknown", "There is no such address in your book.")
	ErrTooMany     = fault.New(fault.Refused, "addresses_full", "Your address book is full. Delete an address first.")
	ErrSlowDown    = fault.New(fault.TooMany, "too_many_tries", "Too many tries. Please wait a few minutes.")
	errEmail       = fault.New(fault.Invalid, "email", "This is not an e-mail address.").On("email", "must be an e-mail address")
)

// Email returns an address as we compare it: without spaces around, in lower case.
func Email(raw string) (string, error) {
	trimmed := strings.TrimSpace(raw)
	parsed, err := mail.ParseAddress(trimmed)
	if err != nil || parsed.Address != trimmed || len(trimmed) > 254 {
		return "", errEmail
	}
	return cases.Fold().String(trimmed), nil
}

// Grace is how long the token before the newest still works.
const Grace = 30 * time.Second

// How long a session lasts without being used.
const (
	GuestLife   = 90 * 24 * time.Hour
	ShopperLife = 30 * 24 * time.Hour
)

// Life is how long a session of a role lasts without being used.
func (r Role) Life() time.Duration {
	if r == Guest {
		return GuestLife
	}
	return ShopperLife
}
