package edge_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/souk-commerce/souk/edge"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

// While the shop is worked on, shoppers get what is in memory and a word when to come
// back; administrators get everything.
func TestAShopThatIsWorkedOn(t *testing.T) {
	sign := filepath.Join(t.TempDir(), "closed")
	web := func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/p/") {
			w.Header().Set("Cache-Control", forEverybody)
		}
		io.WriteString(w, "open")
	}
	h := build(t, plan{web: web, deps: pages, config: edge.Config{Maintenance: sign}})
	admin := kittest.Token(t, rpc.Principal{Subject: "ada", Role: rpc.Admin})
	shopper := kittest.Token(t, rpc.Principal{Subject: "bob", Role: rpc.Shopper})
	h.until("/p/shirt", answer.hit)
	look := func(closed bool) {
		t.Helper()
		h.clock.Advance(2 * time.Second)
		for path, asks := range map[string][]string{"/p/new-" + h.clock.Now().Format("05"): nil, "/cart": {"Authorization", "Bearer " + shopper}} {
			a := h.ask("GET", path, append(asks, "Accept", "text/html")...)
			if (a.StatusCode == 503) != closed || closed && (a.Header.Get("Retry-After") != "120" || !strings.Contains(a.body, "come back")) {
				t.Errorf("closed is %v, and %s: %d %v %q", closed, path, a.StatusCode, a.Header, a.body)
			}
		}
		if a := h.ask("GET", "/p/shirt"); a.StatusCode != 200 || !a.hit() {
			t.Errorf("closed is %v, and what is in memory: %d %v", closed, a.StatusCode, a.Header)
		}
		if a := h.ask("GET", "/cart", "Authorization", "Bearer "+admin); a.StatusCode != 200 {
			t.Errorf("closed is %v, and an administrator: %d %q", closed, a.StatusCode, a.body)
		}
	}
	look(false)
	if err := os.WriteFile(sign, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	look(true)
	if err := os.Remove(sign); err != nil {
		t.Fatal(err)
	}
	look(false)
}
