package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/token"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "souk-journey-")
	if err != nil {
		panic(err)
	}
	// The database runs as another user, who has to get through.
	if err := os.Chmod(dir, 0o755); err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "souk")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build souk:", err)
		os.Exit(1)
	}
	code := m.Run()
	if common != nil {
		common.stop()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// shop is a souk dev that is running.
type shop struct {
	t       testing.TB
	dir     string
	url     string
	dev     string // the sandbox and the mails
	parts   map[string]string
	process *exec.Cmd
	ended   chan error
	out     *lines
}

var (
	common     *shop
	commonOnce sync.Once
)

// theShop is a shop that tests share; each brings its own shopper.
func theShop(t testing.TB) *shop {
	t.Helper()
	commonOnce.Do(func() {
		dir, err := os.MkdirTemp("", "souk-shop-")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		common = start(t, dir)
	})
	if common == nil {
		t.Fatal("the shop did not start")
	}
	own := *common
	own.t = t
	from := len(own.out.String())
	t.Cleanup(func() {
		if said := own.out.String()[from:]; t.Failed() && said != "" {
			t.Logf("the shop said:\n%s", said[:min(len(said), 8000)])
		}
	})
	return &own
}

// lines keeps what a process printed.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var (
	partLine = regexp.MustCompile(`^ready  (\S+)\s+(http://\S+)$`)
	urlLine  = regexp.MustCompile(`^  (Shop|Mails) +(http://[^/ ]+)`)
)

// start runs a shop over a data directory and returns when it is open.
func start(t testing.TB, dir string, more ...string) *shop {
	t.Helper()
	s := &shop{t: t, dir: dir, parts: map[string]string{}, out: &lines{}, ended: make(chan error, 1)}
	args := append([]string{"dev", "--data-dir", dir, "--listen", "127.0.0.1:0", "--dev-listen", "127.0.0.1:0", "--rate", "100000", "--burst", "100000"}, more...)
	s.process = exec.Command(binary, args...)
	s.process.Stderr = s.out
	// Ctrl-C of the test must not reach it before the test has ended it.
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	open := make(chan struct{})
	var once sync.Once // in a storm it opens again and again
	go func() {
		scan := bufio.NewScanner(stdout)
		for scan.Scan() {
			fmt.Fprintln(s.out, scan.Text())
			s.read(scan.Text())
			if strings.HasPrefix(scan.Text(), "Press Ctrl-C") {
				once.Do(func() { close(open) })
			}
		}
		s.ended <- s.process.Wait()
	}()
	select {
	case <-open:
	case err := <-s.ended:
		t.Fatalf("souk dev ended: %v\n%s", err, s.out)
	case <-time.After(2 * time.Minute):
		s.process.Process.Kill()
		t.Fatalf("souk dev did not open:\n%s", s.out)
	}
	return s
}

func (s *shop) read(line string) {
	if m := partLine.FindStringSubmatch(line); m != nil {
		s.parts[m[1]] = m[2]
	}
	if m := urlLine.FindStringSubmatch(line); m != nil {
		if m[1] == "Shop" {
			s.url = m[2]
		} else {
			s.dev = m[2]
		}
	}
}

// stop closes the shop as Ctrl-C does.
func (s *shop) stop() error {
	s.process.Process.Signal(os.Interrupt)
	select {
	case err := <-s.ended:
		return err
	case <-time.After(time.Minute):
		s.process.Process.Kill()
		return fmt.Errorf("souk dev did not close:\n%s", s.out)
	}
}

// kill ends the shop as a power cut does.
func (s *shop) kill() {
	s.process.Process.Kill()
	<-s.ended
}

// as returns a client that is known to the shop's services.
func (s *shop) as(key, issuer string, c token.Claims) connect.HTTPClient {
	s.t.Helper()
	seed, err := os.ReadFile(filepath.Join(s.dir, "keys", key))
	if err != nil {
		s.t.Fatal(err)
	}
	signer, err := token.NewSigner(issuer, strings.TrimSpace(string(seed)), clock.System)
	if err != nil {
		s.t.Fatal(err)
	}
	raw, err := signer.Sign(c, time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	return tokened(raw)
}

func (s *shop) shopper(id string) connect.HTTPClient {
	return s.as("account", "souk/account", token.Claims{Subject: id, Role: "shopper"})
}

func (s *shop) staff() connect.HTTPClient {
	return s.as("service", "souk/service", token.Claims{Subject: "test", Role: "admin"})
}

func (s *shop) service() connect.HTTPClient {
	return s.as("service", "souk/service", token.Claims{Subject: "test", Role: "service"})
}

type tokened string

var plenty = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// Do implements connect.HTTPClient.
func (t tokened) Do(req *http.Request) (*http.Response, error) {
	if t != "" {
		req.Header.Set("Authorization", "Bearer "+string(t))
	}
	return plenty.Do(req)
}

// cardToken is what a browser gets for a card.
func (s *shop) cardToken(number string) string {
	s.t.Helper()
	token, err := s.askCardToken(number)
	if err != nil {
		s.t.Fatalf("no token for the card: %v", err)
	}
	return token
}

func (s *shop) askCardToken(number string) (string, error) {
	body := fmt.Sprintf(`{"publishable_key":"pk_sandbox","number":%q,"exp_month":12,"exp_year":2099,"cvc":"123"}`, number)
	resp, err := plenty.Post(s.dev+"/sandbox/v1/tokens", "application/json", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct{ Token string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", errors.New("there is none in the answer")
	}
	return answer.Token, nil
}

// mail is a message that was caught.
type mail struct{ ID, Subject, Text, HTML string }

func (s *shop) mails(to string) []mail {
	s.t.Helper()
	resp, err := plenty.Get(s.dev + "/mail/api/messages?to=" + url.QueryEscape(to))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var caught []mail
	if err := json.NewDecoder(resp.Body).Decode(&caught); err != nil {
		s.t.Fatal(err)
	}
	return caught
}

func waitFor(t testing.TB, what string, within time.Duration, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-ticker.C:
		}
	}
}
