package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/dirlock"
	"github.com/souk-commerce/souk/kit/postgres"
)

// room is a directory that the server's own user can reach.
func room(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "souk-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func start(t *testing.T, dir string) *postgres.Server {
	t.Helper()
	s, err := postgres.Start(t.Context(), postgres.Config{Dir: dir, Connections: 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	return s
}

func connect(t *testing.T, s *postgres.Server, database, role string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL(database, role))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func count(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM thing`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// postmaster is the server's process, as it says itself.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// gone waits until a process is no more.
func gone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
	}
	t.Fatalf("process %d is still there", pid)
}

func TestDatabasesAreKeptApart(t *testing.T) {
	dir := room(t)
	s := start(t, dir)
	for range 2 { // again without harm
		for _, name := range []string{"cart", "order"} {
			if err := s.EnsureDatabase(t.Context(), name, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	cart := connect(t, s, "cart", "cart")
	exec(t, cart, `CREATE TABLE thing (id INT8 PRIMARY KEY)`)
	exec(t, cart, `INSERT INTO thing (id) VALUES (1)`)
	if conn, err := pgx.Connect(t.Context(), s.URL("cart", "order")); err == nil {
		conn.Close(t.Context())
		t.Error("the role of order reaches the database of cart")
	}
	for setting, want := range map[string]string{"enable_seqscan": "off", "listen_addresses": "", "fsync": "on"} {
		var got string
		if err := cart.QueryRow(t.Context(), `SELECT current_setting($1)`, setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", setting, got, err, want)
		}
	}
	pid := postmaster(t, dir)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
	if err := s.Stop(); err != nil {
		t.Errorf("stopped again: %v", err)
	}
	again := start(t, dir)
	if n := count(t, connect(t, again, "cart", "cart")); n != 1 {
		t.Errorf("%d rows after a restart, want 1", n)
	}
}

func TestCrashLosesNothing(t *testing.T) {
	dir := room(t)
	s := start(t, dir)
	if err := s.EnsureDatabase(t.Context(), "cart", "cart"); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, s, "cart", "cart")
	exec(t, conn, `CREATE TABLE thing (id INT8 PRIMARY KEY)`)
	exec(t, conn, `INSERT INTO thing (id) VALUES (1), (2)`)
	open := connect(t, s, "cart", "cart")
	exec(t, open, `BEGIN`)
	exec(t, open, `INSERT INTO thing (id) VALUES (3)`)
	pid := postmaster(t, dir)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
	if err := s.Stop(); err == nil {
		t.Error("a server that had died was stopped without a word")
	}
	again := start(t, dir)
	if n := count(t, connect(t, again, "cart", "cart")); n != 2 {
		t.Errorf("%d rows after a crash, want the 2 that were committed", n)
	}
}

func TestSecondStartIsRefused(t *testing.T) {
	dir := room(t)
	s := start(t, dir)
	_, err := postgres.Start(t.Context(), postgres.Config{Dir: dir})
	if !errors.Is(err, dirlock.ErrInUse) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("a second start: %v; want ErrInUse with the directory and the process", err)
	}
	conn := connect(t, s, "postgres", postgres.Superuser)
	exec(t, conn, `SELECT 1`)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
}

func TestInitialisationThatWasCutOffIsMadeAgain(t *testing.T) {
	dir := room(t)
	half := filepath.Join(dir, "pg.new")
	if err := os.MkdirAll(filepath.Join(half, "base"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	exec(t, connect(t, s, "postgres", postgres.Superuser), `SELECT 1`)
}

// A shop that was killed leaves its server running; the next one takes over.
func TestServerOfAKilledShopIsTakenOver(t *testing.T) {
	dir := room(t)
	shop := anotherShop(t, dir)
	pid := postmaster(t, dir)
	if err := shop.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	shop.Wait() //nolint:errcheck // it was killed
	s := start(t, dir)
	gone(t, pid)
	exec(t, connect(t, s, "postgres", postgres.Superuser), `SELECT 1`)
}

const childDir = "SOUK_TEST_POSTGRES_CHILD"

// anotherShop starts a server from a process of its own, and returns when it runs.
func anotherShop(t *testing.T, dir string) *osexec.Cmd {
	t.Helper()
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "running\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	return cmd
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if _, err := postgres.Start(context.Background(), postgres.Config{Dir: dir, Connections: 20}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("running")
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		<-ctx.Done() // it is killed before
	}
	os.Exit(m.Run())
}
