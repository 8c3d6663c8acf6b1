//go:build !wasm

package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	lite "github.com/souk-commerce/souk/api/lite/souk/catalog/v1"
	"github.com/souk-commerce/souk/web/rpc"
)

// shop answers as connect-go does.
type shop struct {
	catalogv1connect.UnimplementedProductServiceHandler
	catalogv1connect.UnimplementedBrandServiceHandler
	catalogv1connect.UnimplementedCategoryServiceHandler
}

func (shop) GetProduct(_ context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	if req.GetSlug() == "" {
		return nil, complaint()
	}
	return &catalogv1.GetProductResponse{Product: &catalogv1.Product{Slug: req.GetSlug(), Title: "Lamp"}}, nil
}

func complaint() error {
	err := connect.NewError(connect.CodeInvalidArgument, errors.New("no such field"))
	for _, detail := range []proto.Message{
		&errdetails.ErrorInfo{Reason: "bad_slug", Domain: "souk", Metadata: map[string]string{"sku": "L-1"}},
		&validate.Violations{Violations: []*validate.Violation{{
			Message: proto.String("must not be empty"),
			Field: &validate.FieldPath{Elements: []*validate.FieldPathElement{
				{FieldName: proto.String("lines"), Subscript: &validate.FieldPathElement_Index{Index: 2}},
				{FieldName: proto.String("sku")},
			}},
		}}},
	} {
		d, _ := connect.NewErrorDetail(detail)
		err.AddDetail(d)
	}
	return err
}

func (shop) UpsertBrand(_ context.Context, req *catalogv1.UpsertBrandRequest) (*catalogv1.UpsertBrandResponse, error) {
	return &catalogv1.UpsertBrandResponse{Brand: req.GetBrand()}, nil
}

// open serves shop and returns a transport to it and the requests that came.
func open(t *testing.T) (*rpc.Link, func() *http.Request) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(catalogv1connect.NewProductServiceHandler(shop{}))
	mux.Handle(catalogv1connect.NewBrandServiceHandler(shop{}))
	var last *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last = r.Clone(context.Background())
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	link := &rpc.Link{
		Find:   func(string) (rpc.Doer, string) { return server.Client(), server.URL },
		Header: http.Header{"Authorization": {"Bearer t"}},
	}
	return link, func() *http.Request { return last }
}

func TestSafeCallsAreGets(t *testing.T) {
	link, last := open(t)
	products := lite.NewProductServiceClient(rpc.NewClient(link))
	answer, err := products.GetProduct(context.Background(), &lite.GetProductRequest{Slug: "lamp"})
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.GetProduct(); got.GetSlug() != "lamp" || got.GetTitle() != "Lamp" {
		t.Errorf("product = %v, want the lamp", got)
	}
	want := "connect=v1&base64=1&encoding=proto&message=EgRsYW1w"
	if r := last(); r.Method != "GET" || r.URL.RawQuery != want || r.Header.Get("Authorization") != "Bearer t" {
		t.Errorf("sent %s %s with %v, want GET ?%s with the token", r.Method, r.URL, r.Header, want)
	}
}

func TestChangesCarryTheirKey(t *testing.T) {
	link, last := open(t)
	brands := lite.NewBrandServiceClient(rpc.NewClient(link))
	ctx := rpc.WithKey(context.Background(), "k-1")
	answer, err := brands.UpsertBrand(ctx, &lite.UpsertBrandRequest{Brand: &lite.Brand{Name: "Ä"}})
	if err != nil || answer.GetBrand().GetName() != "Ä" {
		t.Fatalf("UpsertBrand = %v, %v", answer, err)
	}
	if r := last(); r.Method != "POST" || r.Header.Get("Idempotency-Key") != "k-1" {
		t.Errorf("sent %s with key %q, want POST with k-1", r.Method, r.Header.Get("Idempotency-Key"))
	}
	if _, err := brands.UpsertBrand(context.Background(), &lite.UpsertBrandRequest{}); err != nil {
		t.Fatal(err)
	}
	if key := last().Header.Get("Idempotency-Key"); len(key) != 36 {
		t.Errorf("made up the key %q, want a UUID", key)
	}
}

func TestErrorsKeepTheirDetails(t *testing.T) {
	link, _ := open(t)
	products := lite.NewProductServiceClient(rpc.NewClient(link))
	_, err := products.GetProduct(context.Background(), &lite.GetProductRequest{})
	if rpc.CodeOf(err) != rpc.InvalidArgument || rpc.ReasonOf(err) != "bad_slug" || rpc.Sentence(err) != "No such field" {
		t.Errorf("error = %v with reason %q", err, rpc.ReasonOf(err))
	}
	if got := rpc.FieldsOf(err)["lines[2].sku"]; got != "Must not be empty" {
		t.Errorf("fields = %v, want a complaint about lines[2].sku", rpc.FieldsOf(err))
	}
	var told *rpc.Error
	if errors.As(err, &told); told.Meta["sku"] != "L-1" {
		t.Errorf("meta = %v, want the sku", told.Meta)
	}
}

func TestUnreachableIsUnavailable(t *testing.T) {
	link := &rpc.Link{Find: func(string) (rpc.Doer, string) { return http.DefaultClient, "http://127.0.0.1:1" }}
	_, err := link.Unary(context.Background(), rpc.Call{Procedure: "/x/Y"})
	if rpc.CodeOf(err) != rpc.Unavailable {
		t.Errorf("code = %q, want unavailable", rpc.CodeOf(err))
	}
}

func TestTapePlaysBack(t *testing.T) {
	link, _ := open(t)
	recorder := rpc.NewRecorder(link)
	products := lite.NewProductServiceClient(rpc.NewClient(recorder))
	products.GetProduct(context.Background(), &lite.GetProductRequest{Slug: "lamp"})
	products.GetProduct(context.Background(), &lite.GetProductRequest{})

	stored, err := json.Marshal(recorder.Tape())
	if err != nil {
		t.Fatal(err)
	}
	var tape rpc.Tape
	if err := json.Unmarshal(stored, &tape); err != nil {
		t.Fatal(err)
	}
	player := rpc.NewPlayer(&rpc.Link{Find: func(string) (rpc.Doer, string) { t.Error("asked again"); return nil, "" }}, tape)
	played := lite.NewProductServiceClient(rpc.NewClient(player))
	if answer, err := played.GetProduct(context.Background(), &lite.GetProductRequest{Slug: "lamp"}); err != nil || answer.GetProduct().GetTitle() != "Lamp" {
		t.Errorf("played %v, %v, want the lamp", answer, err)
	}
	if _, err := played.GetProduct(context.Background(), &lite.GetProductRequest{}); rpc.ReasonOf(err) != "bad_slug" {
		t.Errorf("played %v, want the refusal", err)
	}
}
