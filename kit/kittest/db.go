// Package kittest is what tests of services stand on: a real database for each
// test, a real stream, callers of every role.
package kittest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/postgres"
)

// cluster is the PostgreSQL of this test process.
type cluster struct {
	server    *postgres.Server
	dir       string
	templates map[string]string
	mu        sync.Mutex
	next      atomic.Int64
}

var (
	shared     *cluster
	sharedErr  error
	sharedOnce sync.Once
)

// Main runs a package's tests and stops the database that they used. A package
// that calls DB has it as its TestMain:
//
//	func TestMain(m *testing.M) { kittest.Main(m) }
func Main(m *testing.M) {
	code := m.Run()
	if shared != nil {
		if err := shared.server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

func start() {
	sweepDead()
	dir := filepath.Join(os.TempDir(), "souk-test-"+strconv.Itoa(os.Getpid()))
	server, err := postgres.Start(context.Background(), postgres.Config{Dir: dir, Unsafe: true, Connections: 400})
	if err != nil {
		sharedErr = err
		return
	}
	shared = &cluster{server: server, dir: dir, templates: map[string]string{}}
}

// sweepDead removes what test processes that were killed left behind.
func sweepDead() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "souk-test-*"))
	for _, dir := range left {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(dir), "souk-test-"))
		if err != nil || syscall.Kill(pid, 0) == nil {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid")); err == nil {
			first, _, _ := strings.Cut(string(text), "\n")
			if server, err := strconv.Atoi(first); err == nil && isPostgres(server) {
				syscall.Kill(server, syscall.SIGQUIT)
			}
		}
		os.RemoveAll(dir)
	}
}

func isPostgres(pid int) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return err == nil && strings.HasPrefix(string(name), "postgres")
}

// DB returns a database of the test's own, at SERIALIZABLE, migrated with the
// platform's tables and the migrations given. It is gone when the test ends.
func DB(t testing.TB, migrations fs.FS) *crdb.DB {
	t.Helper()
	db, err := crdb.Open(t.Context(), DatabaseURL(t, migrations), crdb.Connections(16))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// DatabaseURL is like DB, for code that connects by itself.
func DatabaseURL(t testing.TB, migrations fs.FS) string {
	t.Helper()
	sharedOnce.Do(start)
	if sharedErr != nil {
		t.Fatal(sharedErr)
	}
	template, err := shared.template(context.Background(), migrations)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d", shared.next.Add(1))
	if err := shared.admin(context.Background(), "CREATE DATABASE "+name+" TEMPLATE "+template+" OWNER tester"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shared.admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return shared.server.URL(name, "tester")
}

func (c *cluster) admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, c.server.URL("postgres", postgres.Superuser))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// template returns the database that has just the migrations, made on first use.
func (c *cluster) template(ctx context.Context, migrations fs.FS) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hash, err := hashOf(migrations)
	if err != nil {
		return "", err
	}
	if name, ok := c.templates[hash]; ok {
		return name, nil
	}
	name := "template_" + hash
	if err := c.server.EnsureDatabase(ctx, name, "tester"); err != nil {
		return "", err
	}
	db, err := crdb.Open(ctx, c.server.URL(name, "tester"))
	if err != nil {
		return "", err
	}
	defer db.Close()
	if err := crdb.Migrate(ctx, db, migrations); err != nil {
		return "", err
	}
	c.templates[hash] = name
	return name, nil
}

func hashOf(migrations fs.FS) (string, error) {
	sum := sha256.New()
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return "", err
	}
	for _, n := range names {
		text, err := fs.ReadFile(migrations, n)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", n, len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}
