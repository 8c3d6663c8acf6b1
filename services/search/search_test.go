package search_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/souk-commerce/souk/api/gen/souk/inventory/v1"
	"github.com/souk-commerce/souk/api/gen/souk/inventory/v1/inventoryv1connect"
	searchv1 "github.com/souk-commerce/souk/api/gen/souk/search/v1"
	"github.com/souk-commerce/souk/api/gen/souk/search/v1/searchv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/search"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// teller stands in for catalog and inventory: it tells events, and answers what
// a rebuild asks.
type teller struct {
	catalogv1connect.UnimplementedProductAdminServiceHandler
	catalogv1connect.UnimplementedCategoryServiceHandler
	inventoryv1connect.UnimplementedStockServiceHandler
	mu       sync.Mutex
	products []*catalogv1.Product
	stock    int64
	// What was told, by id. It is in no list, as if it had changed while the list
	// was read.
	told map[string]*catalogv1.Product
}

func (c *teller) sell(stock int64, products ...*catalogv1.Product) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.products, c.stock = products, stock
}

func (c *teller) ListAdminProducts(_ context.Context, req *catalogv1.ListAdminProductsRequest) (*catalogv1.ListAdminProductsResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var at int
	fmt.Sscan(req.GetPageToken(), &at)
	resp := &catalogv1.ListAdminProductsResponse{Products: c.products[at:min(at+2, len(c.products))]}
	if at+2 < len(c.products) {
		resp.NextPageToken = fmt.Sprint(at + 2)
	}
	return resp, nil
}

func (c *teller) GetAdminProduct(_ context.Context, req *catalogv1.GetAdminProductRequest) (*catalogv1.GetAdminProductResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.told[req.GetId()]; ok {
		return &catalogv1.GetAdminProductResponse{Product: p}, nil
	}
	return nil, connect.NewError(connect.CodeNotFound, errors.New("not there"))
}

func (c *teller) ListCategories(context.Context, *catalogv1.ListCategoriesRequest) (*catalogv1.ListCategoriesResponse, error) {
	return &catalogv1.ListCategoriesResponse{Categories: []*catalogv1.Category{{Id: "1", Slug: "home", Name: "Home"}, {Id: "2", Slug: "lamps", Name: "Lamps", ParentId: "1"}}}, nil
}

func (c *teller) GetAvailability(_ context.Context, req *inventoryv1.GetAvailabilityRequest) (*inventoryv1.GetAvailabilityResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	resp := &inventoryv1.GetAvailabilityResponse{}
	for _, sku := range req.GetSkus() {
		resp.Availabilities = append(resp.Availabilities, &inventoryv1.Availability{Sku: sku, Available: c.stock})
	}
	return resp, nil
}

func product(id, title string, version int64) *catalogv1.Product {
	return &catalogv1.Product{
		Id: id, Slug: id, Title: title, Version: version, Status: catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED, CategoryIds: []string{"2"},
		Variants: []*catalogv1.Variant{{Sku: id + "-1", Prices: []*catalogv1.Price{{Amount: &typev1.Money{CurrencyCode: "USD", MinorUnits: 1200}}}}},
	}
}

type fixture struct {
	db    *crdb.DB
	bus   *bus.Bus
	tell  *teller
	find  searchv1connect.SearchServiceClient
	admin searchv1connect.SearchAdminServiceClient
}

// announce makes the messages that catalog and inventory would make.
func announce(topic, _ string, fact []byte) (bus.Announcement, error) {
	if topic == "inventory.availability_changed" {
		m := &inventoryv1.AvailabilityChanged{}
		return bus.Announcement{Message: m}, json.Unmarshal(fact, m)
	}
	m := &catalogv1.ProductChanged{Categories: []*catalogv1.CategoryPath{{Categories: []*catalogv1.CategoryRef{{Slug: "home", Name: "Home"}, {Slug: "lamps", Name: "Lamps"}}}}}
	m.Product = &catalogv1.Product{}
	return bus.Announcement{Message: m}, json.Unmarshal(fact, m.Product)
}

func open(t *testing.T, products ...*catalogv1.Product) fixture {
	t.Helper()
	f := fixture{db: kittest.DB(t, search.Migrations()), bus: kittest.Bus(t), tell: &teller{products: products, told: map[string]*catalogv1.Product{}}}
	var mounts []rpc.Mount
	add := func(path string, h http.Handler) { mounts = append(mounts, rpc.Mount{Path: path, Handler: h}) }
	add(catalogv1connect.NewProductAdminServiceHandler(f.tell, rpc.Options(kittest.RPC(t, "catalog"))...))
	add(catalogv1connect.NewCategoryServiceHandler(f.tell, rpc.Options(kittest.RPC(t, "catalog"))...))
	add(inventoryv1connect.NewStockServiceHandler(f.tell, rpc.Options(kittest.RPC(t, "inventory"))...))
	others := kittest.Serve(t, mounts)
	svc, err := search.Open(t.Context(), search.Config{}, search.Deps{
		DB: f.db, Bus: f.bus, RPC: kittest.RPC(t, "search"), Log: kittest.Log(t),
		Dialer: kittest.Dialer(t, "search", map[string]*kittest.Served{"catalog": others, "inventory": others}),
	})
	if err != nil {
		t.Fatal(err)
	}
	relay := bus.NewRelay(f.bus, f.db, "test", announce)
	for _, part := range []interface{ Run(context.Context) error }{svc, relay} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- part.Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	served := kittest.Serve(t, svc.Handlers())
	f.find = searchv1connect.NewSearchServiceClient(served.As(t, rpc.Principal{}), served.URL)
	f.admin = searchv1connect.NewSearchAdminServiceClient(served.As(t, rpc.Principal{Subject: "staff", Role: rpc.Admin}), served.URL)
	return f
}

// know has the catalog know a product, or not any more.
func (c *teller) know(id string, p *catalogv1.Product) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told[id] = p
	if p == nil {
		delete(c.told, id)
	}
}

func (f fixture) announce(t *testing.T, topic, key string, fact any) {
	t.Helper()
	if p, ok := fact.(*catalogv1.Product); ok {
		f.tell.know(key, p)
	}
	if err := crdb.InTx(t.Context(), f.db, func(ctx context.Context, tx crdb.Tx) error { return bus.Put(ctx, tx, topic, key, fact) }); err != nil {
		t.Fatal(err)
	}
}

// until asks until the answer is as wanted.
func (f fixture) until(t *testing.T, req *searchv1.SearchRequest, ok func(*searchv1.SearchResponse) bool) *searchv1.SearchResponse {
	t.Helper()
	deadline := time.After(15 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		resp, err := f.find.Search(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if ok(resp) {
			return resp
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("Search(%v) is still %v", req, resp)
		}
	}
}

func TestWhatIsToldIsFound(t *testing.T) {
	f := open(t)
	f.announce(t, "catalog.product_changed", "lamp", product("lamp", "Desk Lamp", 1))
	found := f.until(t, &searchv1.SearchRequest{Query: "lmap"}, func(r *searchv1.SearchResponse) bool { return r.GetTotal() == 1 })
	if h := found.GetHits()[0]; h.GetSlug() != "lamp" || h.GetPrice().GetMinorUnits() != 1200 || h.GetInStock() {
		t.Errorf("hit = %v; want the lamp for 1200, not in stock", h)
	}
	f.announce(t, "inventory.availability_changed", "lamp-1", &inventoryv1.AvailabilityChanged{Sku: "lamp-1", Available: 2, Version: 2})
	f.until(t, &searchv1.SearchRequest{Query: "lamp", InStockOnly: true}, func(r *searchv1.SearchResponse) bool { return r.GetTotal() == 1 })
	f.announce(t, "catalog.product_changed", "lamp", product("lamp", "Floor Lamp", 3))
	f.until(t, &searchv1.SearchRequest{Query: "floor"}, func(r *searchv1.SearchResponse) bool { return r.GetTotal() == 1 })
	f.announce(t, "catalog.product_changed", "lamp", product("lamp", "Desk Lamp", 2))
	gone := product("lamp", "Floor Lamp", 4)
	gone.Status = catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED
	f.announce(t, "catalog.product_changed", "lamp", gone)
	f.until(t, &searchv1.SearchRequest{}, func(r *searchv1.SearchResponse) bool { return r.GetTotal() == 0 })
}

func TestRebuildReadsTheWholeCatalog(t *testing.T) {
	f := open(t)
	var all []*catalogv1.Product
	for i := range 5 {
		all = append(all, product(fmt.Sprint("p", i), "Lantern", 1))
	}
	f.tell.sell(3, all...)
	resp, err := f.admin.Rebuild(t.Context(), &searchv1.RebuildRequest{})
	if err != nil || resp.GetIndexed() != 5 {
		t.Fatalf("Rebuild = %v, %v; want 5", resp, err)
	}
	found := f.until(t, &searchv1.SearchRequest{Query: "lantern", InStockOnly: true, Filters: []*searchv1.Filter{{Field: "category", Values: []string{"home"}}}},
		func(r *searchv1.SearchResponse) bool { return r.GetTotal() == 5 })
	if len(found.GetFacets()) == 0 || found.GetFacets()[0].GetField() != "category" {
		t.Errorf("facets = %v; want categories first", found.GetFacets())
	}
}

// What was told wrongly, or missed, is as the catalog says after a rebuild.
func TestRebuildMendsWhatIsWrong(t *testing.T) {
	f := open(t)
	f.announce(t, "catalog.product_changed", "lamp", product("lamp", "Wrong Lamp", 9))
	f.announce(t, "catalog.product_changed", "gone", product("gone", "Gone Lamp", 9))
	f.announce(t, "catalog.product_changed", "late", product("late", "Late Lamp", 1))
	f.announce(t, "inventory.availability_changed", "lamp-1", &inventoryv1.AvailabilityChanged{Sku: "lamp-1", Available: 2, Version: 9})
	f.until(t, &searchv1.SearchRequest{InStockOnly: true, Query: "wrong lamp"}, func(r *searchv1.SearchResponse) bool { return r.GetTotal() == 1 })
	f.until(t, &searchv1.SearchRequest{Query: "lamp"}, func(r *searchv1.SearchResponse) bool { return r.GetTotal() == 3 })
	f.tell.sell(0, product("lamp", "Right Lamp", 2))
	f.tell.know("late", product("late", "Later Lamp", 2))
	f.tell.know("gone", nil)
	if _, err := f.admin.Rebuild(t.Context(), &searchv1.RebuildRequest{}); err != nil {
		t.Fatal(err)
	}
	found := f.until(t, &searchv1.SearchRequest{Query: "lamp"}, func(r *searchv1.SearchResponse) bool {
		titles := map[string]bool{}
		for _, h := range r.GetHits() {
			titles[h.GetTitle()] = true
		}
		return r.GetTotal() == 2 && titles["Right Lamp"] && titles["Later Lamp"]
	})
	for _, h := range found.GetHits() {
		if h.GetInStock() {
			t.Errorf("%s is in stock; the inventory says no", h.GetTitle())
		}
	}
	// News goes on from there.
	f.announce(t, "catalog.product_changed", "lamp", product("lamp", "Newest Lamp", 3))
	f.announce(t, "inventory.availability_changed", "lamp-1", &inventoryv1.AvailabilityChanged{Sku: "lamp-1", Available: 1, Version: 10})
	f.until(t, &searchv1.SearchRequest{InStockOnly: true, Query: "newest"}, func(r *searchv1.SearchResponse) bool { return r.GetTotal() == 1 })
}

// A search that begins with an empty database finds what was there before it.
func TestAnEmptySearchReadsTheCatalog(t *testing.T) {
	f := open(t, product("lamp", "Desk Lamp", 1))
	f.until(t, &searchv1.SearchRequest{Query: "lamp"}, func(r *searchv1.SearchResponse) bool { return r.GetTotal() == 1 })
}

func TestHostileQueriesFindNothingAndBreakNothing(t *testing.T) {
	f := open(t)
	for _, text := range []string{"", "\x00\x01", "' OR 1=1 --", "title:* AND (", "💥", string(make([]byte, 9000)), "a\nb"} {
		if _, err := f.find.Search(t.Context(), &searchv1.SearchRequest{Query: text, Filters: []*searchv1.Filter{{Field: "x\" OR \"", Values: []string{"*"}}}}); err != nil {
			t.Errorf("Search(%.20q) = %v", text, err)
		}
		if _, err := f.find.Suggest(t.Context(), &searchv1.SuggestRequest{Query: text}); err != nil {
			t.Errorf("Suggest(%.20q) = %v", text, err)
		}
	}
}
