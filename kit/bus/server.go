package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// syncInterval is how long the embedded server may keep acknowledged messages
// out of its files.
const syncInterval = time.Second

// Server is a JetStream server in this process, for a laptop and for tests.
type Server struct{ nats *server.Server }

// Embedded starts a server that keeps its streams in dir and listens nowhere.
func Embedded(dir string) (*Server, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	s, err := server.NewServer(&server.Options{
		ServerName: "souk", DontListen: true, NoSigs: true,
		JetStream: true, StoreDir: dir, SyncInterval: syncInterval,
		JetStreamMaxMemory: 16 << 20, JetStreamMaxStore: 4 << 30,
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	words := &journal{}
	s.SetLoggerV2(words, false, false, false)
	s.Start()
	// Where JetStream cannot start, Start has returned and said why.
	if !s.JetStreamEnabled() || !s.ReadyForConnections(10*time.Second) {
		s.Shutdown()
		return nil, fmt.Errorf("events: the server did not start in %s: %w", dir, words.why())
	}
	return &Server{s}, nil
}

// Close stops the server when everything is on disk.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

// Dial connects to the server within the process.
func (s *Server) Dial(ctx context.Context) (*Bus, error) {
	return dial(ctx, "", nats.InProcessServer(s.nats))
}

// journal passes the server's troubles on to the log, and keeps what it died of.
type journal struct {
	mu   sync.Mutex
	last string
}

func (j *journal) why() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.last == "" {
		return errors.New("it gave no reason")
	}
	return errors.New(j.last)
}

// Fatalf implements server.Logger: the reason is returned by Embedded.
func (j *journal) Fatalf(format string, v ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last = fmt.Sprintf(format, v...)
}

// Errorf implements server.Logger.
func (j *journal) Errorf(format string, v ...any) {
	slog.Error("events: " + fmt.Sprintf(format, v...))
}

// Warnf implements server.Logger.
func (j *journal) Warnf(format string, v ...any) {
	slog.Warn("events: " + fmt.Sprintf(format, v...))
}

// Noticef implements server.Logger.
func (j *journal) Noticef(string, ...any) {}

// Debugf implements server.Logger.
func (j *journal) Debugf(string, ...any) {}

// Tracef implements server.Logger.
func (j *journal) Tracef(string, ...any) {}
