package rpc_test

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	"github.com/souk-commerce/souk/kit/clock"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/kit/token"
)

// dial asks one RPC of the part "house" as the service "order".
func dial(t *testing.T, d *rpc.Dialer, method string) error {
	t.Helper()
	to, url := d.Client("house")
	_, err := client(to, url, method, rpc.ClientOptions()...).CallUnary(t.Context(), connect.NewRequest(say("x")))
	return err
}

func TestServicesCallAsThemselves(t *testing.T) {
	var caller rpc.Principal
	s := serve(t, func(ctx context.Context, text string) (string, error) {
		caller = rpc.Caller(ctx)
		return text, nil
	})
	d := kittest.Dialer(t, "order", map[string]*kittest.Served{"house": s})
	if err := dial(t, d, "Staff"); err != nil || caller.Service != "order" || caller.Role != rpc.Service {
		t.Errorf("call: %v, known as %+v; want the service order", err, caller)
	}
}

// Something that is away answers a few times that it is.
func unsteady(s *kittest.Served, t *testing.T, fails int64) (front *kittest.Served, asked *atomic.Int64) {
	asked = &atomic.Int64{}
	return kittest.Serve(t, []rpc.Mount{{Path: "/", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= fails {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.Mux.ServeHTTP(w, r)
	})}}), asked
}

func TestReadsAreAskedForAgain(t *testing.T) {
	s := serve(t, echo)
	for _, c := range []struct {
		name, method string
		fails, asked int64
		want         connect.Code
	}{
		{"a read that works", "Staff", 0, 1, 0},
		{"a read that fails twice", "Staff", 2, 3, 0},
		{"a read that goes on failing", "Staff", 9, 3, connect.CodeUnavailable},
		{"a change", "Open", 1, 1, connect.CodeUnavailable},
	} {
		front, asked := unsteady(s, t, c.fails)
		err := dial(t, kittest.Dialer(t, "order", map[string]*kittest.Served{"house": front}), c.method)
		if got := asked.Load(); got != c.asked || c.want == 0 && err != nil || c.want != 0 && connect.CodeOf(err) != c.want {
			t.Errorf("%s: asked %d times, %v; want %d times, %v", c.name, got, err, c.asked, c.want)
		}
		if f, ok := fault.As(rpc.FaultOf(err)); c.want != 0 && (!ok || f.Kind != fault.Busy) {
			t.Errorf("%s: %v, want busy", c.name, rpc.FaultOf(err))
		}
	}
}

func TestNobodyThereIsBusy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	signer, err := token.NewSigner("test", token.NewSeed(), clock.System)
	if err != nil {
		t.Fatal(err)
	}
	d := rpc.NewDialer("order", signer, map[string]string{"house": address}, "")
	defer d.Close()
	for _, method := range []string{"Staff", "Open"} {
		if f, ok := fault.As(rpc.FaultOf(dial(t, d, method))); !ok || f.Kind != fault.Busy {
			t.Errorf("%s where nobody listens: %v, want busy", method, f)
		}
	}
}
