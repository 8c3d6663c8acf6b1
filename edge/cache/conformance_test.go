package cache_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/souk-commerce/souk/edge/cache"
)

// declined are tests that we do not want to pass, or do not pass yet, with the
// reason; docs/edge.md tells them, too.
const declinedFile = "testdata/declined.json"

// TestConformance runs the public suite github.com/http-tests/cache-tests, of which
// CACHE_TESTS is a copy with its dependencies installed.
func TestConformance(t *testing.T) {
	dir := os.Getenv("CACHE_TESTS")
	if dir == "" {
		t.Skip("CACHE_TESTS is not the path of a copy of github.com/http-tests/cache-tests")
	}
	origin := startOrigin(t, dir)
	store, err := cache.NewStore(64 << 20)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	store.Follow(0)
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	c := cache.New(cache.Config{Store: store, StaleIfDown: time.Hour, Origin: to{origin, transport}})
	server := httptest.NewServer(c)
	defer server.Close()
	run := exec.Command("node", "--no-warnings", "test-engine/cli.mjs")
	run.Dir, run.Stderr = dir, os.Stderr
	run.Env = append(os.Environ(), "npm_config_base="+server.URL, "npm_config_id="+os.Getenv("CACHE_TEST"), "npm_package_config_id=")
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("CACHE_TEST") != "" {
		t.Logf("%s", out)
		return
	}
	results := map[string]json.RawMessage{}
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	judge(t, suites(t, dir), results)
}

// to sends requests to an origin, as those who asked sent them.
type to struct {
	origin *url.URL
	next   http.RoundTripper
}

func (o to) RoundTrip(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = o.origin.Scheme, o.origin.Host, ""
	return o.next.RoundTrip(out)
}

func startOrigin(t *testing.T, dir string) *url.URL {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	server := exec.Command("node", "test-engine/server/server.mjs")
	server.Dir = dir
	server.Env = append(os.Environ(), "npm_config_protocol=http", "npm_config_port="+port, "npm_config_pidfile="+filepath.Join(t.TempDir(), "pid"))
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	line := make([]byte, 64)
	if _, err := said.Read(line); err != nil || !bytes.Contains(line, []byte("Listening")) {
		t.Fatalf("the origin says %q, %v", line, err)
	}
	go func() {
		for {
			if _, err := said.Read(line); err != nil {
				return
			}
		}
	}()
	return &url.URL{Scheme: "http", Host: "localhost:" + port}
}

type suite struct {
	ID    string
	Tests []struct {
		ID, Kind    string
		Depends     []string `json:"depends_on"`
		BrowserOnly bool     `json:"browser_only"`
	}
}

func suites(t *testing.T, dir string) (all []suite) {
	t.Helper()
	run := exec.Command("node", "--input-type=module", "-e", `import all from "./tests/index.mjs"; console.log(JSON.stringify(all))`)
	run.Dir = dir
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// judge counts what passes, where what a test depends on has to pass, too.
func judge(t *testing.T, all []suite, results map[string]json.RawMessage) {
	t.Helper()
	var declined map[string]string
	raw, err := os.ReadFile(declinedFile)
	if err == nil {
		err = json.Unmarshal(raw, &declined)
	}
	if err != nil {
		t.Fatal(err)
	}
	depends := map[string][]string{}
	for _, s := range all {
		for _, test := range s.Tests {
			depends[test.ID] = test.Depends
		}
	}
	var passes func(id string) bool
	passes = func(id string) bool {
		return string(results[id]) == "true" && !slices.ContainsFunc(depends[id], func(d string) bool { return !passes(d) })
	}
	kinds := []string{"required", "optimal", "check"}
	sum := map[string][2]int{}
	var table strings.Builder
	var failed []string
	for _, s := range all {
		own := map[string][2]int{}
		for _, test := range s.Tests {
			kind := test.Kind
			if kind == "" {
				kind = "required"
			}
			if test.BrowserOnly {
				continue
			}
			counts, total := own[kind], sum[kind]
			counts[1]++
			total[1]++
			if passes(test.ID) {
				counts[0]++
				total[0]++
			} else if kind != "check" {
				failed = append(failed, test.ID)
				if _, known := declined[test.ID]; !known {
					t.Errorf("%s %s fails: %s", kind, test.ID, results[test.ID])
				}
			}
			own[kind], sum[kind] = counts, total
		}
		fmt.Fprintf(&table, "%-22s", s.ID)
		for _, kind := range kinds {
			fmt.Fprintf(&table, "  %s %d/%d", kind, own[kind][0], own[kind][1])
		}
		table.WriteByte('\n')
	}
	for _, kind := range kinds {
		fmt.Fprintf(&table, "%s: %d of %d\n", kind, sum[kind][0], sum[kind][1])
	}
	t.Log("\n" + table.String())
	for _, id := range slices.Sorted(maps.Keys(declined)) {
		if !slices.Contains(failed, id) {
			t.Errorf("%s is declined and passes: take it off the list", id)
		}
	}
}
