package rpc

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/otelconnect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/souk-commerce/souk/kit/chaos"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/mask"
	"github.com/souk-commerce/souk/kit/tag"
	"github.com/souk-commerce/souk/kit/token"
)

// Mount is a handler and the path below which it answers.
type Mount struct {
	Path    string
	Handler http.Handler
}

// Deps is what the interceptors need.
type Deps struct {
	// The service's own name, for logs and traces.
	Service  string
	Verifier *token.Verifier
	Log      *slog.Logger
	// What goes wrong on purpose; usually nothing.
	Storm *chaos.Storm
}

// maxMessage bounds a request message; larger ones are resource_exhausted.
const maxMessage = 4 << 20

// minCompressed is the smallest answer worth compressing; it is what fits into
// one packet.
const minCompressed = 1 << 10

// Options returns what every Connect handler of a service is built with.
func Options(d Deps) []connect.HandlerOption {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	options := []connect.HandlerOption{
		connect.WithReadMaxBytes(maxMessage),
		connect.WithCompressMinBytes(minCompressed),
		connect.WithRecover(func(ctx context.Context, spec connect.Spec, _ http.Header, p any) error {
			d.Log.ErrorContext(ctx, "handler panicked", "procedure", spec.Procedure, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			return connect.NewError(connect.CodeInternal, errors.New("something went wrong on our side; please try again"))
		}),
	}
	interceptors := []connect.Interceptor{&interceptor{deps: d}}
	if spans, err := otelconnect.NewInterceptor(otelconnect.WithTrustRemote()); err == nil {
		interceptors = append([]connect.Interceptor{spans}, interceptors...)
	}
	return append(options, connect.WithInterceptors(interceptors...))
}

type interceptor struct {
	deps  Deps
	rules sync.Map // procedure → Rule
}

var (
	errStranger = fault.New(fault.Stranger, "sign_in", "Please sign in first.")
	errKeys     = fault.New(fault.Busy, "sign_in_unavailable", "We cannot tell just now who you are; please try again.")
	errDenied   = fault.New(fault.Denied, "not_allowed", "You may not do this.")
	errKey      = fault.New(fault.Invalid, "idempotency_key", "The Idempotency-Key header must have 1 to 200 printable characters.")
)

func (i *interceptor) rule(spec connect.Spec) Rule {
	if known, ok := i.rules.Load(spec.Procedure); ok {
		return known.(Rule)
	}
	var rule Rule
	if method, ok := spec.Schema.(protoreflect.MethodDescriptor); ok {
		rule = RuleOf(method)
	}
	i.rules.Store(spec.Procedure, rule)
	return rule
}

// admit returns the context that the handler runs in, or why it may not.
func (i *interceptor) admit(ctx context.Context, rule Rule, header http.Header) (context.Context, error) {
	var caller Principal
	if raw, ok := bearer(header); ok && i.deps.Verifier != nil {
		claims, err := i.deps.Verifier.Verify(ctx, raw)
		switch {
		case err == nil:
			caller = Principal{Subject: claims.Subject, Guest: claims.Guest, Session: claims.Session, Role: Role(claims.Role)}
			if caller.Role == Service {
				caller.Service = claims.Subject
			}
		case errors.Is(err, token.ErrUnknown) && !(Principal{}).Is(rule.Allow...):
			return nil, errKeys.Because(err) // they may well be signed in
		case !(Principal{}).Is(rule.Allow...):
			return nil, errStranger.Because(err)
		}
	}
	if !caller.Is(rule.Allow...) {
		if caller.Role == "" {
			return nil, errStranger
		}
		return nil, errDenied
	}
	return WithCaller(ctx, caller), nil
}

func bearer(h http.Header) (string, bool) {
	scheme, raw, ok := strings.Cut(h.Get("Authorization"), " ")
	return raw, ok && strings.EqualFold(scheme, "Bearer")
}

// WrapUnary implements connect.Interceptor.
func (i *interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if req.Spec().IsClient {
			return next(ctx, req)
		}
		rule := i.rule(req.Spec())
		ctx, cancel := context.WithTimeout(ctx, rule.Deadline)
		defer cancel()
		ctx, tags := withTags(ctx)
		resp, err := i.unary(ctx, rule, req, next)
		if err != nil {
			return nil, toConnect(ctx, i.deps.Log, req.Spec().Procedure, err)
		}
		setCaching(resp.Header(), rule, req.HTTPMethod(), tags.list())
		return resp, nil
	}
}

func (i *interceptor) unary(ctx context.Context, rule Rule, req connect.AnyRequest, next connect.UnaryFunc) (connect.AnyResponse, error) {
	ctx, err := i.admit(ctx, rule, req.Header())
	if err != nil {
		return nil, err
	}
	message, ok := req.Any().(proto.Message)
	if ok {
		if err := Validate(message); err != nil {
			return nil, err
		}
		if err := withoutCards(ctx, rule, message); err != nil {
			return nil, err
		}
	}
	if key := req.Header().Get("Idempotency-Key"); key != "" && !rule.Read && ok {
		if len(key) > 200 || mask.Has(key) || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, errKey
		}
		raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
		if err != nil {
			return nil, err
		}
		ctx = crdb.WithKey(ctx, crdb.Key{Procedure: req.Spec().Procedure, Subject: Caller(ctx).Subject, Key: key, Hash: sha256.Sum256(raw)})
	}
	if i.deps.Storm != nil {
		ctx = i.deps.Storm.Enter(ctx, i.deps.Service+"/"+path.Base(req.Spec().Procedure))
	}
	return next(ctx, req)
}

// WrapStreamingClient implements connect.Interceptor.
func (i *interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements connect.Interceptor.
func (i *interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		rule := i.rule(conn.Spec())
		ctx, cancel := context.WithTimeout(ctx, rule.Deadline)
		defer cancel()
		ctx, err := i.admit(ctx, rule, conn.RequestHeader())
		if err == nil {
			err = next(ctx, careful{conn, ctx, rule})
		}
		if err != nil {
			return toConnect(ctx, i.deps.Log, conn.Spec().Procedure, err)
		}
		return nil
	}
}

// setCaching says who may keep an answer: nobody, unless the API allows it and
// the call was a GET.
func setCaching(h http.Header, rule Rule, method string, tags []string) {
	if rule.Cache == nil || method != http.MethodGet {
		if h.Get("Cache-Control") == "" {
			h.Set("Cache-Control", "private, no-store")
		}
		return
	}
	h.Set("Cache-Control", rule.Cache.Header())
	if len(tags) > 0 {
		h.Set("Surrogate-Key", tag.Join(tags))
	}
}

type tagsKey struct{}

type tags struct {
	mu  sync.Mutex
	all []string
}

func withTags(ctx context.Context) (context.Context, *tags) {
	t := &tags{}
	return context.WithValue(ctx, tagsKey{}, t), t
}

func (t *tags) list() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all
}

// Tag names what an answer was made from ("product/42"). When one of them
// changes, caches in front of us forget the answer.
func Tag(ctx context.Context, keys ...string) {
	if t, ok := ctx.Value(tagsKey{}).(*tags); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.all = append(t.all, keys...)
	}
}

// readHeaderTimeout bounds how long a connection may take to say what it wants.
const readHeaderTimeout = 10 * time.Second
