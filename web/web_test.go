package web

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestProgramLinksNoServer lists what the browser's program is made of.
func TestProgramLinksNoServer(t *testing.T) {
	// What no build may link, and what only the build against the trimmed go-app
	// does without.
	never := []string{"connectrpc.com/connect", "google.golang.org/protobuf", "golang.org/x/net", "html/template", "github.com/souk-commerce/souk/kit"}
	trimmed := []string{"net/http", "crypto/tls", "net"}

	args := []string{"list", "-deps"}
	forbidden := never
	if _, err := os.Stat("../.build/web.mod"); err == nil {
		args = append(args, "-modfile=../.build/web.mod")
		forbidden = append(forbidden, trimmed...)
	}
	cmd := exec.Command("go", append(args, "./storefront/browser")...)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	for dependency := range strings.Lines(string(out)) {
		dependency = strings.TrimSpace(dependency)
		for _, no := range forbidden {
			if dependency == no || strings.HasPrefix(dependency, no+"/") && no != "net" {
				t.Errorf("the browser's program links %s", dependency)
			}
		}
	}
}

// largest is how many bytes of brotli the storefront may be.
const largest = 1_800_000

func TestProgramIsSmall(t *testing.T) {
	info, err := os.Stat("dist/storefront.wasm.br")
	if err != nil {
		t.Skip("the browser's program is not built")
	}
	if info.Size() > largest {
		t.Errorf("the storefront is %d bytes in brotli, at most %d", info.Size(), largest)
	}
}

func TestPublicPaths(t *testing.T) {
	if got, want := PublicPaths(), []string{"/sitemap.xml$", "/$", "/c/", "/search$", "/p/", "/offline$"}; !slices.Equal(got, want) {
		t.Errorf("PublicPaths = %q, want %q", got, want)
	}
}
