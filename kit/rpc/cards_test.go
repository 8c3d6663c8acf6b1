package rpc_test

import (
	"context"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/rpc"
)

func TestCardNumbersAreRefusedWhereTheyWouldBeKept(t *testing.T) {
	reached := 0
	s := serve(t, func(context.Context, string) (string, error) { reached++; return "", nil })
	const number = "4242 4242 4242 4242"
	for _, c := range []struct {
		who, method string
		taken       bool
	}{
		{"guest", "Shop", false}, {"shopper", "Shop", false}, {"", "Open", false}, {"admin", "Open", false},
		{"service", "Open", true}, {"", "Browse", true}, {"admin", "Staff", true},
	} {
		reached = 0
		m := say("x")
		notes := m.Mutable(ask.Fields().ByName("notes")).List()
		notes.Append(protoreflect.ValueOfString("fine"))
		notes.Append(protoreflect.ValueOfString("it is " + number))
		_, err := client(s.As(t, people[c.who]), s.URL, c.method).CallUnary(t.Context(), connect.NewRequest(m))
		if c.taken != (err == nil) || c.taken != (reached == 1) {
			t.Errorf("%q calls %s: %v, handled %d times; want it taken = %v", c.who, c.method, err, reached, c.taken)
		}
		if f, ok := fault.As(rpc.FaultOf(err)); !c.taken && (!ok || f.Kind != fault.Invalid || f.Reason != "card_number" || len(f.Fields) != 1 || f.Fields[0].Path != "notes[1]" || strings.Contains(err.Error(), "4242")) {
			t.Errorf("refused with %v, %+v; want the field named, and the number not repeated", err, f)
		}
	}
	if _, _, err := call(t, s, people["shopper"], "Shop", "x", "Idempotency-Key", "4242424242424242"); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("as an idempotency key: %v", err)
	}
}
