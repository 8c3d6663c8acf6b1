package edge_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/souk-commerce/souk/edge"
	"github.com/souk-commerce/souk/kit/rpc"
)

// A part that hangs, or breaks every call, is soon not waited for any more; and
// when it is well, nobody has to tell the edge.
func TestPartThatHangsOrIsDownIsNotWaitedFor(t *testing.T) {
	const away, hanging, well = 0, 1, 2
	var state atomic.Int32
	account := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch state.Load() {
		case away:
			panic(http.ErrAbortHandler)
		case hanging:
			<-r.Context().Done()
		default:
			w.Write([]byte("{}"))
		}
	})
	for name, trouble := range map[string]int32{"down": away, "hanging": hanging} {
		t.Run(name, func(t *testing.T) {
			state.Store(trouble)
			h := build(t, plan{web: sign("web"), config: edge.Config{AnswerTime: 50 * time.Millisecond}, services: map[string][]rpc.Mount{"account": {{Path: "/", Handler: account}}}})
			ask := func() answer { return h.ask("POST", signIn, "Content-Type", "application/json") }
			for range 5 {
				if a := ask(); a.StatusCode != 503 {
					t.Fatalf("a call to a part in trouble: %d %q", a.StatusCode, a.body)
				}
			}
			state.Store(well) // an open breaker does not ask, so it does not know
			began := time.Now()
			a := ask()
			if a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || !strings.Contains(a.body, "unavailable") {
				t.Errorf("a call after five that failed: %d %q, want unavailable and Retry-After", a.StatusCode, a.body)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %v", took)
			}
			if a := h.ask("GET", "/cart"); a.StatusCode != 200 {
				t.Errorf("another part meanwhile: %d", a.StatusCode)
			}
			h.clock.Advance(time.Second)
			for range 3 {
				if a := ask(); a.StatusCode != 200 {
					t.Errorf("a call when the part is well again: %d %q", a.StatusCode, a.body)
				}
			}
		})
	}
}
