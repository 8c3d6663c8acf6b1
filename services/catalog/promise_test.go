package catalog_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	catalogv1 "github.com/souk-commerce/souk/api/gen/souk/catalog/v1"
	"github.com/souk-commerce/souk/kit/fault"
	"github.com/souk-commerce/souk/kit/rpc"
)

// No public call shows what is not published, however it is asked for.
func TestWhatIsNotPublishedIsNotThere(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	for _, status := range []catalogv1.ProductStatus{catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT, catalogv1.ProductStatus_PRODUCT_STATUS_ARCHIVED} {
		name := strings.ToLower(strings.TrimPrefix(status.String(), "PRODUCT_STATUS_"))
		collection, err := s.collections.UpsertCollection(ctx, &catalogv1.UpsertCollectionRequest{Collection: &catalogv1.Collection{Name: "All " + name}})
		if err != nil {
			t.Fatal(err)
		}
		secret := mug("Secret "+name, "SECRET-"+name, 777)
		secret.Status, secret.Attributes[0].Value = status, name
		secret.CollectionIds = []string{collection.GetCollection().GetId()}
		id := s.bulk(t, &catalogv1.BulkUpsertProductsRequest{Product: secret, CategoryPath: []string{"Shelf " + name}, BrandName: "Brand " + name}).GetResults()[0].GetProductId()
		for what, get := range map[string]func() (int, error){
			"id": func() (int, error) {
				r, err := s.products.GetProduct(ctx, &catalogv1.GetProductRequest{Id: id})
				return len(r.GetProduct().GetId()), err
			},
			"slug": func() (int, error) {
				r, err := s.products.GetProduct(ctx, &catalogv1.GetProductRequest{Slug: "secret-" + name})
				return len(r.GetProduct().GetId()), err
			},
			"batch": func() (int, error) {
				r, err := s.products.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Ids: []string{id}})
				return len(r.GetProducts()), err
			},
			"variants": func() (int, error) {
				r, err := s.products.BatchGetVariants(ctx, &catalogv1.BatchGetVariantsRequest{Skus: []string{"SECRET-" + name}})
				return len(r.GetVariants()), err
			},
			"count": func() (int, error) {
				r, err := s.categories.GetCategory(ctx, &catalogv1.GetCategoryRequest{Slug: "shelf-" + name})
				return int(r.GetCategory().GetProductCount()), err
			},
		} {
			if n, err := get(); n != 0 || err != nil && connect.CodeOf(err) != connect.CodeNotFound {
				t.Errorf("%s by %s: %d, %v; want nothing", name, what, n, err)
			}
		}
		for sort := range catalogv1.ProductSort_name {
			for _, req := range []*catalogv1.ListProductsRequest{
				{}, {Category: "shelf-" + name}, {Brand: "brand-" + name}, {Collection: "all-" + name}, {MinPrice: 777, MaxPrice: 777},
				{Attributes: []*catalogv1.Attribute{{Name: "Color", Value: name}}},
			} {
				req.Sort = catalogv1.ProductSort(sort)
				if r, err := s.products.ListProducts(ctx, req); err != nil || len(r.GetProducts()) != 0 {
					t.Errorf("%s in the list of %v: %d, %v; want none", name, req, len(r.GetProducts()), err)
				}
			}
		}
	}
}

// Between two pages others publish: what was there is shown once, in every order.
func TestListsHoldStillWhileOthersPublish(t *testing.T) {
	s := open(t)
	var first []*catalogv1.BulkUpsertProductsRequest
	for i := range 20 {
		first = append(first, &catalogv1.BulkUpsertProductsRequest{Product: mug(fmt.Sprintf("Mug %c", 'A'+i), fmt.Sprint("M-", i), int64(100+i/3*10))})
	}
	there := map[string]bool{}
	for _, r := range s.bulk(t, first...).GetResults() {
		there[r.GetProductId()] = true
	}
	made := 0
	for sort := range catalogv1.ProductSort_name {
		seen := map[string]bool{}
		for token, more := "", true; more; more = token != "" {
			page, err := s.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{Sort: catalogv1.ProductSort(sort), PageSize: 6, PageToken: token})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.GetProducts() {
				if seen[p.GetId()] {
					t.Errorf("sort %d shows %s twice", sort, p.GetTitle())
				}
				seen[p.GetId()] = true
			}
			token = page.GetNextPageToken()
			made++ // at both ends of every order
			s.create(t, mug(fmt.Sprint("AAA ", made), fmt.Sprint("A-", made), 1))
			s.create(t, mug(fmt.Sprint("Mug ZZZ ", made), fmt.Sprint("Z-", made), 100_000))
			if made > 100 {
				t.Fatal("the list has no end")
			}
		}
		for id := range there {
			if !seen[id] {
				t.Errorf("sort %d does not show %s", sort, id)
			}
		}
	}
}

func TestOneOfManyAtOnceWins(t *testing.T) {
	s := open(t)
	p := s.create(t, mug("Mug", "M", 100))
	var updated, created atomic.Int64
	var crowd sync.WaitGroup
	slugs := sync.Map{}
	count := func(n *atomic.Int64, err error, reason string) {
		if f, ok := fault.As(rpc.FaultOf(err)); err != nil && (!ok || f.Reason != reason) {
			t.Errorf("got %v, want success or %s", err, reason)
		}
		if err == nil {
			n.Add(1)
		}
	}
	for n := range 12 {
		crowd.Go(func() {
			mine := mug(fmt.Sprint("Mug of ", n), "M", 100)
			mine.Id, mine.Etag = p.GetId(), p.GetEtag()
			_, err := s.admin.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Product: mine})
			count(&updated, err, "product_changed")
		})
		crowd.Go(func() {
			_, err := s.admin.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: mug("Cup", "CUP", 100)})
			count(&created, err, "sku_taken")
		})
		crowd.Go(func() {
			made := s.create(t, mug("Same name", fmt.Sprint("S-", n), 100))
			if _, twice := slugs.LoadOrStore(made.GetSlug(), true); twice {
				t.Errorf("two products have the slug %s", made.GetSlug())
			}
		})
	}
	crowd.Wait()
	if updated.Load() != 1 || created.Load() != 1 {
		t.Errorf("%d updates and %d creations succeeded; want one of each", updated.Load(), created.Load())
	}
}

// A stream that breaks off leaves whole products, and can be sent again.
func TestAStreamMayBreakOff(t *testing.T) {
	s := open(t)
	one := func(n int) *catalogv1.BulkUpsertProductsRequest {
		p := mug(fmt.Sprint("Mug ", n), fmt.Sprint("M-", n), 100)
		p.ExternalId = fmt.Sprint(n)
		return &catalogv1.BulkUpsertProductsRequest{Product: p, Reference: int64(n)}
	}
	stream, err := s.admin.BulkUpsertProducts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	huge := one(999)
	huge.Product.Description = strings.Repeat("x", 5<<20)
	for n := range 250 {
		if err := stream.Send(one(n)); err != nil {
			t.Fatal(err)
		}
	}
	stream.Send(huge) //nolint:errcheck // the answer says it
	if _, err := stream.CloseAndReceive(); connect.CodeOf(err) != connect.CodeResourceExhausted {
		t.Errorf("a message beyond all measure: %v; want resource_exhausted", err)
	}
	var all []*catalogv1.BulkUpsertProductsRequest
	for n := range 251 {
		all = append(all, one(n))
	}
	bad := one(1000)
	bad.Product.Variants = nil
	all = append(all[:100], append([]*catalogv1.BulkUpsertProductsRequest{bad}, all[100:]...)...)
	resp := s.bulk(t, all...)
	if resp.GetFailed() != 1 || resp.GetCreated()+resp.GetUnchanged() != 251 || resp.GetUpdated() != 0 || resp.GetUnchanged() != 200 {
		t.Errorf("sent again: %d created, %d unchanged, %d updated, %d failed; want the two whole batches unchanged, and one failed", resp.GetCreated(), resp.GetUnchanged(), resp.GetUpdated(), resp.GetFailed())
	}
	if r := resp.GetResults()[100]; r.GetReference() != 1000 || r.GetError() == "" {
		t.Errorf("the bad one in the middle: %v", r)
	}
}
