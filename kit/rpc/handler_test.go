package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

func echo(_ context.Context, text string) (string, error) { return text, nil }

var people = map[string]rpc.Principal{
	"nobody":  {},
	"guest":   {Subject: "g", Role: rpc.Guest},
	"shopper": {Subject: "s", Role: rpc.Shopper, Guest: "g", Session: "1"},
	"admin":   {Subject: "a", Role: rpc.Admin},
	"service": {Subject: "order", Role: rpc.Service, Service: "order"},
}

func TestRuleOf(t *testing.T) {
	want := map[string]rpc.Rule{
		"Open":   {Allow: []rpc.Role{rpc.Anyone}, Deadline: rpc.DefaultDeadline},
		"Browse": {Allow: []rpc.Role{rpc.Anyone}, Deadline: rpc.DefaultDeadline, Read: true, Cache: &rpc.Cache{Shared: 60, Browser: 5, Stale: 30, Error: 90}},
		"Shop":   {Allow: []rpc.Role{rpc.Guest, rpc.Shopper}, Deadline: rpc.DefaultDeadline},
		"Staff":  {Allow: []rpc.Role{rpc.Admin, rpc.Service}, Deadline: rpc.DefaultDeadline, Read: true},
		"Closed": {Deadline: rpc.DefaultDeadline},
		"Late":   {Allow: []rpc.Role{rpc.Anyone}, Deadline: 20 * time.Millisecond},
	}
	got := map[string]rpc.Rule{}
	for i := range house.Methods().Len() {
		got[string(house.Methods().Get(i).Name())] = rpc.RuleOf(house.Methods().Get(i))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rules (-want +got):\n%s", d)
	}
}

func TestWhoMayCall(t *testing.T) {
	var caller rpc.Principal
	s := serve(t, func(ctx context.Context, text string) (string, error) {
		caller = rpc.Caller(ctx)
		return text, nil
	})
	allowed := map[string]string{
		"Open":   "nobody guest shopper admin service",
		"Browse": "nobody guest shopper admin service",
		"Shop":   "guest shopper",
		"Staff":  "admin service",
		"Closed": "",
	}
	for method, names := range allowed {
		for name, p := range people {
			caller = rpc.Principal{}
			_, _, err := call(t, s, p, method, "x")
			switch {
			case strings.Contains(names, name):
				if err != nil || caller != p {
					t.Errorf("%s as %s: %v, known as %+v; want %+v", method, name, err, caller, p)
				}
			case name == "nobody" && connect.CodeOf(err) != connect.CodeUnauthenticated, name != "nobody" && connect.CodeOf(err) != connect.CodePermissionDenied:
				t.Errorf("%s as %s: %v, want it refused", method, name, err)
			}
			if !strings.Contains(names, name) && caller != (rpc.Principal{}) {
				t.Errorf("%s as %s reached the handler", method, name)
			}
		}
	}
}

func TestForgedTokens(t *testing.T) {
	s := serve(t, func(ctx context.Context, _ string) (string, error) { return string(rpc.Caller(ctx).Role), nil })
	good := kittest.Token(t, people["admin"])
	for name, raw := range map[string]string{"cut": good[:len(good)-5], "other": "a.b.c", "empty": ""} {
		if got, _, err := call(t, s, rpc.Principal{}, "Open", "x", "Authorization", "Bearer "+raw); err != nil || got != "" {
			t.Errorf("%s token where anyone may call: %q, %v; want nobody", name, got, err)
		}
		if _, _, err := call(t, s, rpc.Principal{}, "Staff", "x", "Authorization", "Bearer "+raw); connect.CodeOf(err) != connect.CodeUnauthenticated {
			t.Errorf("%s token where staff may call: %v, want unauthenticated", name, err)
		}
	}
}

func TestDeadline(t *testing.T) {
	s := serve(t, func(ctx context.Context, _ string) (string, error) {
		<-ctx.Done()
		return "", fmt.Errorf("wait: %w", ctx.Err())
	})
	_, _, err := call(t, s, rpc.Principal{}, "Late", "x")
	if connect.CodeOf(err) != connect.CodeDeadlineExceeded {
		t.Errorf("a call that takes longer than its RPC may: %v, want deadline_exceeded", err)
	}
	if f, ok := fault.As(rpc.FaultOf(err)); !ok || f.Kind != fault.Busy {
		t.Errorf("as a fault: %v, want busy", rpc.FaultOf(err))
	}
	_, _, err = call(t, s, rpc.Principal{}, "Open", "x", "Connect-Timeout-Ms", "20")
	if connect.CodeOf(err) != connect.CodeDeadlineExceeded {
		t.Errorf("a call whose caller has less time: %v, want deadline_exceeded", err)
	}
}

func TestShape(t *testing.T) {
	s := serve(t, echo)
	_, _, err := call(t, s, rpc.Principal{}, "Open", "too long")
	f, ok := fault.As(rpc.FaultOf(err))
	if !ok || f.Kind != fault.Invalid || f.Reason != "invalid_request" || len(f.Fields) != 1 || f.Fields[0].Path != "text" || f.Fields[0].Sentence == "" || !strings.Contains(f.Sentence, "text") {
		t.Errorf("too long a text: %v, %+v; want the field named", err, f)
	}
	// Who may not call is told nothing of the message.
	if _, _, err := call(t, s, rpc.Principal{}, "Staff", "too long"); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("too long a text from nobody: %v, want unauthenticated", err)
	}
}

var kinds = map[fault.Kind]connect.Code{
	fault.Invalid: connect.CodeInvalidArgument, fault.NotFound: connect.CodeNotFound, fault.Exists: connect.CodeAlreadyExists, fault.Refused: connect.CodeFailedPrecondition,
	fault.Raced: connect.CodeAborted, fault.Stranger: connect.CodeUnauthenticated, fault.Denied: connect.CodePermissionDenied, fault.Busy: connect.CodeUnavailable, fault.TooMany: connect.CodeResourceExhausted,
}

func TestFaultsCrossTheWire(t *testing.T) {
	var next error
	s := serve(t, func(context.Context, string) (string, error) { return "", next })
	for kind, code := range kinds {
		if rpc.Code(kind) != code {
			t.Errorf("kind %v has code %v, want %v", kind, rpc.Code(kind), code)
		}
		sent := fault.New(kind, "some_reason", "Some sentence.").About("sku", "A1").Because(errors.New("secret cause"))
		sent.Fields = []fault.Field{{Path: "a.b", Sentence: "wrong"}}
		next = fmt.Errorf("reserve A1: %w", sent)
		_, _, err := call(t, s, rpc.Principal{}, "Open", "x")
		if connect.CodeOf(err) != code || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "reserve") {
			t.Errorf("kind %v: %v, want %v without its cause", kind, err, code)
		}
		f, ok := fault.As(rpc.FaultOf(err))
		if !ok || f.Kind != kind || f.Reason != "some_reason" || f.Sentence != "Some sentence." || f.Meta["sku"] != "A1" || len(f.Fields) != 1 || f.Fields[0] != sent.Fields[0] {
			t.Errorf("kind %v came back as %+v", kind, f)
		}
		if !errors.Is(rpc.FaultOf(err), fault.New(kind, "some_reason", "")) {
			t.Errorf("kind %v is not the same fault on the other side", kind)
		}
	}
	if plain := errors.New("no call"); rpc.FaultOf(plain) != plain || rpc.FaultOf(nil) != nil {
		t.Error("an error of no call was changed")
	}
}

func TestTroubleStaysWithUs(t *testing.T) {
	const secret = "password of the database"
	for name, f := range map[string]handle{
		"error":          func(context.Context, string) (string, error) { return "", errors.New(secret) },
		"internal fault": func(context.Context, string) (string, error) { return "", fault.New(fault.Internal, "x", secret) },
		"panic":          func(context.Context, string) (string, error) { panic(secret) },
	} {
		var journal bytes.Buffer
		deps := kittest.RPC(t, "house")
		deps.Log = slog.New(slog.NewTextHandler(&journal, nil))
		method := house.Methods().ByName("Open")
		options := append(rpc.Options(deps), connect.WithSchema(method), connect.WithRequestInitializer(initial))
		path := procedure("Open")
		s := kittest.Serve(t, []rpc.Mount{{Path: path, Handler: connect.NewUnaryHandlerSimple(path, func(ctx context.Context, _ *dynamicpb.Message) (*dynamicpb.Message, error) {
			_, err := f(ctx, "")
			return nil, err
		}, options...)}})
		_, _, err := call(t, s, rpc.Principal{}, "Open", "x")
		if connect.CodeOf(err) != connect.CodeInternal || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the caller is told %v", name, err)
		}
		var ce *connect.Error
		if errors.As(err, &ce) && len(ce.Details()) > 0 {
			t.Errorf("%s: the caller is given details", name)
		}
		if !strings.Contains(journal.String(), secret) || !strings.Contains(journal.String(), path) {
			t.Errorf("%s: the log says %q, want the cause and the procedure", name, journal.String())
		}
	}
}

// gzip makes a small answer larger, and costs more than the rest of the call.
func TestOnlyLargeAnswersAreCompressed(t *testing.T) {
	s := serve(t, func(_ context.Context, text string) (string, error) {
		if text == "large" {
			text = strings.Repeat(text, 1000)
		}
		return text, nil
	})
	for text, want := range map[string]string{"small": "", "large": "gzip"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+procedure("Open"), strings.NewReader(`{"text":"`+text+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := s.As(t, rpc.Principal{}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Content-Encoding"); resp.StatusCode != http.StatusOK || got != want {
			t.Errorf("the %s answer: %s, Content-Encoding %q; want %q", text, resp.Status, got, want)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	var got crdb.Key
	var has bool
	s := serve(t, func(ctx context.Context, text string) (string, error) {
		got, has = crdb.KeyFrom(ctx)
		return text, nil
	})
	ask := func(p rpc.Principal, method, text, key string) (crdb.Key, bool) {
		t.Helper()
		if _, _, err := call(t, s, p, method, text, "Idempotency-Key", key); err != nil {
			t.Fatal(err)
		}
		return got, has
	}
	first, ok := ask(people["shopper"], "Shop", "x", "k1")
	if !ok || first.Procedure != procedure("Shop") || first.Subject != "s" || first.Key != "k1" {
		t.Errorf("key %+v, %v; want it with procedure and subject", first, ok)
	}
	if again, _ := ask(people["shopper"], "Shop", "x", "k1"); again != first {
		t.Errorf("the same call again has %+v, want %+v", again, first)
	}
	if other, _ := ask(people["shopper"], "Shop", "y", "k1"); other.Hash == first.Hash {
		t.Error("another message has the same hash")
	}
	if other, _ := ask(people["guest"], "Shop", "x", "k1"); other.Subject == first.Subject {
		t.Error("another caller's key is the same")
	}
	if _, ok := ask(people["admin"], "Staff", "x", "k1"); ok {
		t.Error("a read has a key")
	}
	if _, _, err := call(t, s, people["shopper"], "Shop", "x"); err != nil || has {
		t.Errorf("a call without a key: %v, %v", err, has)
	}
	for _, bad := range []string{strings.Repeat("k", 201), "k\tk", "schlüssel"} {
		if _, _, err := call(t, s, people["shopper"], "Shop", "x", "Idempotency-Key", bad); connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("key %q: %v, want invalid_argument", bad, err)
		}
	}
}

func TestWhoMayKeepAnswers(t *testing.T) {
	s := serve(t, func(ctx context.Context, text string) (string, error) {
		rpc.Tag(ctx, "product/1", "sku/MUG RED")
		return text, nil
	})
	get := func(method string) http.Header {
		t.Helper()
		resp, err := client(s.As(t, people["admin"]), s.URL, method, connect.WithHTTPGet()).CallUnary(t.Context(), connect.NewRequest(say("x")))
		if err != nil {
			t.Fatal(err)
		}
		return resp.Header()
	}
	h := get("Browse")
	if got, want := h.Get("Cache-Control"), "public, max-age=5, s-maxage=60, stale-while-revalidate=30, stale-if-error=90"; got != want {
		t.Errorf("Cache-Control %q, want %q", got, want)
	}
	if got := h.Get("Surrogate-Key"); got != "product/1 sku/MUG%20RED" {
		t.Errorf("Surrogate-Key %q", got)
	}
	if got := get("Staff").Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("a read for some: Cache-Control %q", got)
	}
	if _, h, err := call(t, s, rpc.Principal{}, "Browse", "x"); err != nil || h.Get("Cache-Control") != "private, no-store" || h.Get("Surrogate-Key") != "" {
		t.Errorf("by POST: %v, %v", err, h)
	}
}

func TestTextThatNoDatabaseKeepsIsTheCallersMistake(t *testing.T) {
	s := serve(t, func(context.Context, string) (string, error) {
		return "", fmt.Errorf("write: %w", &pgconn.PgError{Code: "22021", Message: "invalid byte sequence"})
	})
	_, _, err := call(t, s, people["shopper"], "Shop", "x")
	if connect.CodeOf(err) != connect.CodeInvalidArgument || strings.Contains(err.Error(), "byte") {
		t.Errorf("got %v; want invalid_argument in our own words", err)
	}
}
