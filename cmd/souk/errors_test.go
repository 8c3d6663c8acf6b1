package main_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// h2c speaks HTTP/2 without TLS, as gRPC clients do.
var h2c = &http.Client{Transport: func() *http.Transport {
	t := &http.Transport{Protocols: new(http.Protocols)}
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}()}

// souk runs the program to its end.
func souk(t *testing.T, env []string, args ...string) (code int, out string) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), env...)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// TestItSaysWhatIsWrong gives the program what it cannot use: one clear line each.
func TestItSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := theShop(t)
	dev := func(more ...string) []string {
		return append([]string{"dev", "--data-dir", t.TempDir(), "--listen", "127.0.0.1:0", "--dev-listen", "127.0.0.1:0"}, more...)
	}
	cases := []struct {
		name string
		env  []string
		args []string
		want string
	}{
		{"a port in use", nil, dev("--listen", taken.Addr().String()), "is in use by another program"},
		{"the other port in use", nil, dev("--dev-listen", taken.Addr().String()), "--dev-listen"},
		{"a folder that is a file", nil, dev("--data-dir", filepath.Join(file, "x")), "cannot be written to"},
		{"a folder in use", nil, dev("--data-dir", s.dir), "another souk dev is using"},
		{"no PostgreSQL", []string{"SOUK_POSTGRES_BIN=" + t.TempDir()}, dev(), "apt-get install postgresql"},
		{"a database that is not there", []string{"SOUK_DATABASE_URL=postgres://nobody@127.0.0.1:1/x"}, dev(), "SOUK_DATABASE_URL"},
		{"no such service", nil, []string{"serve", "teapots"}, `there is no service "teapots"`},
		{"no database", []string{"SOUK_DATABASE_URL="}, []string{"migrate", "cart"}, "set SOUK_DATABASE_URL"},
		{"no shop to import into", nil, []string{"import", "--shop", "http://127.0.0.1:1", "--data-dir", s.dir, "--mapping", "shopify", file}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code, out := souk(t, c.env, c.args...)
			if code != 1 || !strings.Contains(out, c.want) || strings.Contains(out, "goroutine") {
				t.Errorf("exit %d, want 1 and %q:\n%s", code, c.want, out)
			}
			if lines := strings.Count(strings.TrimSpace(out), "\n"); !strings.HasPrefix(out, "ready") && lines > 1 {
				t.Errorf("%d lines, want one:\n%s", lines+1, out)
			}
		})
	}
}

func TestHelpEverywhere(t *testing.T) {
	for _, command := range []string{"", "dev", "serve", "edge", "web", "migrate", "import", "version"} {
		code, out := souk(t, nil, strings.Fields(command+" --help")...)
		if code != 0 || !strings.Contains(out, "Usage: souk") {
			t.Errorf("souk %s --help: exit %d:\n%s", command, code, out)
		}
	}
	if code, out := souk(t, nil, "version"); code != 0 || !strings.HasPrefix(out, "souk ") {
		t.Errorf("souk version: exit %d: %s", code, out)
	}
}

// TestItStaysSmall looks at the memory of a shop that has been used.
func TestItStaysSmall(t *testing.T) {
	s := theShop(t)
	for range 200 {
		for _, path := range []string{"/", "/c/kitchen", "/search?q=lamp", "/p/enamel-teapot"} {
			if status, _ := s.get(path); status != http.StatusOK {
				t.Fatalf("%s: status %d", path, status)
			}
		}
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(s.process.Process.Pid) + "/status")
	if err != nil {
		t.Skip("only Linux tells how much memory a process has")
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB", kilobytes/1000)
	if kilobytes > 300_000 {
		t.Errorf("%d kB resident, want under 300 MB", kilobytes)
	}
}

// TestClosingTakesEverythingAlong closes a shop and looks for what is left.
func TestClosingTakesEverythingAlong(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	began := time.Now()
	if err := s.stop(); err != nil {
		t.Fatalf("ended with %v:\n%s", err, s.out)
	}
	t.Logf("closed in %v", time.Since(began))
	// Its PostgreSQL has the folder on its command line.
	left, err := exec.Command("pgrep", "-f", dir).Output()
	if err == nil {
		t.Errorf("still running: %s", left)
	}
	s = start(t, dir)
	if strings.Contains(s.out.String(), "demo catalog") {
		t.Error("the demo catalog was loaded a second time")
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
