package catalog_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/kit/bus"
)

func (s *shop) update(t testing.TB, p *catalogv1.Product) *catalogv1.Product {
	t.Helper()
	resp, err := s.admin.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Product: p})
	if err != nil {
		t.Fatalf("UpdateProduct(%s): %v", p.GetTitle(), err)
	}
	return resp.GetProduct()
}

// slugOf is the slug that a product has now, found by any that it had.
func (s *shop) slugOf(t testing.TB, slug string) string {
	t.Helper()
	resp, err := s.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{Slug: slug})
	if err != nil {
		refused(t, err, "product_not_found")
		return ""
	}
	return resp.GetProduct().GetSlug()
}

func TestOldLinksFindTheProduct(t *testing.T) {
	s := open(t)
	p := s.create(t, mug("Mug", "M", 100))
	for _, slug := range []string{"cup", "beaker"} {
		p.Slug = slug
		p = s.update(t, p)
	}
	for _, slug := range []string{"mug", "cup", "beaker"} {
		if got := s.slugOf(t, slug); got != "beaker" {
			t.Errorf("%s leads to %q; want the beaker", slug, got)
		}
	}
	// A new product of the old name leaves the old link alone, unless it asks for it.
	if second := s.create(t, mug("Mug", "M2", 100)); second.GetSlug() != "mug-2" {
		t.Errorf("a second mug has slug %q; want mug-2", second.GetSlug())
	}
	third := mug("Third", "M3", 100)
	third.Slug = "cup"
	s.create(t, third)
	if got := s.slugOf(t, "cup"); got != "cup" {
		t.Errorf("cup leads to %q; want the new one, which has this slug", got)
	}
	p.Slug = "mug" // back again
	p = s.update(t, p)
	if mugNow, beaker := s.slugOf(t, "mug"), s.slugOf(t, "beaker"); mugNow != "mug" || beaker != "mug" {
		t.Errorf("mug leads to %q and beaker to %q; want mug", mugNow, beaker)
	}
	p.Status = catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT
	s.update(t, p)
	if got := s.slugOf(t, "beaker"); got != "" {
		t.Errorf("an old link shows the draft %q", got)
	}
}

func TestWhatIsRefusedMakesNothing(t *testing.T) {
	s := open(t)
	bad := mug("Mug", "M", 100)
	bad.CollectionIds = []string{"1b4e28ba-2fa1-41d2-883f-0016d3cca427"}
	resp := s.bulk(t, &catalogv1.BulkUpsertProductsRequest{Product: bad, CategoryPath: []string{"Home"}, BrandName: "Acme"})
	if resp.GetFailed() != 1 {
		t.Fatalf("bulk: %v; want it refused", resp)
	}
	tree, err := s.categories.ListCategories(t.Context(), &catalogv1.ListCategoriesRequest{})
	if err != nil || len(tree.GetCategories()) != 0 {
		t.Errorf("categories %v, %v; want none", tree.GetCategories(), err)
	}
	brands, err := s.brands.ListBrands(t.Context(), &catalogv1.ListBrandsRequest{})
	if err != nil || len(brands.GetBrands()) != 0 {
		t.Errorf("brands %v, %v; want none", brands.GetBrands(), err)
	}
}

func TestNewStatusIsForNewProducts(t *testing.T) {
	s := open(t)
	one := &catalogv1.BulkUpsertProductsRequest{Product: mug("Mug", "M", 100), NewStatus: catalogv1.ProductStatus_PRODUCT_STATUS_PUBLISHED}
	one.Product.Status = catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED
	id := s.bulk(t, one).GetResults()[0].GetProductId()
	if s.slugOf(t, "mug") != "mug" {
		t.Error("a new product is not published")
	}
	if _, err := s.admin.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: id}); err != nil {
		t.Fatal(err)
	}
	if again := s.bulk(t, one); again.GetUnchanged() != 1 || s.slugOf(t, "mug") != "" {
		t.Errorf("bulk again: %v; want the archived product left alone", again)
	}
}

// Lists of collections and brands are kept in caches: each change is told.
func TestShelvesAreTold(t *testing.T) {
	s := open(t)
	heard, listening := make(chan bus.Delivery, 100), make(chan uint64, 1)
	ctx, cancel := context.WithCancel(context.Background())
	var tail sync.WaitGroup
	tail.Go(func() {
		s.bus.Tail(ctx, "souk.catalog.>", func(d bus.Delivery) { heard <- d }, func(at uint64) { listening <- at })
	})
	t.Cleanup(func() { cancel(); tail.Wait() })
	<-listening
	told := func(subject, key, list string) bus.Delivery {
		t.Helper()
		select {
		case d := <-heard:
			if d.Subject != subject || !slices.Contains(d.SurrogateKeys, key) || !slices.Contains(d.SurrogateKeys, list) {
				t.Fatalf("told %s with keys %v; want %s with %s and %s", d.Subject, d.SurrogateKeys, subject, key, list)
			}
			return d
		case <-time.After(20 * time.Second):
			t.Fatalf("no %s was told", subject)
			return bus.Delivery{}
		}
	}
	sale := &catalogv1.Collection{Name: "Sale", Image: &catalogv1.Image{Url: "/media/sale.webp"}}
	made, err := s.collections.UpsertCollection(t.Context(), &catalogv1.UpsertCollectionRequest{Collection: sale})
	if err != nil {
		t.Fatal(err)
	}
	sale = made.GetCollection()
	told("souk.catalog.collection_changed", "collection/"+sale.GetId(), "collections")
	if _, err := s.collections.UpsertCollection(t.Context(), &catalogv1.UpsertCollectionRequest{Collection: sale}); err != nil {
		t.Fatal(err) // the same again: tells nothing
	}
	sale.Name = "Sale!"
	if _, err := s.collections.UpsertCollection(t.Context(), &catalogv1.UpsertCollectionRequest{Collection: sale}); err != nil {
		t.Fatal(err)
	}
	m := &catalogv1.CollectionChanged{}
	if err := bus.Decode(told("souk.catalog.collection_changed", "collection/"+sale.GetId(), "collections"), m); err != nil || m.GetCollection().GetName() != "Sale!" {
		t.Errorf("told %v, %v; want Sale!", m, err)
	}
	brand, err := s.brands.UpsertBrand(t.Context(), &catalogv1.UpsertBrandRequest{Brand: &catalogv1.Brand{Name: "Acme"}})
	if err != nil {
		t.Fatal(err)
	}
	told("souk.catalog.brand_changed", "brand/"+brand.GetBrand().GetId(), "brands")
}
