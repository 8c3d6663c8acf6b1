// Package cmd_test holds what is true of the whole checkout: who may import whom,
// and that every RPC says who may call it.
package cmd_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const ours = "github.com/souk-commerce/souk/"

// pkg is a package of the checkout, as go list tells of it. Paths of ours are
// without the common beginning.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func list(t *testing.T, env []string, patterns ...string) (all []pkg) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports"}, patterns...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = "..", append(os.Environ(), env...), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(out)
	for {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, ours)
		for _, imports := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for i := range imports {
				imports[i] = strings.TrimPrefix(imports[i], ours)
			}
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestImports(t *testing.T) {
	all := list(t, nil, "./api/...", "./kit/...", "./services/...", "./edge/...", "./web/...", "./cmd/...")
	all = append(all, list(t, []string{"GOOS=js", "GOARCH=wasm"}, "./web/...")...)
	rooms := map[string]bool{}
	for _, p := range all {
		module, _, _ := strings.Cut(p.ImportPath, "/")
		rooms[module] = true
	}
	for _, module := range []string{"api", "kit", "services", "edge", "web", "cmd"} {
		if !rooms[module] {
			t.Errorf("go list found nothing of %s", module)
		}
	}
	for _, broken := range slices.Compact(check(all)) {
		t.Error(broken)
	}
}

// check returns the imports that the floor plan does not allow.
func check(all []pkg) (broken []string) {
	h := house{hearts: hearts(all)}
	for _, p := range all {
		for _, to := range p.Imports {
			if why := h.refuse(p.ImportPath, to); why != "" {
				broken = append(broken, fmt.Sprintf("%s imports %s: %s", p.ImportPath, to, why))
			}
		}
		for _, to := range append(p.TestImports, p.XTestImports...) {
			if why := h.refuseInTest(p.ImportPath, to); why != "" {
				broken = append(broken, fmt.Sprintf("a test of %s imports %s: %s", p.ImportPath, to, why))
			}
		}
	}
	slices.Sort(broken)
	return broken
}

// house knows which packages are hearts.
type house struct{ hearts map[string]bool }

// hearts are the packages of services after which others are named: stock, beside
// stockdb and stockrpc.
func hearts(all []pkg) map[string]bool {
	found := map[string]bool{}
	for _, p := range all {
		for _, q := range all {
			if isRoom(p.ImportPath) && p.ImportPath != q.ImportPath && strings.HasPrefix(q.ImportPath, p.ImportPath) && path.Dir(p.ImportPath) == path.Dir(q.ImportPath) {
				found[p.ImportPath] = true
			}
		}
	}
	return found
}

// isRoom tells whether a package is services/<name>/internal/<room>.
func isRoom(p string) bool {
	parts := strings.Split(p, "/")
	return len(parts) == 4 && parts[0] == "services" && parts[2] == "internal"
}

// heartOf returns the heart that a hand is named after, and the hand's suffix.
func (h house) heartOf(p string) (heart, suffix string) {
	for room := range h.hearts {
		if s, ok := strings.CutPrefix(p, room); ok && s != "" && !strings.HasPrefix(s, "/") && len(room) > len(heart) {
			heart, suffix = room, s
		}
	}
	return heart, suffix
}

func within(p string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return p == f || strings.HasPrefix(p, f+"/") })
}

func isOurs(p string) bool { return within(p, "api", "kit", "services", "edge", "web", "cmd") }

func isStandard(p string) bool { return !strings.Contains(strings.SplitN(p, "/", 2)[0], ".") }

// modules is who may import whom, by folder.
var modules = map[string][]string{
	"api":      {"api"},
	"kit":      {"kit"},
	"services": {"services", "api", "kit"},
	"edge":     {"edge", "api", "kit/run", "kit/obs", "kit/bus", "kit/config", "kit/clock", "kit/fault", "kit/rpc", "kit/tag", "kit/token"},
	"web":      {"web", "api", "kit/run", "kit/obs", "kit/tag"},
	"cmd":      {"cmd", "services", "edge", "web", "api", "kit"},
}

// confined libraries have one place where they are known. Others use that place.
var confined = map[string][]string{
	"github.com/cockroachdb/cockroach-go": {"kit/crdb"},
	"github.com/nats-io":                  {"kit/bus"},
	"github.com/maxence-charriere/go-app": {"web/ui", "web/browser"},
	"github.com/go-jose/go-jose":          {"kit/token"},
	"github.com/dgraph-io/ristretto":      {"edge/cache"},
	"syscall/js":                          {"web/ui", "web/browser"},
}

// refuse tells why a package may not import another; empty when it may.
func (h house) refuse(from, to string) string {
	if why := h.refuseInTest(from, to); why != "" {
		return why
	}
	heart, suffix := h.heartOf(from)
	module, _, _ := strings.Cut(from, "/")
	places := confinedTo(to)
	switch {
	case places != nil && !within(from, places...):
		return "only " + strings.Join(places, ", ") + " may"
	case isOurs(to) && !within(to, append([]string{"kit/kittest"}, modules[module]...)...):
		return module + " may import " + strings.Join(modules[module], ", ")
	case within(to, "kit/kittest") && !within(from, "kit/kittest") && suffix != "test":
		return "test helpers stay in tests"
	case h.hearts[from]:
		return refuseHeart(to)
	case heart != "":
		return h.refuseHand(heart, suffix, to)
	case within(from, "web/storefront/page", "web/admin/page"):
		return refusePage(to)
	case within(from, "cmd") && strings.Contains(to, "/internal/"):
		return "cmd knows doors only"
	}
	return ""
}

// refuseInTest is what holds in tests, too.
func (h house) refuseInTest(from, to string) string {
	if !isOurs(to) {
		return ""
	}
	module, _, _ := strings.Cut(from, "/")
	allowed := modules[module]
	if module == "edge" || module == "web" {
		allowed = append([]string{"kit"}, allowed...) // their tests stand on all of it
	}
	if !within(to, allowed...) {
		return module + " may import " + strings.Join(modules[module], ", ")
	}
	if a, b := service(from), service(to); a != "" && b != "" && a != b {
		return "services know each other by their APIs"
	}
	return ""
}

func confinedTo(to string) []string {
	for library, places := range confined {
		if within(to, library) {
			return places
		}
	}
	return nil
}

// service is the name of the service that a package belongs to.
func service(p string) string {
	parts := strings.Split(p, "/")
	if len(parts) < 2 || parts[0] != "services" {
		return ""
	}
	return parts[1]
}

// pure libraries compute and do nothing else; hearts may use them.
var pure = []string{
	"github.com/google/uuid",
	"golang.org/x/crypto/argon2", // passwords
	"golang.org/x/text",          // words of other languages
	"github.com/gosimple/slug",   // addresses from titles
	"golang.org/x/sync/errgroup",
}

// worldly are the parts of the standard library in which the outside begins.
var worldly = []string{"database/sql", "net/http", "net/rpc", "net/smtp", "os", "log", "syscall", "testing"}

func refuseHeart(to string) string {
	switch {
	case within(to, "kit/fault", "kit/clock", "api/money"), within(to, pure...):
		return ""
	case isStandard(to) && !isOurs(to) && !within(to, worldly...):
		return ""
	}
	return "a heart knows the rules only: the standard library, kit/fault, kit/clock, api/money"
}

// refused is what each kind of hand would be surprised to meet.
var refused = map[string][]string{
	"db":  {"api/gen", "kit/rpc", "connectrpc.com", "net/http"},
	"rpc": {"kit/crdb", "kit/bus", "github.com/jackc/pgx"},
	"bus": {"github.com/jackc/pgx"},
}

func (h house) refuseHand(heart, suffix, to string) string {
	if within(to, refused[suffix]...) {
		return "not in a " + suffix + " hand"
	}
	if other, of := h.heartOf(to); other == heart && of != suffix && of != "proto" && suffix != "test" {
		return "hands meet in the heart"
	}
	if suffix != "db" && suffix != "test" && within(to, "github.com/jackc/pgx") {
		return "SQL is the db hand's"
	}
	return ""
}

func refusePage(to string) string {
	if within(to, "web/shell", "api/gen", "net/http", "kit", "connectrpc.com", "google.golang.org/protobuf") {
		return "a page is the same on the server and in the browser"
	}
	return ""
}

func TestRulesRefuse(t *testing.T) {
	plan := []string{
		"services/inventory", "services/inventory/internal/stock", "services/inventory/internal/stockdb", "services/inventory/internal/stockrpc",
		"services/inventory/internal/stockbus", "services/inventory/internal/stockproto", "services/inventory/internal/stocktest", "services/order",
	}
	for _, c := range []struct {
		from, to string
		test     bool
		want     bool // refused
	}{
		{"services/inventory", "services/inventory/internal/stockdb", false, false},
		{"services/inventory", "services/order", false, true},
		{"services/inventory", "services/order", true, true},
		{"services/inventory", "edge", false, true},
		{"services/inventory", "kit/kittest", true, false},
		{"services/inventory", "kit/kittest", false, true},
		{"services/inventory/internal/stocktest", "kit/kittest", false, false},
		{"services/inventory/internal/stock", "kit/fault", false, false},
		{"services/inventory/internal/stock", "api/money", false, false},
		{"services/inventory/internal/stock", "time", false, false},
		{"services/inventory/internal/stock", "github.com/google/uuid", false, false},
		{"services/inventory/internal/stock", "kit/crdb", false, true},
		{"services/inventory/internal/stock", "api/gen/souk/inventory/v1", false, true},
		{"services/inventory/internal/stock", "github.com/jackc/pgx/v5", false, true},
		{"services/inventory/internal/stock", "net/http", false, true},
		{"services/inventory/internal/stock", "log/slog", false, true},
		{"services/inventory/internal/stock", "os", false, true},
		{"services/inventory/internal/stock", "pgregory.net/rapid", true, false},
		{"services/inventory/internal/stockdb", "services/inventory/internal/stock", false, false},
		{"services/inventory/internal/stockdb", "kit/bus", false, false},
		{"services/inventory/internal/stockdb", "api/gen/souk/inventory/v1", false, true},
		{"services/inventory/internal/stockdb", "services/inventory/internal/stockrpc", false, true},
		{"services/inventory/internal/stockrpc", "services/inventory/internal/stockdb", false, true},
		{"services/inventory/internal/stockrpc", "services/inventory/internal/stockproto", false, false},
		{"services/inventory/internal/stockrpc", "kit/crdb", false, true},
		{"services/inventory/internal/stockbus", "kit/rpc", false, false}, // it may ask what it missed
		{"services/inventory/internal/stockbus", "services/inventory/internal/stockdb", false, true},
		{"services/inventory/internal/stockbus", "github.com/jackc/pgx/v5", false, true},
		{"services/inventory/internal/stockdb", "github.com/cockroachdb/cockroach-go/v2/crdb", false, true},
		{"kit/crdb", "github.com/cockroachdb/cockroach-go/v2/crdb", false, false},
		{"kit/rpc", "api/gen/souk/order/v1", false, true},
		{"kit/rpc", "api/gen/souk/order/v1", true, true},
		{"api/money", "kit/fault", false, true},
		{"api/gen/souk/order/v1", "api/gen/souk/type/v1", false, false},
		{"edge", "services/catalog", false, true},
		{"edge", "web", true, true},
		{"edge", "kit/bus", false, false},
		{"edge", "kit/crdb", false, true},
		{"edge", "kit/crdb", true, false},
		{"web", "services/catalog", false, true},
		{"web", "edge", false, true},
		{"web", "kit/run", false, false},
		{"web", "kit/crdb", false, true},
		{"web/storefront/page/cart", "web/ui", false, false},
		{"web/storefront/page/cart", "web/browser", false, false}, // its twins do nothing on the server
		{"web/storefront/page/cart", "net/http", false, true},
		{"web/storefront/page/cart", "syscall/js", false, true},
		{"web/storefront/page/cart", "github.com/maxence-charriere/go-app/v9/pkg/app", false, true},
		{"web/ui", "github.com/maxence-charriere/go-app/v9/pkg/app", false, false},
		{"cmd/souk", "services/inventory", false, false},
		{"cmd/souk", "services/inventory/internal/stock", false, true},
		{"cmd/souk", "edge", false, false},
		{"services/inventory", "cmd/souk", false, true},
	} {
		p := pkg{ImportPath: c.from, Imports: []string{c.to}}
		if c.test {
			p = pkg{ImportPath: c.from, XTestImports: []string{c.to}}
		}
		all := []pkg{p}
		for _, name := range plan {
			all = append(all, pkg{ImportPath: name})
		}
		if broken := check(all); (len(broken) > 0) != c.want {
			t.Errorf("%s importing %s (in a test: %v): %q, want it refused: %v", c.from, c.to, c.test, broken, c.want)
		}
	}
}
