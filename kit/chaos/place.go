package chaos

import (
	"context"
	"sync/atomic"
)

type placeKey struct{}

// place is what is going on, for naming points. What runs within it may know
// better and say so.
type place struct{ name atomic.Pointer[string] }

// Enter returns a context in which name is what is going on. In calm weather it
// returns ctx.
func (s *Storm) Enter(ctx context.Context, name string) context.Context {
	if s == nil {
		return ctx
	}
	p := &place{}
	p.name.Store(&name)
	return context.WithValue(ctx, placeKey{}, p)
}

// Here says more exactly what is going on in ctx.
func Here(ctx context.Context, name string) {
	if p, ok := ctx.Value(placeKey{}).(*place); ok {
		p.name.Store(&name)
	}
}

// Place is what is going on in ctx; otherwise what is given.
func Place(ctx context.Context, otherwise string) string {
	if p, ok := ctx.Value(placeKey{}).(*place); ok {
		return *p.name.Load()
	}
	return otherwise
}
