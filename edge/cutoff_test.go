package edge_test

import (
	"net"
	"net/http"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/souk-commerce/souk/kit/bus"
)

// An edge that does not hear changes for a while gives nothing from before them when
// it is back, also when the stream has lost its memory.
func TestAnEdgeThatWasCutOff(t *testing.T) {
	dir, port := t.TempDir(), server.RANDOM_PORT
	var stream *server.Server
	open := func() {
		var err error
		if stream, err = server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir}); err != nil {
			t.Fatal(err)
		}
		stream.Start()
		if !stream.ReadyForConnections(testPatience) {
			t.Fatal("the stream did not start")
		}
		port = stream.Addr().(*net.TCPAddr).Port
	}
	shut := func() { stream.Shutdown(); stream.WaitForShutdown() }
	open()
	t.Cleanup(func() { shut() })
	dial := func() *bus.Bus {
		b, err := bus.Dial(t.Context(), stream.ClientURL())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		return b
	}
	web := &counting{header: func(h http.Header, _ *http.Request) { h.Set("Surrogate-Key", "page") }}
	h := build(t, plan{web: web.serve, deps: pages, bus: dial()})
	kept := h.until("/p/shirt", answer.hit)
	shut()
	// It notices soon: then what is older than a moment is asked for.
	h.clock.Advance(blindTime)
	h.until("/p/shirt", func(a answer) bool { return a.body != kept.body })
	open()
	h.change("page")
	h.until("/p/shirt", answer.hit)
	// Without its memory, the stream's numbers begin anew.
	before := h.until("/p/shirt", answer.hit)
	shut()
	dir = t.TempDir()
	h.clock.Advance(blindTime)
	h.until("/p/shirt", func(a answer) bool { return a.body != before.body })
	open()
	dial()
	h.until("/p/shirt", answer.hit)
	before = h.until("/p/shirt", answer.hit)
	h.change("page")
	h.until("/p/shirt", func(a answer) bool { return a.body != before.body })
}
