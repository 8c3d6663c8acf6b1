// Package postgres starts and stops the embedded default database: a PostgreSQL
// of the machine, run privately under a data directory, reached through a Unix
// socket only.
package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/dirlock"
	"github.com/souk-commerce/souk/kit/fault"
)

// ErrMissing is returned when the machine has no PostgreSQL that will do.
var ErrMissing = fault.New(fault.Refused, "postgres_missing",
	"PostgreSQL 15 or later is not installed. Install it with: apt-get install postgresql — or name a database with SOUK_DATABASE_URL.")

const oldest = 15

// Config says where the cluster lies and how it runs.
type Config struct {
	// Made when it is not there.
	Dir string
	// True for tests: nothing survives a power cut, everything is faster.
	Unsafe bool
	// Folder of PostgreSQL's programs; empty: the newest that is installed.
	Bin string
	// Most connections over all databases; 200 when 0.
	Connections int
}

// Server is a running cluster.
type Server struct {
	lock         *os.File
	data, socket string
	bin          string
	cred         *syscall.Credential
	started      bool
}

// Start makes the cluster when it is new and starts it. One that is still
// running from an earlier life of the same data directory is stopped first, so
// that its settings are ours. A directory that a living process uses gives dirlock.ErrInUse.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	bin, err := find(cfg.Bin)
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if os.Geteuid() == 0 {
		if s.cred, err = unprivileged(); err != nil {
			return nil, err
		}
		if dir, err = reachable(dir, s.cred); err != nil {
			return nil, err
		}
	}
	s.data, s.socket = filepath.Join(dir, "pg"), socketDir(dir)
	if s.lock, err = dirlock.Take(dir); err != nil {
		return nil, err
	}
	if err := s.bringUp(ctx, dir, cfg); err != nil {
		s.lock.Close()
		return nil, err
	}
	s.started = true
	return s, nil
}

func (s *Server) bringUp(ctx context.Context, dir string, cfg Config) error {
	if err := s.own(dir, s.socket); err != nil {
		return err
	}
	if err := s.initialise(ctx); err != nil {
		return err
	}
	s.stopStray(ctx)
	return s.start(ctx, cfg)
}

// find returns the folder named, or that of the newest PostgreSQL, when it will do.
func find(named string) (string, error) {
	if named != "" {
		return firstOf(named)
	}
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(candidates, func(a, b string) int { return version(b) - version(a) })
	if onPath, err := exec.LookPath("initdb"); err == nil {
		candidates = append(candidates, filepath.Dir(onPath))
	}
	candidates = append(candidates, "/usr/pgsql-17/bin", "/usr/pgsql-16/bin", "/usr/pgsql-15/bin", "/opt/homebrew/opt/postgresql@17/bin", "/opt/homebrew/opt/postgresql@16/bin", "/opt/homebrew/opt/postgresql@15/bin", "/usr/local/opt/postgresql@16/bin")
	return firstOf(candidates...)
}

// firstOf returns the first folder that has a PostgreSQL that is new enough.
func firstOf(candidates ...string) (string, error) {
	for _, dir := range candidates {
		out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
		if err != nil {
			continue
		}
		fields := strings.Fields(string(out))
		for _, f := range fields {
			major, _, _ := strings.Cut(f, ".")
			if n, err := strconv.Atoi(major); err == nil && n >= oldest {
				return dir, nil
			}
		}
	}
	return "", ErrMissing
}

func version(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	return n
}

// unprivileged returns whom the server runs as when we are root: PostgreSQL
// refuses to be.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("running as root, and there is neither a user postgres nor nobody to run PostgreSQL as")
}

// reachable returns dir, or when the unprivileged user may not walk to it, a
// folder in /var/lib/souk whose name stands for dir.
func reachable(dir string, cred *syscall.Credential) (string, error) {
	for parent := dir; parent != "/"; parent = filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return "", err
		}
		st := info.Sys().(*syscall.Stat_t)
		if info.Mode()&0o001 == 0 && st.Uid != cred.Uid {
			sum := sha256.Sum256([]byte(dir))
			other := filepath.Join("/var/lib/souk", hex.EncodeToString(sum[:6]))
			if err := os.MkdirAll(other, 0o755); err != nil {
				return "", err
			}
			return other, os.WriteFile(filepath.Join(dir, "location"), []byte(other+"\n"), 0o644)
		}
	}
	return dir, nil
}

// socketDir is a short path: Unix sockets allow about a hundred characters.
func socketDir(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(os.TempDir(), "souk-pg-"+hex.EncodeToString(sum[:6]))
}

func (s *Server) own(dirs ...string) error {
	for _, d := range dirs {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("data directory: %w", err)
		}
		if s.cred != nil {
			if err := os.Chown(d, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.Dir = s.socket
	// Its own process group: Ctrl-C in the terminal is for us, who stop it in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.cred}
	cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+s.socket)
	return cmd
}

func (s *Server) run(ctx context.Context, name string, args ...string) error {
	out, err := s.command(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// initialise makes the cluster under another name first, so that one cut off
// half-way is made again.
func (s *Server) initialise(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(s.data, "PG_VERSION")); err == nil {
		return nil
	}
	making := s.data + ".new"
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	if err := s.run(ctx, "initdb", "-D", making, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"); err != nil {
		return err
	}
	return os.Rename(making, s.data)
}

// stopStray stops a server that an earlier life of ours left running.
func (s *Server) stopStray(ctx context.Context) {
	if _, err := os.Stat(filepath.Join(s.data, "postmaster.pid")); err != nil {
		return
	}
	// pg_ctl reads the pid file and fails when that process is gone, which is fine:
	// the server itself then takes the stale file over.
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	_ = s.run(ctx, "pg_ctl", "-D", s.data, "-m", "immediate", "-w", "stop")
}

func (s *Server) start(ctx context.Context, cfg Config) error {
	connections := cfg.Connections
	if connections == 0 {
		connections = 200
	}
	settings := map[string]string{
		"listen_addresses": "", "unix_socket_directories": s.socket, "unix_socket_permissions": "0700",
		"max_connections": strconv.Itoa(connections), "shared_buffers": "64MB", "deadlock_timeout": "50ms",
		"max_wal_size": "512MB", "logging_collector": "off", "jit": "off", "max_pred_locks_per_transaction": "256",
		"timezone": "UTC", "log_timezone": "UTC", "max_parallel_workers_per_gather": "0",
		"autovacuum_naptime": "30s", "wal_compression": "on",
	}
	if s.cred != nil {
		// The socket belongs to the other user; root may use it anyway.
		settings["unix_socket_permissions"] = "0700"
	}
	if cfg.Unsafe {
		settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"] = "off", "off", "off"
	}
	var options []string
	for _, name := range slices.Sorted(keys(settings)) {
		options = append(options, "-c "+name+"="+quote(settings[name]))
	}
	log := filepath.Join(s.socket, "postgres.log")
	return s.run(ctx, "pg_ctl", "-D", s.data, "-l", log, "-o", strings.Join(options, " "), "-t", "60", "-w", "start")
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func quote(v string) string { return "'" + strings.ReplaceAll(v, "'", `'\''`) + "'" }

// Stop shuts the server down in order: open transactions are rolled back,
// everything committed is on disk.
func (s *Server) Stop() error {
	if !s.started {
		return nil
	}
	s.started = false
	defer s.lock.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	if err := s.run(ctx, "pg_ctl", "-D", s.data, "-m", "fast", "-w", "stop"); err != nil {
		return err
	}
	return os.RemoveAll(s.socket)
}

// URL is the address of a database for a role.
func (s *Server) URL(database, role string) string {
	q := url.Values{"host": {s.socket}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: q.Encode()}).String()
}

// Superuser is the role that EnsureDatabase works as.
const Superuser = "postgres"

// EnsureDatabase makes a database and the role that owns it and can reach no
// other one. Names are ours, never strangers'.
func (s *Server) EnsureDatabase(ctx context.Context, database, role string) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres", Superuser))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return Ensure(ctx, conn, database, role, "")
}

const (
	findRole     = `SELECT count(*) FROM pg_roles WHERE rolname = $1`
	findDatabase = `SELECT count(*) FROM pg_database WHERE datname = $1`
	tellVersion  = `SELECT version()`
)

// Ensure makes a database and its role over a superuser's connection, on
// PostgreSQL or CockroachDB. The role gets the password unless it is empty.
func Ensure(ctx context.Context, conn *pgx.Conn, database, role, password string) error {
	var n int
	if err := conn.QueryRow(ctx, findRole, role).Scan(&n); err != nil {
		return err
	}
	name, owner := pgx.Identifier{database}.Sanitize(), pgx.Identifier{role}.Sanitize()
	if n == 0 {
		if _, err := conn.Exec(ctx, "CREATE ROLE "+owner+" LOGIN"); err != nil {
			return err
		}
	}
	if password != "" {
		if _, err := conn.Exec(ctx, "ALTER ROLE "+owner+" PASSWORD '"+strings.ReplaceAll(password, "'", "''")+"'"); err != nil {
			return err
		}
	}
	var server string
	if err := conn.QueryRow(ctx, tellVersion).Scan(&server); err != nil {
		return err
	}
	if strings.HasPrefix(server, "PostgreSQL") {
		// It scans small tables whole, and SERIALIZABLE then sees conflicts that are none.
		if _, err := conn.Exec(ctx, "ALTER ROLE "+owner+" SET enable_seqscan = off"); err != nil {
			return err
		}
	}
	if err := conn.QueryRow(ctx, findDatabase, database).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+name+" OWNER "+owner); err != nil {
			return err
		}
	}
	_, err := conn.Exec(ctx, "REVOKE CONNECT ON DATABASE "+name+" FROM PUBLIC")
	return err
}
