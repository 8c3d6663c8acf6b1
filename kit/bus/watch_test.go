package bus_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/kittest"
)

// listener writes down what it is told.
type listener struct {
	mu   sync.Mutex
	said []string
	more chan struct{} // closed when there is more
}

func (l *listener) note(format string, a ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, fmt.Sprintf(format, a...))
	close(l.more)
	l.more = make(chan struct{})
}

func (l *listener) Began(uint64)         { l.note("began") }
func (l *listener) Heard(d bus.Delivery) { l.note("heard %s", d.Key) }
func (l *listener) Lost()                { l.note("lost") }
func (l *listener) Back()                { l.note("back") }

// until waits until it was told something, after what it was told before.
func (l *listener) until(t *testing.T, from int, want string) int {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		l.mu.Lock()
		said, more := l.said, l.more
		l.mu.Unlock()
		for n := from; n < len(said); n++ {
			if said[n] == want {
				return n + 1
			}
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("not told %q: %q", want, said)
		}
	}
}

func TestWatchNoticesWhatItDoesNotHear(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), server.RANDOM_PORT
	var running *server.Server
	start := func() {
		var err error
		if running, err = server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir}); err != nil {
			t.Fatal(err)
		}
		running.Start()
		if !running.ReadyForConnections(10 * time.Second) {
			t.Fatal("the server did not start")
		}
		port = running.Addr().(*net.TCPAddr).Port
	}
	stop := func() { running.Shutdown(); running.WaitForShutdown() }
	start()
	t.Cleanup(func() { stop() })
	db := kittest.DB(t, effects)
	b, err := bus.Dial(t.Context(), running.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	background(t, bus.NewRelay(b, db, "test", announce).Run)
	l := &listener{more: make(chan struct{})}
	background(t, func(ctx context.Context) error { return b.Watch(ctx, l) })
	at := l.until(t, 0, "began")
	put(t, db, "test.happened", "one", int64(1))
	at = l.until(t, at, "heard one")
	// The server goes away, and comes back as it was: nothing is missed.
	stop()
	at = l.until(t, at, "lost")
	start()
	put(t, db, "test.happened", "two", int64(1))
	at = max(l.until(t, at, "heard two"), l.until(t, at, "back"))
	// It comes back without its memory: there is a new beginning.
	stop()
	at = l.until(t, at, "lost")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	start()
	if again, err := bus.Dial(t.Context(), running.ClientURL()); err != nil { // which makes the streams
		t.Fatal(err)
	} else {
		again.Close()
	}
	at = l.until(t, at, "began")
	put(t, db, "test.happened", "three", int64(1))
	l.until(t, at, "heard three")
}
