package edge_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"connectrpc.com/grpcreflect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
)

type shelf struct {
	catalogv1connect.UnimplementedProductServiceHandler
	catalogv1connect.UnimplementedProductAdminServiceHandler
}

// GetProduct knows every product but the one that is called missing.
func (shelf) GetProduct(ctx context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	if req.GetId() == "missing" {
		return nil, fault.New(fault.NotFound, "no_product", "There is no such product.").About("id", req.GetId())
	}
	rpc.Tag(ctx, "product/"+req.GetId())
	return &catalogv1.GetProductResponse{Product: &catalogv1.Product{Id: req.GetId(), Title: "for " + string(rpc.Caller(ctx).Role)}}, nil
}

// BulkUpsertProducts tells who called and how much they sent.
func (shelf) BulkUpsertProducts(ctx context.Context, stream *connect.ClientStream[catalogv1.BulkUpsertProductsRequest]) (*catalogv1.BulkUpsertProductsResponse, error) {
	n := int32(0)
	for stream.Receive() {
		n++
	}
	return &catalogv1.BulkUpsertProductsResponse{Created: n}, stream.Err()
}

func catalogue(t *testing.T) *house {
	options := rpc.Options(kittest.RPC(t, "catalog"))
	path, handler := catalogv1connect.NewProductServiceHandler(shelf{}, options...)
	adminPath, admin := catalogv1connect.NewProductAdminServiceHandler(shelf{}, options...)
	return build(t, plan{web: sign("web"), services: map[string][]rpc.Mount{"catalog": {{Path: path, Handler: handler}, {Path: adminPath, Handler: admin}}}})
}

// overH2 speaks HTTP/2 without TLS, as gRPC needs.
func overH2(t *testing.T) *http.Client {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestEveryProtocolPassesThrough(t *testing.T) {
	h := catalogue(t)
	ann := kittest.Token(t, rpc.Principal{Subject: "ann", Role: rpc.Admin})
	for _, c := range []struct {
		name    string
		client  *http.Client
		options []connect.ClientOption
		// Shared answers know no caller.
		title string
	}{
		{"Connect", h.client, nil, "for admin"},
		{"Connect in JSON", h.client, []connect.ClientOption{connect.WithProtoJSON()}, "for admin"},
		{"Connect by GET", h.client, []connect.ClientOption{connect.WithHTTPGet()}, "for "},
		{"Connect by GET in JSON", h.client, []connect.ClientOption{connect.WithHTTPGet(), connect.WithProtoJSON()}, "for "},
		{"Connect over HTTP/2", overH2(t), nil, "for admin"},
		{"gRPC", overH2(t), []connect.ClientOption{connect.WithGRPC()}, "for admin"},
		{"gRPC-Web", h.client, []connect.ClientOption{connect.WithGRPCWeb()}, "for admin"},
		{"compressed gRPC", overH2(t), []connect.ClientOption{connect.WithGRPC(), connect.WithSendGzip()}, "for admin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := append(c.options, connect.WithInterceptors(bearer(ann)))
			client := catalogv1connect.NewProductServiceClient(c.client, h.url, options...)
			got, err := client.GetProduct(t.Context(), &catalogv1.GetProductRequest{Id: "1"})
			if err != nil || got.GetProduct().GetId() != "1" || got.GetProduct().GetTitle() != c.title {
				t.Errorf("GetProduct: %v, %v; want product 1 %s", got, err, c.title)
			}
			_, err = client.GetProduct(t.Context(), &catalogv1.GetProductRequest{Id: "missing"})
			if f, ok := fault.As(rpc.FaultOf(err)); !ok || f.Kind != fault.NotFound || f.Reason != "no_product" || f.Meta["id"] != "missing" {
				t.Errorf("GetProduct of what is not there: %v; want the fault as it was", err)
			}
			_, err = client.GetProduct(t.Context(), &catalogv1.GetProductRequest{Id: strings.Repeat("x", 65)})
			if f, ok := fault.As(rpc.FaultOf(err)); !ok || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != "id" {
				t.Errorf("GetProduct of too long an id: %v; want the field named", err)
			}
		})
	}
}

func TestStreamsPassThrough(t *testing.T) {
	h := catalogue(t)
	for name, options := range map[string][]connect.ClientOption{"Connect": nil, "gRPC": {connect.WithGRPC()}, "gRPC-Web": {connect.WithGRPCWeb()}} {
		for role, want := range map[rpc.Role]connect.Code{rpc.Admin: 0, rpc.Shopper: connect.CodePermissionDenied, "": connect.CodeUnauthenticated} {
			options := slices.Clone(options)
			if role != "" {
				options = append(options, connect.WithInterceptors(bearer(kittest.Token(t, rpc.Principal{Subject: "ann", Role: role}))))
			}
			client := catalogv1connect.NewProductAdminServiceClient(overH2(t), h.url, options...)
			stream, err := client.BulkUpsertProducts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for range 100 {
				if err := stream.Send(&catalogv1.BulkUpsertProductsRequest{}); err != nil {
					break // CloseAndReceive says why
				}
			}
			got, err := stream.CloseAndReceive()
			switch {
			case want == 0 && (err != nil || got.GetCreated() != 100):
				t.Errorf("%s as an admin: %v, %v; want 100", name, got, err)
			case want != 0 && connect.CodeOf(err) != want:
				t.Errorf("%s as %q: %v, want %v", name, role, err, want)
			}
		}
	}
}

func bearer(token string) connect.Interceptor { return carrier(token) }

type carrier string

func (c carrier) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		req.Header().Set("Authorization", "Bearer "+string(c))
		return next(ctx, req)
	}
}

func (c carrier) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		conn.RequestHeader().Set("Authorization", "Bearer "+string(c))
		return conn
	}
}

func (c carrier) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func TestReflection(t *testing.T) {
	h := catalogue(t)
	stream := grpcreflect.NewClient(overH2(t), h.url).NewStream(t.Context())
	defer stream.Close()
	names, err := stream.ListServices()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(names, "souk.catalog.v1.ProductService") {
		t.Errorf("services %s: want the products' among them", names)
	}
	if _, err := stream.FileContainingSymbol("souk.catalog.v1.ProductService"); err != nil {
		t.Errorf("descriptor: %v", err)
	}
}

// A cached read is forgotten when its product changes.
func TestCallsAreKeptUntilTheChange(t *testing.T) {
	h := catalogue(t)
	const path = `/souk.catalog.v1.ProductService/GetProduct?connect=v1&encoding=json&message=%7B%22id%22%3A%221%22%7D`
	kept := h.until(path, answer.hit)
	if kept.Header.Get("Surrogate-Key") != "" || !strings.Contains(kept.Header.Get("Cache-Control"), "s-maxage=300") {
		t.Errorf("kept with %v", kept.Header)
	}
	h.change("product/1")
	h.until(path, func(a answer) bool { return !a.hit() })
}
