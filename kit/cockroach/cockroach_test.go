package cockroach_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/cockroach"
	"github.com/souk-commerce/souk/kit/dirlock"
	"github.com/souk-commerce/souk/kit/postgres"
)

// The launcher is tried on the machine's CockroachDB where there is one; and
// always on a stand-in, this test's own program, that takes the same flags and
// leads to a real PostgreSQL.
const standIn = "SOUK_TEST_COCKROACH"

func TestMain(m *testing.M) {
	if address := os.Getenv(standIn); address != "" {
		play(address)
		return
	}
	os.Exit(m.Run())
}

// play does what `cockroach start-single-node` does, as far as its caller sees.
func play(address string) {
	flags := flag.NewFlagSet("start-single-node", flag.ExitOnError)
	flags.Bool("insecure", false, "")
	var pidFile, urlFile, store string
	flags.StringVar(&pidFile, "pid-file", "", "")
	flags.StringVar(&urlFile, "listening-url-file", "", "")
	flags.StringVar(&store, "store", "", "")
	for _, ignored := range []string{"listen-addr", "http-addr", "cache", "max-sql-memory", "external-io-dir"} {
		flags.String(ignored, "", "")
	}
	_ = flags.Parse(os.Args[2:])
	if address == "broken" {
		fmt.Println("no disk left")
		os.Exit(7)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	_ = os.MkdirAll(strings.TrimPrefix(store, "path="), 0o700)
	_ = os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
	_ = os.WriteFile(urlFile, []byte(address+"\n"), 0o600)
	<-ctx.Done()
}

func start(t *testing.T, program, dir string) *cockroach.Server {
	t.Helper()
	s, err := cockroach.Start(t.Context(), cockroach.Config{Dir: dir, Program: program})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	return s
}

func pidOf(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "crdb.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestNodeStartsOnceAndStops(t *testing.T) {
	t.Setenv(standIn, "postgresql://root@127.0.0.1:1/defaultdb?sslmode=disable")
	dir := t.TempDir()
	s := start(t, os.Args[0], dir)
	if got, want := s.URL("cart", "cart"), "postgresql://cart@127.0.0.1:1/cart?sslmode=disable"; got != want {
		t.Errorf("the address is %s, want %s", got, want)
	}
	if _, err := cockroach.Start(t.Context(), cockroach.Config{Dir: dir, Program: os.Args[0]}); !errors.Is(err, dirlock.ErrInUse) {
		t.Errorf("started twice on the same data: %v", err)
	}
	pid := pidOf(t, dir)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if alive(pid) {
		t.Error("the node runs on after Stop")
	}
}

func TestNodeOfAKilledShopIsEnded(t *testing.T) {
	t.Setenv(standIn, "postgresql://root@127.0.0.1:1/defaultdb?sslmode=disable")
	dir := t.TempDir()
	left := start(t, os.Args[0], dir)
	pid := pidOf(t, dir)
	// What the kernel does for a shop that is killed: its lock goes, its node stays.
	left.Abandon()
	again := start(t, os.Args[0], dir)
	if alive(pid) {
		t.Error("two nodes run on the same data")
	}
	if pidOf(t, dir) == pid {
		t.Error("there is no new node")
	}
	if err := again.Stop(); err != nil {
		t.Error(err)
	}
}

func TestNodeThatDoesNotStartSaysWhere(t *testing.T) {
	t.Setenv(standIn, "broken")
	dir := t.TempDir()
	_, err := cockroach.Start(t.Context(), cockroach.Config{Dir: dir, Program: os.Args[0]})
	if err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "crdb.log") {
		t.Errorf("the error is %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "crdb.log")); !strings.Contains(string(text), "no disk left") {
		t.Errorf("the log says %q, %v", text, err)
	}
}

func TestDatabasesAreMadeThroughTheNode(t *testing.T) {
	dir, err := os.MkdirTemp("", "souk-cockroach-") // reachable for the database's own user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	behind, err := postgres.Start(t.Context(), postgres.Config{Dir: dir, Unsafe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { behind.Stop() })
	t.Setenv(standIn, behind.URL("postgres", postgres.Superuser))
	s := start(t, os.Args[0], t.TempDir())
	for range 2 { // again without harm
		if err := s.EnsureDatabase(t.Context(), "cart", "cart"); err != nil {
			t.Fatal(err)
		}
	}
	writes(t, s, "cart")
}

func TestRealCockroach(t *testing.T) {
	program := cockroach.Find()
	if program == "" {
		t.Skip("no cockroach on PATH")
	}
	dir := t.TempDir()
	s := start(t, program, dir)
	if err := s.EnsureDatabase(t.Context(), "cart", "cart"); err != nil {
		t.Fatal(err)
	}
	writes(t, s, "cart")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), start(t, program, dir).URL("cart", "cart"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var n int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM thing`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows after a restart, %v; want 1", n, err)
	}
}

func writes(t *testing.T, s *cockroach.Server, name string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL(name, name))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range []string{`CREATE TABLE thing (id INT8 PRIMARY KEY)`, `INSERT INTO thing (id) VALUES (1)`} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}
