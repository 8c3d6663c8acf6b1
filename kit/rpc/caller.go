// Package rpc is how services are called and how they call: the interceptors
// that every handler has, and clients that find each other by name.
//
// A call passes, from the outside in: a span, the deadline that the API gives
// the RPC, who is calling, whether they may, the rules on the message's shape,
// and the idempotency key. Faults that come back become Connect codes in one
// place.
package rpc

import (
	"context"
	"slices"
)

// Role is what a caller is to the shop.
type Role string

// The roles, as the API's option names them. Anyone stands for callers without a token, too.
const (
	Anyone  Role = "anyone"
	Guest   Role = "guest"
	Shopper Role = "shopper"
	Admin   Role = "admin"
	Service Role = "service"
)

// Principal is who is calling. The zero value is somebody without a token.
type Principal struct {
	// Account, guest or service id.
	Subject string
	// The guest they were before signing in, if any.
	Guest   string
	Session string
	Role    Role
	// The service's name, when one is calling.
	Service string
}

// Is tells whether the caller has one of the roles.
func (p Principal) Is(roles ...Role) bool {
	return slices.Contains(roles, Anyone) || p.Role != "" && slices.Contains(roles, p.Role)
}

type callerKey struct{}

// WithCaller returns a context in which p is the caller.
func WithCaller(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, callerKey{}, p)
}

// Caller returns who is calling.
func Caller(ctx context.Context) Principal {
	p, _ := ctx.Value(callerKey{}).(Principal)
	return p
}
