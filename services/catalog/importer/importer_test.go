package importer_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"connectrpc.com/connect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/catalog"
	"github.com/souk-commerce/souk/services/catalog/importer"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// shelves stands for the inventory: it counts like the real one.
type shelves struct {
	inventoryv1connect.UnimplementedStockAdminServiceHandler
	mu     sync.Mutex
	levels map[string]int64 // by SKU, with "@" and the location when there is one
	owed   map[string]bool  // SKUs that may be sold below zero
}

// refusedUnits is what the shelves do not take.
const refusedUnits = 666

func (s *shelves) BulkSetStock(_ context.Context, stream *connect.ClientStream[inventoryv1.BulkSetStockRequest]) (*inventoryv1.BulkSetStockResponse, error) {
	resp := &inventoryv1.BulkSetStockResponse{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for stream.Receive() {
		m := stream.Msg()
		at := m.GetSku()
		if m.GetLocation() != "" {
			at += "@" + m.GetLocation()
		}
		if m.GetOnHand() == refusedUnits {
			resp.Failed = append(resp.Failed, &inventoryv1.BulkStockResult{Reference: m.GetReference(), Error: "too few"})
			continue
		}
		owed := m.GetBackorder() == inventoryv1.BackorderRule_BACKORDER_RULE_ALLOWED
		if known, ok := s.levels[at]; ok && known == m.GetOnHand() && s.owed[m.GetSku()] == owed {
			resp.Unchanged++
			continue
		}
		s.levels[at], s.owed[m.GetSku()] = m.GetOnHand(), owed
		resp.Changed++
	}
	return resp, stream.Err()
}

// shop is a catalog and shelves behind a socket.
type shop struct {
	admin      catalogv1connect.ProductAdminServiceClient
	categories catalogv1connect.CategoryServiceClient
	products   catalogv1connect.ProductServiceClient
	stock      inventoryv1connect.StockAdminServiceClient
	levels     map[string]int64
	owed       map[string]bool
}

func open(t testing.TB) *shop {
	t.Helper()
	service, err := catalog.Open(t.Context(), catalog.Config{}, catalog.Deps{
		DB: kittest.DB(t, catalog.Migrations()), Bus: kittest.Bus(t), RPC: kittest.RPC(t, "catalog"), Log: kittest.Log(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &shelves{levels: map[string]int64{}, owed: map[string]bool{}}
	path, handler := inventoryv1connect.NewStockAdminServiceHandler(s)
	served := kittest.Serve(t, append(service.Handlers(), rpc.Mount{Path: path, Handler: handler}))
	staff := served.As(t, rpc.Principal{Subject: "boss", Role: rpc.Admin})
	return &shop{
		admin:      catalogv1connect.NewProductAdminServiceClient(staff, served.URL),
		categories: catalogv1connect.NewCategoryServiceClient(staff, served.URL),
		products:   catalogv1connect.NewProductServiceClient(staff, served.URL),
		stock:      inventoryv1connect.NewStockAdminServiceClient(staff, served.URL),
		levels:     s.levels,
		owed:       s.owed,
	}
}

const fashionHome = "../../../docs/import/fashion-home.yaml"

func (s *shop) load(t testing.TB, mapping, data string) importer.Summary {
	t.Helper()
	var progress bytes.Buffer
	sum, err := importer.Run(t.Context(), importer.Options{
		Mapping: mapping, Data: data, Rejects: filepath.Join(t.TempDir(), "rejects.csv"), Progress: &progress, Products: s.admin, Stock: s.stock,
	})
	if err != nil {
		t.Fatalf("import of %s: %v\n%s", data, err, &progress)
	}
	if sum.Rows != sum.Imported+sum.Rejected {
		t.Errorf("%d rows, but %d imported and %d rejected: some are lost", sum.Rows, sum.Imported, sum.Rejected)
	}
	return sum
}

// all returns every product by title.
func (s *shop) all(t testing.TB) map[string]*catalogv1.Product {
	t.Helper()
	found := map[string]*catalogv1.Product{}
	req := &catalogv1.ListAdminProductsRequest{PageSize: 200}
	for {
		page, err := s.admin.ListAdminProducts(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.GetProducts() {
			title := p.GetTitle()
			for found[title] != nil {
				title += "'"
			}
			found[title] = p
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return found
		}
	}
}

func TestTheRealFileIfItIsThere(t *testing.T) {
	data := os.Getenv("SOUK_FASHION_HOME")
	if data == "" {
		t.Skip("SOUK_FASHION_HOME names the file of 1,000 products, which is not ours to ship")
	}
	s := open(t)
	sum := s.load(t, fashionHome, data)
	t.Logf("%s", sum)
	if sum.Rejected != 0 || len(s.levels) != 1000 {
		t.Errorf("%d rejected, %d SKUs stocked; want none and 1000", sum.Rejected, len(s.levels))
	}
	again := s.load(t, fashionHome, data)
	t.Logf("%s", again)
	if again.Unchanged != sum.Created || again.StockChanged != 0 {
		t.Errorf("again: %+v; want everything unchanged", again)
	}
	for title, p := range s.all(t) {
		t.Log(title, "|", len(p.GetVariants()), p.GetOptions(), len(p.GetImages()), len(p.GetAttributes()), p.GetDescription())
	}
}
