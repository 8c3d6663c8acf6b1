package rpc

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// Call is one request, ready to be sent.
type Call struct {
	// Procedure is "/souk.catalog.v1.ProductService/GetProduct".
	Procedure string
	// Safe is true when the call has no side effects and goes out as GET.
	Safe bool
	// Message is the request in protobuf.
	Message []byte
	// Key is the idempotency key of a call that changes something.
	Key string
}

// Transport sends calls. Errors of the far side are *Error.
type Transport interface {
	Unary(ctx context.Context, call Call) ([]byte, error)
	// Stream calls each for every message until the stream ends, each fails or ctx
	// is done. The stream is always closed.
	Stream(ctx context.Context, call Call, each func(message []byte) error) error
}

// Client is what the stubs in api/lite call through.
type Client struct{ transport Transport }

// NewClient returns a client that sends over transport.
func NewClient(transport Transport) *Client { return &Client{transport: transport} }

// Unary makes one call.
func (c *Client) Unary(ctx context.Context, procedure string, safe bool, request interface{ MarshalVT() ([]byte, error) }, response interface{ UnmarshalVT([]byte) error }) error {
	call, err := newCall(ctx, procedure, safe, request)
	if err != nil {
		return err
	}
	answer, err := c.transport.Unary(ctx, call)
	if err != nil {
		return err
	}
	if err := response.UnmarshalVT(answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", procedure, err)
	}
	return nil
}

// ServerStream makes a call that is answered by many messages.
func (c *Client) ServerStream(ctx context.Context, procedure string, request interface{ MarshalVT() ([]byte, error) }, each func(message []byte) error) error {
	call, err := newCall(ctx, procedure, false, request)
	if err != nil {
		return err
	}
	return c.transport.Stream(ctx, call, each)
}

func newCall(ctx context.Context, procedure string, safe bool, request interface{ MarshalVT() ([]byte, error) }) (Call, error) {
	message, err := request.MarshalVT()
	if err != nil {
		return Call{}, fmt.Errorf("write the request of %s: %w", procedure, err)
	}
	call := Call{Procedure: procedure, Safe: safe, Message: message}
	if !safe {
		call.Key = keyOf(ctx)
	}
	return call, nil
}

type keyContext struct{}

// WithKey gives the idempotency key of the changes made with ctx. A caller that
// may try the same change again uses the same key again.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyContext{}, key)
}

func keyOf(ctx context.Context) string {
	if key, ok := ctx.Value(keyContext{}).(string); ok {
		return key
	}
	return NewKey()
}

// NewKey returns a key that nobody else uses: a random UUID.
func NewKey() string {
	hi, lo := rand.Uint64(), rand.Uint64()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 1<<63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff)
}
