package rpc_test

import (
	"context"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/kittest/ratio"
	"github.com/souk-commerce/souk/kit/rpc"
)

// A shopper's call with an idempotency key, through everything that our handlers
// have in front, beside a handler with
// nothing. Both compress large answers only.
func BenchmarkUnary(b *testing.B) {
	ours := serve(b, func(_ context.Context, text string) (string, error) { return text, nil })
	method := house.Methods().ByName(protoreflect.Name("Shop"))
	path := procedure("Shop")
	bare := kittest.Serve(b, []rpc.Mount{{Path: path, Handler: connect.NewUnaryHandlerSimple(path, func(_ context.Context, req *dynamicpb.Message) (*dynamicpb.Message, error) {
		return say(said(req)), nil
	}, connect.WithSchema(method), connect.WithRequestInitializer(initial), connect.WithCompressMinBytes(1<<10))}})
	ratio.Of(b, "a bare handler", shoppers(b, ours), shoppers(b, bare))
}

// shoppers call at once, so that no processor waits.
func shoppers(b *testing.B, s *kittest.Served) ratio.Side {
	var all [16]ratio.Side
	transport := &http.Transport{MaxIdleConnsPerHost: len(all)}
	b.Cleanup(transport.CloseIdleConnections)
	ann := "Bearer " + kittest.Token(b, rpc.Principal{Subject: "ann", Role: rpc.Shopper})
	for i := range all {
		shop := client(&http.Client{Transport: transport}, s.URL, "Shop")
		all[i] = func(n int) {
			for range n {
				req := connect.NewRequest(say("shirt"))
				req.Header().Set("Authorization", ann)
				req.Header().Set("Idempotency-Key", "c4f3a0de-8d5b-4f0e-9d5a-6a1c9d3b7e21")
				if resp, err := shop.CallUnary(b.Context(), req); err != nil || said(resp.Msg) != "shirt" {
					b.Error(resp, err)
					return
				}
			}
		}
	}
	return ratio.Together(all[:]...)
}
