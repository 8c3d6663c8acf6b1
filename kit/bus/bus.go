// Package bus tells what happened and hears it, so that an event is never lost
// and its effect happens once.
//
// A change and its event commit together: Put writes the event into the outbox
// in the caller's transaction. A Relay publishes outbox rows to JetStream with
// the row's id as message id, so that publishing again is harmless. JetStream
// acknowledges before its file is synced, so a row is kept until the sync
// interval has safely passed. A Consumer notes the ids that it has handled in
// the transaction of their effect, and so passes over what comes twice. What
// cannot be handled is parked in a stream of dead letters, from which it can be
// sent again.
package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
)

const (
	stream     = "SOUK"
	deadStream = "DEAD"
	// Events are kept for consumers that are away.
	keepEvents = 7 * 24 * time.Hour
	keepDead   = 30 * 24 * time.Hour
	// How long JetStream remembers message ids. Rows are published again only
	// within keepRows after they were first published.
	dedupe       = 10 * time.Minute
	syncInterval = time.Second
)

// Header names, after CloudEvents' protocol binding for NATS.
const (
	headerID      = "ce-id"
	headerSource  = "ce-source"
	headerType    = "ce-type"
	headerTime    = "ce-time"
	headerSubject = "ce-subject"
	headerVersion = "ce-specversion"
	headerContent = "content-type"
	headerTags    = "Souk-Surrogate-Keys"
	headerReason  = "Souk-Dead-Reason"
	headerBy      = "Souk-Dead-Consumer"
	headerFrom    = "Souk-Dead-Subject"
)

// Server is a JetStream server in this process, for a laptop and for tests.
type Server struct{ nats *server.Server }

// Embedded starts a server that keeps its streams in dir and listens nowhere.
func Embedded(dir string) (*Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "souk", DontListen: true, JetStream: true, StoreDir: dir, SyncInterval: syncInterval,
		JetStreamMaxMemory: 16 << 20, JetStreamMaxStore: 4 << 30, NoSigs: true, NoLog: true, MaxPayload: 8 << 20,
	})
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, errors.New("events: the server did not start within 10 seconds")
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

// Bus is a connection to JetStream.
type Bus struct {
	conn *nats.Conn
	js   jetstream.JetStream
}

// Dial connects to a cluster and makes the streams where they are missing.
func Dial(ctx context.Context, url string) (*Bus, error) { return dial(ctx, url) }

func dial(ctx context.Context, url string, options ...nats.Option) (*Bus, error) {
	options = append(options, nats.Name("souk"), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond))
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return nil, fmt.Errorf("events: connect: %w", err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	b := &Bus{conn, js}
	if err := b.ensure(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("events: streams: %w", err)
	}
	return b, nil
}

func (b *Bus) ensure(ctx context.Context) error {
	for _, config := range []jetstream.StreamConfig{
		{Name: stream, Subjects: []string{"souk.>"}, Storage: jetstream.FileStorage, MaxAge: keepEvents, Duplicates: dedupe},
		{Name: deadStream, Subjects: []string{"dead.>"}, Storage: jetstream.FileStorage, MaxAge: keepDead},
	} {
		if _, err := b.js.CreateOrUpdateStream(ctx, config); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the connection.
func (b *Bus) Close() { b.conn.Close() }

// Ready tells whether the stream answers.
func (b *Bus) Ready(ctx context.Context) error {
	_, err := b.js.Stream(ctx, stream)
	return err
}

// Delivery is an event as it is heard.
type Delivery struct {
	// Unique for each event, the same whenever it is delivered again.
	ID string
	// "souk.catalog.product_changed"
	Subject string
	// The aggregate that it is about: events of one key come in order.
	Key string
	// The service that tells it.
	Source        string
	Time          time.Time
	Data          []byte
	SurrogateKeys []string
	// Its place in the stream; grows.
	Sequence uint64
	// 1 the first time.
	Attempt int
}

// Decode reads the event's message. A message that cannot be read is poison.
func Decode(d Delivery, m proto.Message) error {
	if err := proto.Unmarshal(d.Data, m); err != nil {
		return Poison(fmt.Errorf("decode %s %s: %w", d.Subject, d.ID, err))
	}
	return nil
}

type poison struct{ error }

func (p poison) Unwrap() error { return p.error }

// Poison marks an error that trying again cannot mend.
func Poison(err error) error { return poison{err} }
