package front

import (
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/souk-commerce/souk/edge/internal/policy"
	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/rpc"
)

// closedLook is how often it is looked whether the shop is being worked on.
const closedLook = time.Second

// WhileThereIs tells whether there is a file; no name is never.
func WhileThereIs(name string, c clock.Clock) func() bool {
	var (
		mu     sync.Mutex
		there  bool
		looked time.Time
	)
	return func() bool {
		if name == "" {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		if now := c.Now(); looked.IsZero() || now.Sub(looked) >= closedLook {
			_, err := os.Stat(name)
			there, looked = err == nil, now
		}
		return there
	}
}

// opens tells whether a call is one of those by which somebody becomes known, as an
// administrator perhaps: it changes something, and anybody may make it.
func opens(route policy.Route) bool {
	return route.Procedure != "" && !route.Rule.Read && slices.Contains(route.Rule.Allow, rpc.Anyone)
}

// comeBack asks for patience.
func (f *Front) comeBack(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "120")
	f.refuse(w, r, connect.CodeUnavailable, "The shop is being worked on. Please come back in a few minutes.")
}
