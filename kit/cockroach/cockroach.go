// Package cockroach starts and stops an embedded default database: the machine's
// own CockroachDB, run privately as one node under a data directory. It listens on
// the loopback interface without passwords, which is for laptops only.
package cockroach

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/souk-commerce/souk/kit/dirlock"
	"github.com/souk-commerce/souk/kit/postgres"
)

// Find returns the machine's cockroach program, or "" when there is none.
func Find() string {
	program, err := exec.LookPath("cockroach")
	if err != nil {
		return ""
	}
	return program
}

// Config says where the node's data lies and which program runs it.
type Config struct {
	// Made when it is not there.
	Dir     string
	Program string
}

// Server is a running node.
type Server struct {
	lock *os.File
	node *exec.Cmd
	// Closed when the node has ended.
	ended   chan struct{}
	address *url.URL
}

const (
	startTime = 60 * time.Second
	pollTime  = 25 * time.Millisecond
)

// Start starts the node on its data. One that an earlier life of the same data
// directory left running is stopped first. A directory that a living process uses
// gives dirlock.ErrInUse.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	s := &Server{ended: make(chan struct{})}
	if s.lock, err = dirlock.Take(dir); err != nil {
		return nil, err
	}
	if err := s.bringUp(ctx, dir, cfg.Program); err != nil {
		s.lock.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) bringUp(ctx context.Context, dir, program string) error {
	var (
		store   = filepath.Join(dir, "crdb")
		pidFile = filepath.Join(dir, "crdb.pid")
		urlFile = filepath.Join(dir, "crdb.url")
	)
	if err := stopStray(ctx, pidFile, store); err != nil {
		return err
	}
	for _, stale := range []string{pidFile, urlFile} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	log, err := os.Create(filepath.Join(dir, "crdb.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.node = exec.Command(program, "start-single-node", "--insecure", "--store=path="+store,
		"--listen-addr=127.0.0.1:0", "--http-addr=127.0.0.1:0", "--cache=128MiB", "--max-sql-memory=128MiB",
		"--external-io-dir=disabled", "--pid-file="+pidFile, "--listening-url-file="+urlFile)
	s.node.Stdout, s.node.Stderr = log, log
	s.node.Dir = dir
	// Its own process group: Ctrl-C in the terminal is for us, who stop it in order.
	s.node.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.node.Start(); err != nil {
		return fmt.Errorf("start CockroachDB: %w", err)
	}
	go func() {
		_ = s.node.Wait()
		close(s.ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if s.address, err = s.listening(ctx, urlFile); err != nil {
		s.end(syscall.SIGKILL)
		return fmt.Errorf("%w; its log is %s", err, log.Name())
	}
	return nil
}

// listening waits until the node has written where it can be reached.
func (s *Server) listening(ctx context.Context, urlFile string) (*url.URL, error) {
	poll := time.NewTicker(pollTime)
	defer poll.Stop()
	for {
		// The line is there when its end is.
		if text, err := os.ReadFile(urlFile); err == nil && bytes.HasSuffix(text, []byte("\n")) {
			return url.Parse(strings.TrimSpace(string(text)))
		}
		select {
		case <-poll.C:
		case <-s.ended:
			return nil, fmt.Errorf("CockroachDB ended: %s", s.node.ProcessState)
		case <-ctx.Done():
			return nil, fmt.Errorf("CockroachDB does not get ready: %w", ctx.Err())
		}
	}
}

// stopStray ends the node that the pid file names, if it is one on our store.
func stopStray(ctx context.Context, pidFile, store string) error {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return nil
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || !runs(ctx, pid, store) {
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("stop the CockroachDB left running, process %d: %w", pid, err)
	}
	poll := time.NewTicker(pollTime)
	defer poll.Stop()
	for runs(ctx, pid, store) {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// runs tells whether a process is alive and is a node on this store.
func runs(ctx context.Context, pid int, store string) bool {
	args, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(args), "--store=path="+store)
}

// end signals the node and waits until it has ended.
func (s *Server) end(signal syscall.Signal) {
	_ = s.node.Process.Signal(signal)
	<-s.ended
}

// Stop drains the node and ends it.
func (s *Server) Stop() error {
	drained := time.AfterFunc(startTime, func() { _ = s.node.Process.Kill() })
	defer drained.Stop()
	s.end(syscall.SIGTERM)
	return s.lock.Close()
}

// URL is the address of a database for a role.
func (s *Server) URL(database, role string) string {
	u := *s.address
	u.User, u.Path = url.User(role), "/"+database
	return u.String()
}

// EnsureDatabase makes a database and the role that owns it. Names are ours,
// never strangers'.
func (s *Server) EnsureDatabase(ctx context.Context, database, role string) error {
	conn, err := pgx.Connect(ctx, s.address.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return postgres.Ensure(ctx, conn, database, role, "")
}
