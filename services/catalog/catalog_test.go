package catalog_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/api/gen/souk/catalog/v1/catalogv1connect"
	typev1 "github.com/souk-commerce/souk/api/gen/souk/type/v1"
	"github.com/souk-commerce/souk/kit/bus"
	"github.com/souk-commerce/souk/kit/crdb"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/kittest"
	"github.com/souk-commerce/souk/kit/rpc"
	"github.com/souk-commerce/souk/services/catalog"
)

func TestMain(m *testing.M) { kittest.Main(m) }

// shop is the service behind a socket, with clients that speak to it.
type shop struct {
	served      *kittest.Served
	db          *crdb.DB
	bus         *bus.Bus
	products    catalogv1connect.ProductServiceClient
	admin       catalogv1connect.ProductAdminServiceClient
	categories  catalogv1connect.CategoryServiceClient
	collections catalogv1connect.CollectionServiceClient
	brands      catalogv1connect.BrandServiceClient
}

func open(t testing.TB) *shop {
	t.Helper()
	b, db := kittest.Bus(t), kittest.DB(t, catalog.Migrations())
	service, err := catalog.Open(t.Context(), catalog.Config{}, catalog.Deps{
		DB: db, Bus: b, RPC: kittest.RPC(t, "catalog"), Log: kittest.Log(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	s := &shop{served: kittest.Serve(t, service.Handlers()), db: db, bus: b}
	anyone, staff := s.served.As(t, rpc.Principal{}), s.served.As(t, rpc.Principal{Subject: "boss", Role: rpc.Admin})
	options := rpc.ClientOptions()
	s.products = catalogv1connect.NewProductServiceClient(anyone, s.served.URL, options...)
	s.admin = catalogv1connect.NewProductAdminServiceClient(staff, s.served.URL, options...)
	s.categories = catalogv1connect.NewCategoryServiceClient(staff, s.served.URL, options...)
	s.collections = catalogv1connect.NewCollectionServiceClient(staff, s.served.URL, options...)
	s.brands = catalogv1connect.NewBrandServiceClient(staff, s.served.URL, options...)
	return s
}

func usd(minor int64) *typev1.Money { return &typev1.Money{CurrencyCode: "USD", MinorUnits: minor} }

// mug is a product that nothing is wrong with.
func mug(title, sku string, cents int64) *catalogv1.Product {
	return &catalogv1.Product{
		Title: title, Status: catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED,
		Variants:   []*catalogv1.Variant{{Sku: sku, Prices: []*catalogv1.Price{{Amount: usd(cents)}}}},
		Images:     []*catalogv1.Image{{Url: "/media/" + sku + ".webp", Alt: title}},
		Attributes: []*catalogv1.Attribute{{Name: "Color", Value: "Blue"}},
	}
}

func (s *shop) create(t testing.TB, p *catalogv1.Product) *catalogv1.Product {
	t.Helper()
	resp, err := s.admin.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: p})
	if err != nil {
		t.Fatalf("CreateProduct(%s): %v", p.GetTitle(), err)
	}
	return resp.GetProduct()
}

func (s *shop) bulk(t testing.TB, all ...*catalogv1.BulkUpsertProductsRequest) *catalogv1.BulkUpsertProductsResponse {
	t.Helper()
	stream, err := s.admin.BulkUpsertProducts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if err := stream.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := stream.CloseAndReceive()
	if err != nil {
		t.Fatalf("BulkUpsertProducts: %v", err)
	}
	return resp
}

// refused asserts the reason of a failure, and returns its fields.
func refused(t testing.TB, err error, reason string) []fault.Field {
	t.Helper()
	f, ok := fault.As(rpc.FaultOf(err))
	if !ok || f.Reason != reason {
		t.Fatalf("got %v, want reason %s", err, reason)
	}
	return f.Fields
}

func TestShoppersFindWhatStaffPublish(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	kitchen, err := s.categories.UpsertCategory(ctx, &catalogv1.UpsertCategoryRequest{Category: &catalogv1.Category{Name: "Kitchen"}})
	if err != nil {
		t.Fatal(err)
	}
	cups, err := s.categories.UpsertCategory(ctx, &catalogv1.UpsertCategoryRequest{Category: &catalogv1.Category{Name: "Cups & Mugs", ParentId: kitchen.GetCategory().GetId()}})
	if err != nil {
		t.Fatal(err)
	}
	blue := mug("Crème mug", "MUG-1", 1250)
	blue.CategoryIds = []string{cups.GetCategory().GetId()}
	blue.Brand = &catalogv1.Brand{Name: "Töpferei"}
	blue = s.create(t, blue)
	if blue.GetSlug() != "creme-mug" || blue.GetVersion() != 1 || blue.GetEtag() == "" {
		t.Errorf("created: slug %q, version %d, etag %q; want creme-mug, 1 and some", blue.GetSlug(), blue.GetVersion(), blue.GetEtag())
	}
	if second := s.create(t, mug("Crème mug", "MUG-2", 1000)); second.GetSlug() != "creme-mug-2" {
		t.Errorf("second product of a title has slug %q; want creme-mug-2", second.GetSlug())
	}

	got, err := s.products.GetProduct(ctx, &catalogv1.GetProductRequest{Slug: "creme-mug"})
	if err != nil {
		t.Fatal(err)
	}
	var way []string
	for _, ref := range got.GetProduct().GetBreadcrumb() {
		way = append(way, ref.GetSlug())
	}
	if strings.Join(way, "/") != "kitchen/cups-mugs" && strings.Join(way, "/") != "kitchen/cups-and-mugs" {
		t.Errorf("breadcrumb %v", way)
	}
	if b := got.GetProduct().GetBrand(); b.GetSlug() != "topferei" || b.GetName() != "Töpferei" {
		t.Errorf("brand %v", b)
	}
	for name, req := range map[string]*catalogv1.ListProductsRequest{
		"category above": {Category: "kitchen"},
		"brand":          {Brand: "topferei"},
		"range":          {MinPrice: 1200, MaxPrice: 1300},
	} {
		list, err := s.products.ListProducts(ctx, req)
		if err != nil || len(list.GetProducts()) != 1 || list.GetProducts()[0].GetId() != blue.GetId() {
			t.Errorf("list by %s: %v, %v; want the blue mug alone", name, list.GetProducts(), err)
		}
	}
	tree, err := s.categories.GetCategory(ctx, &catalogv1.GetCategoryRequest{Slug: "kitchen"})
	if err != nil || tree.GetCategory().GetProductCount() != 1 || len(tree.GetChildren()) != 1 {
		t.Errorf("kitchen: %v, %v; want 1 product and 1 child", tree, err)
	}
	lines, err := s.products.BatchGetVariants(ctx, &catalogv1.BatchGetVariantsRequest{Skus: []string{"MUG-2", "nothing", "MUG-1"}})
	if err != nil || len(lines.GetVariants()) != 2 || lines.GetVariants()[1].GetProductTitle() != "Crème mug" {
		t.Errorf("variants: %v, %v; want MUG-2 and MUG-1", lines, err)
	}

	old := blue.GetEtag()
	if _, err := s.admin.ArchiveProduct(ctx, &catalogv1.ArchiveProductRequest{Id: blue.GetId(), Etag: old}); err != nil {
		t.Fatal(err)
	}
	_, err = s.products.GetProduct(ctx, &catalogv1.GetProductRequest{Id: blue.GetId()})
	refused(t, err, "product_not_found")
	blue.Title = "Too late"
	_, err = s.admin.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: blue})
	refused(t, err, "product_changed")
	if connect.CodeOf(err) != connect.CodeAborted {
		t.Errorf("an old etag is %v; want aborted", connect.CodeOf(err))
	}
	lines, err = s.products.BatchGetVariants(ctx, &catalogv1.BatchGetVariantsRequest{Skus: []string{"MUG-1"}})
	if err != nil || len(lines.GetVariants()) != 0 {
		t.Errorf("archived: %v, %v; want nothing to sell", lines, err)
	}
}

func TestMistakesAreToldAtTheirFields(t *testing.T) {
	s := open(t)
	bad := mug("Mug", "M", 100)
	bad.Options = []*catalogv1.Option{{Name: "Size", Values: []string{"S"}}}
	bad.Variants[0].OptionValues = []*catalogv1.OptionValue{{Option: "Size", Value: "XXL"}}
	bad.Variants[0].Prices[0].CompareAt = usd(100)
	_, err := s.admin.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: bad})
	var paths []string
	for _, f := range refused(t, err, "product_invalid") {
		paths = append(paths, f.Path)
	}
	want := []string{"product.variants[0].option_values", "product.variants[0].prices[0].compare_at.minor_units"}
	if !slices.Equal(paths, want) {
		t.Errorf("fields %v, want %v", paths, want)
	}
	s.create(t, mug("Mug", "M", 100))
	_, err = s.admin.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: mug("Other", "M", 100)})
	refused(t, err, "sku_taken")
	if _, err = s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{Category: "no-such"}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("unknown category: %v", err)
	}
}

func TestListsAreCompleteInEveryOrder(t *testing.T) {
	s := open(t)
	var requests []*catalogv1.BulkUpsertProductsRequest
	for i := range 25 {
		p := mug(fmt.Sprintf("Mug %c%s", 'A'+i%7, strings.Repeat("ß", i%5)), fmt.Sprintf("MUG-%d", i), int64(100+i%4*50))
		if i%2 == 0 {
			p.Attributes = []*catalogv1.Attribute{{Name: "Color", Value: "Red"}}
		}
		requests = append(requests, &catalogv1.BulkUpsertProductsRequest{Product: p, CategoryPath: []string{"Home", "Mugs"}})
	}
	s.bulk(t, requests...)
	for sort := range catalogv1.ProductSort_name {
		var seen []string
		token := ""
		for {
			page, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{Sort: catalogv1.ProductSort(sort), PageSize: 4, PageToken: token, Category: "home"})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.GetProducts() {
				if slices.Contains(seen, p.GetId()) {
					t.Errorf("sort %d shows %s twice", sort, p.GetTitle())
				}
				seen = append(seen, p.GetId())
			}
			if token = page.GetNextPageToken(); token == "" {
				break
			}
		}
		if len(seen) != 25 {
			t.Errorf("sort %d shows %d products, want 25", sort, len(seen))
		}
	}
	page, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{PageSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{PageSize: 4, MinPrice: 3, PageToken: page.GetNextPageToken()})
	refused(t, err, "page_token")
	red, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{PageSize: 100, Attributes: []*catalogv1.Attribute{{Name: "color", Value: "red"}}})
	if err != nil || len(red.GetProducts()) != 13 {
		t.Errorf("red: %d, %v; want 13", len(red.GetProducts()), err)
	}
	found, err := s.admin.ListAdminProducts(t.Context(), &catalogv1.ListAdminProductsRequest{Query: "MUG-7"})
	if err != nil || len(found.GetProducts()) != 1 {
		t.Errorf("admin by SKU: %d, %v; want 1", len(found.GetProducts()), err)
	}
}

func TestBulkTakesTheGoodAndNamesTheBad(t *testing.T) {
	s := open(t)
	one := func(ref int64, title, sku, external string) *catalogv1.BulkUpsertProductsRequest {
		p := mug(title, sku, 100)
		p.ExternalId = external
		return &catalogv1.BulkUpsertProductsRequest{Product: p, Reference: ref, BrandName: "Acme", CategoryPath: []string{"Home", "Kitchen & Bar"}}
	}
	bad := one(2, "", "B", "b")
	resp := s.bulk(t, one(1, "One", "A", "a"), bad, one(3, "Three", "C", "c"), one(4, "Thief", "A", "thief"), one(5, "Three again", "C", "c"))
	if resp.GetCreated() != 2 || resp.GetFailed() != 2 || resp.GetUpdated() != 1 {
		t.Fatalf("bulk: %v; want 2 created, 1 updated, 2 failed", resp)
	}
	for i, r := range resp.GetResults() {
		if r.GetReference() != int64(i+1) {
			t.Errorf("result %d has reference %d", i, r.GetReference())
		}
	}
	if e := resp.GetResults()[3].GetError(); !strings.Contains(e, "SKU") {
		t.Errorf("thief: %q; want the SKU named", e)
	}
	again := s.bulk(t, one(1, "One", "A", "a"), one(3, "Three again", "C", "c"))
	if again.GetUnchanged() != 2 {
		t.Errorf("the same again: %v; want 2 unchanged", again)
	}
	tree, err := s.categories.ListCategories(t.Context(), &catalogv1.ListCategoriesRequest{})
	if err != nil || len(tree.GetCategories()) != 2 || tree.GetCategories()[0].GetProductCount() != 2 {
		t.Errorf("tree: %v, %v; want two categories, two products in the first", tree, err)
	}
	brands, err := s.brands.ListBrands(t.Context(), &catalogv1.ListBrandsRequest{})
	if err != nil || len(brands.GetBrands()) != 1 {
		t.Errorf("brands: %v, %v; want Acme alone", brands, err)
	}
}

func TestAThousandProductsTakeSeconds(t *testing.T) {
	s := open(t)
	var requests []*catalogv1.BulkUpsertProductsRequest
	for i := range 1000 {
		p := mug(fmt.Sprintf("Product number %d", i%900), fmt.Sprintf("SKU-%d", i), 100)
		p.ExternalId = fmt.Sprint(i)
		for n := range 15 {
			p.Attributes = append(p.Attributes, &catalogv1.Attribute{Name: fmt.Sprint("A", n), Value: strings.Repeat("v", 20)})
		}
		requests = append(requests, &catalogv1.BulkUpsertProductsRequest{Product: p, CategoryPath: []string{"Home", fmt.Sprint(i % 20), fmt.Sprint(i % 300)}})
	}
	began := time.Now()
	if resp := s.bulk(t, requests...); resp.GetCreated() != 1000 {
		t.Fatalf("created %d of 1000: %v", resp.GetCreated(), resp.GetResults()[0])
	}
	first := time.Since(began)
	began = time.Now()
	if resp := s.bulk(t, requests...); resp.GetUnchanged() != 1000 {
		t.Fatalf("unchanged %d of 1000", resp.GetUnchanged())
	}
	t.Logf("created in %v, left alone in %v", first, time.Since(began))
}

func TestChangesAreTold(t *testing.T) {
	s := open(t)
	heard := make(chan bus.Delivery, 100)
	go s.bus.Tail(t.Context(), "souk.catalog.>", func(d bus.Delivery) { heard <- d })
	next := func(subject string) bus.Delivery {
		t.Helper()
		for {
			select {
			case d := <-heard:
				m := &catalogv1.ProductChanged{}
				if d.Subject == subject && (bus.Decode(d, m) != nil || m.GetProduct().GetTitle() != "Warm up") {
					return d
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("no %s was told", subject)
			}
		}
	}
	// Tail hears what is told after it listens: tell until it does.
	for i := 0; len(heard) == 0; i++ {
		s.create(t, mug("Warm up", fmt.Sprint("W-", i), 1))
		select {
		case d := <-heard:
			heard <- d
		case <-time.After(200 * time.Millisecond):
		}
	}
	req := &catalogv1.BulkUpsertProductsRequest{Product: mug("Mug", "MUG", 100), CategoryPath: []string{"Home", "Mugs"}}
	s.bulk(t, req)
	var p *catalogv1.Product
	for p.GetTitle() != "Mug" {
		d := next("souk.catalog.product_changed")
		m := &catalogv1.ProductChanged{}
		if err := bus.Decode(d, m); err != nil {
			t.Fatal(err)
		}
		p = m.GetProduct()
		if p.GetTitle() == "Mug" && (len(m.GetCategories()) != 1 || len(m.GetCategories()[0].GetCategories()) != 2 || !slices.Contains(d.SurrogateKeys, "sku/MUG")) {
			t.Errorf("told %v with keys %v; want the whole way and the SKU's key", m, d.SurrogateKeys)
		}
	}
	s.bulk(t, req) // unchanged: tells nothing
	p.Variants[0].Prices[0].Amount = usd(90)
	if _, err := s.admin.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Product: p}); err != nil {
		t.Fatal(err)
	}
	d := next("souk.catalog.product_changed")
	m := &catalogv1.ProductChanged{}
	if err := bus.Decode(d, m); err != nil || m.GetProduct().GetVersion() != 2 {
		t.Errorf("told version %d, %v; want 2 straight after 1", m.GetProduct().GetVersion(), err)
	}
	price := &catalogv1.PriceChanged{}
	if err := bus.Decode(next("souk.catalog.price_changed"), price); err != nil || price.GetPrices()[0].GetAmount().GetMinorUnits() != 90 {
		t.Errorf("told price %v, %v; want 90", price, err)
	}
	c, err := s.categories.GetCategory(t.Context(), &catalogv1.GetCategoryRequest{Slug: "home"})
	if err != nil {
		t.Fatal(err)
	}
	home := c.GetCategory()
	home.Name = "House"
	if _, err := s.categories.UpsertCategory(t.Context(), &catalogv1.UpsertCategoryRequest{Category: home}); err != nil {
		t.Fatal(err)
	}
	// Only the events of one key keep their order: these two may come either way.
	for seen := map[string]bool{}; len(seen) < 2; {
		select {
		case d := <-heard:
			seen[d.Subject] = true
			if d.Subject != "souk.catalog.product_changed" {
				continue
			}
			if err := bus.Decode(d, m); err != nil || m.GetProduct().GetVersion() != 3 || m.GetCategories()[0].GetCategories()[0].GetName() != "House" {
				t.Errorf("told %v, %v; want version 3 below House", m, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("told only %v of the renamed category", seen)
		}
	}
}

func TestReadsMayBeCachedByTheirKeys(t *testing.T) {
	s := open(t)
	p := s.create(t, mug("Mug", "MUG", 100))
	resp, err := http.Get(s.served.URL + "/souk.catalog.v1.ProductService/GetProduct?encoding=json&message=%7B%22slug%22%3A%22mug%22%7D")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Surrogate-Key"); resp.StatusCode != 200 || got != "product/"+p.GetId() {
		t.Errorf("GET: %d with key %q; want 200 with the product's", resp.StatusCode, got)
	}
}
