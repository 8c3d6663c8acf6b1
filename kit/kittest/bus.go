package kittest

import (
	"testing"

	"github.com/souk-commerce/souk/kit/bus"
)

// Bus returns a connection to a stream of the test's own.
func Bus(t testing.TB) *bus.Bus {
	t.Helper()
	server, err := bus.Embedded(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	b, err := server.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}
